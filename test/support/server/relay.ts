import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";

/** A TCP relay on 127.0.0.1 whose connections can be made half-open, which no server can do to its own. */
export interface Relay {
  port: number;
  /** Nothing passes over the connections that stand, nor do their ends hear of a close; new ones work. */
  blackhole(): void;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/** Relays `port` (0 = any) to `targetPort` on the same machine. Rejects when the port is taken. */
export async function startRelay(targetPort: number, port = 0): Promise<Relay> {
  const sockets = new Set<Socket>();
  const relay = createServer((near) => {
    const far = dial(targetPort, HOST);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve, reject) => {
    relay.once("error", reject);
    relay.listen(port, HOST, resolve);
  });
  return {
    port: (relay.address() as AddressInfo).port,
    blackhole: () => {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => relay.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
