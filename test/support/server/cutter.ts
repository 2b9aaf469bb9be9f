import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";
import type { Chance } from "../chance.ts";

/** A TCP proxy on 127.0.0.1 that cuts each connection after a random number of bytes, in either direction. */
export interface Cutter {
  port: number;
  /** Connections that it has cut. */
  cuts(): number;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/** Lets from 200 bytes up to `mostBytes` pass over each connection; what fits is passed on, the rest is lost. */
export async function startCutter(targetPort: number, chance: Chance, mostBytes = 60_000): Promise<Cutter> {
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((near) => {
    const far = dial(targetPort, HOST);
    let left = chance.between(200, mostBytes);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on("data", (bytes) => {
        const fits = Math.max(0, left);
        left -= bytes.length;
        if (left >= 0) return void to.write(bytes);
        if (fits > 0) cuts += 1;
        to.write(bytes.subarray(0, fits), () => near.destroy());
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cuts: () => cuts,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
