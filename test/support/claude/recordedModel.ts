import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A relay in front of the Messages API that keeps what Claude is told: the body of each request. */
export interface RecordedModel {
  url: string;
  bodies: string[];
  stop(): Promise<void>;
}

export async function recordModel(modelUrl: string): Promise<RecordedModel> {
  const bodies: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const body = Buffer.concat(chunks);
      bodies.push(body.toString("utf8"));
      const { method, headers, url = "/" } = incoming;
      const forward = request(new URL(url, modelUrl), { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      forward.on("error", () => outgoing.destroy());
      forward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
