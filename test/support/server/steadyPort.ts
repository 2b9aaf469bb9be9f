import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** What the system gives to whoever asks for any port, connections included; elsewhere than on Linux the same by custom. */
function firstGivenPort(): number {
  try {
    return Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s+/)[0]);
  } catch {
    return 32_768;
  }
}

/**
 * A free port for a server that is killed and started again: below those that the system gives away, or another test's
 * server or connection could have it in the meantime.
 */
export async function steadyPort(): Promise<number> {
  const most = firstGivenPort();
  for (;;) {
    const port = randomInt(10_000, most);
    if (await isFree(port)) return port;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
