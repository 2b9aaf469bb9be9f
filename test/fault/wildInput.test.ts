import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type DemoModel, startDemoModel } from "../../server/demo/model.ts";
import type { OpenApiDocument } from "../../server/http/documents/openapi.ts";
import {
  type Answer,
  type Bench,
  benchEnvironment,
  type DaylongServer,
  makeBench,
  processesOf,
  startServer,
} from "../support/server/daylongServer.ts";
import { connect, type SocketClient } from "../support/server/socketClient.ts";
import { type Known, type SchemaBook, wildBody, wildText } from "../support/wildInput.ts";

/** One seed, so that a failure comes again; another one by DAYLONG_SEED. */
const seed = Number(process.env.DAYLONG_SEED ?? 42);
const requestsPerRoute = 14;
const framesPerType = 30;
/** Below the limit of a device, so that its requests are looked at. */
const requestsPerDevice = 280;
/** Paired before the first wrong pairing code shuts that door for a quarter of an hour. */
const deviceCount = 25;

let bench: Bench;
let model: DemoModel;
let server: DaylongServer;
let document: OpenApiDocument;
/** Ids and paths that exist, so that a request gets further than the first look. */
let known: Known;
let tokens: string[];

beforeAll(async () => {
  bench = makeBench();
  model = await startDemoModel();
  server = await startServer({
    ...benchEnvironment(bench, model.url),
    CLAUDE_BIN: resolve("test/support/claude/cliStandIn.mjs"),
    MAX_CONCURRENT_SESSIONS: "2",
    MAX_QUEUED_TURNS: "5",
    PERMISSION_TIMEOUT_MINUTES: "0.05",
    TURN_STALL_MINUTES: "0.05",
    SHUTDOWN_GRACE_SECONDS: "0",
    // A leak of a kilobyte a request would not last.
    NODE_OPTIONS: "--max-old-space-size=160",
  });
  document = (await server.ask("GET", "/api/openapi.json")).body;
  const { body } = await server.ask(
    "POST",
    "/api/chat",
    { projectPath: bench.project, message: "Hello.", clientMessageId: "first" },
    { headers: { prefer: "wait=120" } },
  );
  tokens = [];
  for (let device = 0; device < deviceCount; device += 1) {
    const { code } = (await server.ask("POST", "/api/pairing-codes", { scope: "admin" })).body;
    const pairing = { code, device: { name: "Fuzz", platform: "test" } };
    tokens.push((await server.ask("POST", "/api/pair", pairing, { token: "" })).body.token);
  }
  const { sessionId, turnId, reply } = body;
  const projects = (await server.ask("GET", "/api/projects")).body.projects as Array<{ projectId: string }>;
  known = {
    "": ["text", "first", "1", "5", randomUUID()],
    id: [sessionId, "me"],
    sessionId: [sessionId],
    conversation_id: ["mine"],
    turnId: [turnId],
    messageId: [reply.messageId],
    projectId: projects.map(({ projectId }) => projectId),
    projectPath: [bench.project],
    project_path: [bench.project],
    root: [bench.roots],
  };
});
afterAll(async () => {
  expect(await server.kill("SIGTERM")).toBe(0);
  expect(processesOf(bench)).toEqual([]);
  await model.stop();
  bench.remove();
});

/** Tokens, each used for as many requests as a device has in a minute. */
class Tokens {
  #left = requestsPerDevice;

  next(): string {
    if (this.#left === 0) this.spend();
    this.#left -= 1;
    const token = tokens[0];
    if (token === undefined) throw new Error("More devices have to be paired.");
    return token;
  }

  /** It may have been revoked by the request it was used for. */
  spend(): void {
    tokens.shift();
    this.#left = requestsPerDevice;
  }
}

interface Parameter {
  name: string;
  in: "path" | "query" | "header";
}
interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
}

/** Requests for one route: addresses with ids that exist and such that cannot, and bodies around its schema. */
function requestsFor(template: string, operation: Operation, processStore: SchemaBook) {
  const parameters = operation.parameters ?? [];
  const named = (place: string) => parameters.filter((parameter) => parameter.in === place);
  const pathParts = fc.record(
    Object.fromEntries(named("path").map(({ name }) => [name, wildText(known, name)])),
  );
  const query = fc.record(
    // A wait that is right is a wait.
    Object.fromEntries(
      named("query").map(({ name }) => [
        name,
        name === "wait" ? fc.constantFrom("0", "0.01", "x", "-1") : wildText(known, name),
      ]),
    ),
    { requiredKeys: [] },
  );
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const body = schema ? wildBody(schema, processStore, known) : fc.constant(undefined);
  return fc.record({ pathParts, query, body }).map((made) => {
    const path = template.replace(/\{(\w+)\}/g, (_all, name: string) =>
      encodePart(made.pathParts[name] ?? ""),
    );
    const search = Object.entries(made.query).map(([name, value]) => `${name}=${encodePart(value ?? "")}`);
    return { path: `${path}${search.length > 0 ? `?${search.join("&")}` : ""}`, body: made.body };
  });
}

