import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import type { RunProgram } from "../runProgram.ts";

/** Why a port cannot be bound; `undefined`: it can. It is bound for an instant. */
export function whyNotFree(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** The process that listens on a TCP port of this computer: "node (pid 123)"; `undefined` where it cannot be told. */
export async function holderOfPort(port: number, run: RunProgram): Promise<string | undefined> {
  const pid = process.platform === "linux" ? linuxHolder(port) : await portableHolder(port, run);
  if (pid === undefined) return undefined;
  const { stdout } = await run("ps", ["-o", "comm=", "-p", String(pid)]);
  const name = stdout.trim().split("/").at(-1);
  return name ? `${name} (pid ${pid})` : `pid ${pid}`;
}

/** `/proc/net/tcp` tells the socket's inode, and the descriptors of each process tell whose it is. */
function linuxHolder(port: number): number | undefined {
  const inodes = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(table, port)),
  );
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
        const socket = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
        if (socket !== undefined && inodes.has(socket)) return Number(pid);
      }
    } catch {
      // It has ended, or is another user's.
    }
  }
  return undefined;
}

/** State 0A is LISTEN; the local address is hexadecimal, with the port after a colon. */
function listeningInodes(table: string, port: number): string[] {
  try {
    return readFileSync(table, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(
        ([, local = "", , state]) =>
          state === "0A" && Number.parseInt(local.split(":")[1] ?? "", 16) === port,
      )
      .flatMap((fields) => fields[9] ?? []);
  } catch {
    return [];
  }
}

async function portableHolder(port: number, run: RunProgram): Promise<number | undefined> {
  const { stdout } = await run("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fp"]);
  const pid = /^p(\d+)$/m.exec(stdout)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
