import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Database from "better-sqlite3";
import express from "express";
import { type WebSocket, WebSocketServer } from "ws";
import { compressionOptions } from "../../../server/socket/compression.ts";

/**
 * The floor of a server with sockets: Express and ws with nothing in them. With the argument `compression` it agrees to the compression
 * that Daylong agrees to, and sends short frames as they are, as Daylong does.
 *
 *   POST /broadcast         the body goes to every socket, as it is
 *   GET /memory             memory after a garbage collection
 *   a socket's first word   `replay PATH TABLE-OF-EVENTS`: the rows are read and their bytes are written to the socket
 */
const app = express();
const server = createServer(app);
const sockets = new WebSocketServer({
  server,
  perMessageDeflate: process.argv.includes("compression") && compressionOptions,
});
const clients = new Set<WebSocket>();

/** Rows read at once, and bytes that may be unsent before more are read. */
const pageRows = 500;
const windowBytes = 256 * 1_024;

async function replay(socket: WebSocket, path: string): Promise<void> {
  const database = new Database(path, { readonly: true });
  const page = database.prepare<[number, number], { cursor: number; data: string }>(
    "SELECT cursor, data FROM events WHERE cursor > ? ORDER BY cursor LIMIT ?",
  );
  for (let cursor = 0; ; ) {
    const rows = page.all(cursor, pageRows);
    if (rows.length === 0) break;
    for (const row of rows) socket.send(row.data);
    cursor = rows.at(-1)!.cursor;
    // Other work gets its turn, and the socket the time to write.
    do await new Promise((resolve) => setImmediate(resolve));
    while (socket.bufferedAmount > windowBytes);
  }
  socket.send("end");
  database.close();
}

sockets.on("connection", (socket) => {
  clients.add(socket);
  socket.on("close", () => clients.delete(socket));
  socket.on("message", (data) => {
    const [word, path = ""] = String(data).split(" ");
    if (word === "replay") void replay(socket, path);
  });
});
app.post("/broadcast", express.text({ type: () => true, limit: "1mb" }), (request, response) => {
  for (const client of clients) client.send(request.body as string, { compress: false });
  response.status(204).end();
});
app.get("/memory", (_request, response) => {
  globalThis.gc?.();
  globalThis.gc?.();
  response.json(process.memoryUsage());
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