/** A "%" that stays one is what a careless client sends; half a character cannot be sent at all. */
function encodePart(text: string): string {
  if (text === "%" || text === "%00") return text;
  // A client that follows the standard of addresses walks up by itself: another address would be asked.
  if (text === "..") return "..%2f";
  return encodeURIComponent(text.toWellFormed());
}

/** What may be refused in the five hundreds here: five places for messages that wait are soon taken. */
const mayBeShortOf: ReadonlySet<unknown> = new Set(["pool_full"]);
const mayAnswer = ({ status, body }: Answer): boolean => status < 500 || mayBeShortOf.has(body.code);

const figure = async (name: string): Promise<number> => {
  const { body } = await server.ask("GET", "/metrics");
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(String(body))?.[1]);
};
/** The least of some looks: what is left when the collector has just been there. */
async function heapBytes(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 5; look += 1)
    least = Math.min(least, await figure("nodejs_heap_size_used_bytes"));
  return least;
}

describe("what a hostile or broken client sends", () => {
  test("every route answers generated requests as its document says, and never breaks", async () => {
    const device = new Tokens();
    const statuses = new Map<number, number>();
    const heaps: number[] = [];
    let routes = 0;
    for (const [template, operations] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        // A device that revokes itself is gone.
        const endsDevices = template === "/api/devices/{id}" && method === "delete";
        const requests = requestsFor(template, operation as Operation, document as unknown as SchemaBook);
        await fc.assert(
          fc.asyncProperty(requests, async ({ path, body }) => {
            const token = device.next();
            const headers = { prefer: "wait=0" };
            const answer = await server.ask(method.toUpperCase(), path, body, { token, headers });
            if (endsDevices && answer.status === 200) device.spend();
            // The door of pairing is shut after five wrong codes.
            if (answer.status === 429) expect(template).toBe("/api/pair");
            statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
            if (!mayAnswer(answer)) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
          }),
          { seed, numRuns: endsDevices ? 8 : requestsPerRoute, endOnFailure: true },
        );
      }
      routes += 1;
      // Not after each: they are requests of the admin's too.
      if (routes % 8 === 0) heaps.push(await heapBytes());
    }
    // It went further than the door: something was found, something was made, and much was refused.
    for (const status of [200, 201, 400, 404]) expect([status, statuses.get(status) ?? 0]).not.toContain(0);
    const half = Math.floor(heaps.length / 2);
    const grownBytes = Math.min(...heaps.slice(half)) - Math.min(...heaps.slice(0, half));
    expect(grownBytes).toBeLessThan(16 * 1024 ** 2);
    expect((await server.ask("GET", "/health")).body.checks.database.state).toBe("ok");
  });

  test("every type of frame is answered or closes its socket, and never breaks the server", async () => {
    const socket = (await server.ask("GET", "/api/asyncapi.json")).body as SchemaBook & {
      components: { messages: Record<string, { payload: Record<string, unknown> }> };
      operations: Record<string, { action: string }>;
    };
    const types = Object.keys(socket.operations).filter(
      (name) => socket.operations[name]!.action === "receive",
    );
    expect(types).toHaveLength(8);
    const closes = new Map<number, number>();
    const devices = new Tokens();
    devices.spend();
    let client: SocketClient | undefined;
    let sent = 0;
    const dial = async (): Promise<SocketClient> => {
      const token = devices.next();
      return connect({ url: `${server.url.replace("http", "ws")}/ws`, token });
    };
    for (const type of types) {
      const { payload } = socket.components.messages[type]!;
      await fc.assert(
        fc.asyncProperty(wildBody(payload, socket, known), async (text) => {
          sent += 1;
          if (sent % requestsPerDevice === 0) devices.spend();
          if (client === undefined || client.closed || sent % requestsPerDevice === 0) {
            await client?.close();
            client = await dial();
          }
          const ref = `after-${sent}`;
          client.socket.send(text);
          client.send({ type: "ping", ref });
          try {
            await client.waitForRef(ref);
          } catch (error) {
            if (client.closed === undefined) throw error;
            expect([4400, 4401, 1009]).toContain(client.closed.code);
            closes.set(client.closed.code, (closes.get(client.closed.code) ?? 0) + 1);
            // Its frames are held to the document.
            await client.close();
          }
        }),
        { seed, numRuns: framesPerType, endOnFailure: true },
      );
    }
    await client?.close();
    expect(closes.get(4400) ?? 0).toBeGreaterThan(0);
    expect((await server.ask("GET", "/health")).body.checks.pool.state).not.toBe("failing");
  });
});
