import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type DemoModel, startDemoModel } from "../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  makeBench,
  startServer,
} from "../support/server/daylongServer.ts";
import { steadyPort } from "../support/server/steadyPort.ts";

/*
 * Runs a command (the Swift tests) beside a control server on loopback, by which the tests start, kill and restart real
 * Daylong servers: node dist/test/swift/run.js -- COMMAND ARGUMENTS. `DAYLONG_CONTROL` in the command's environment is its address.
 *
 *   POST /start {tls?, settings?}      -> {id, url, project}
 *   POST /kill | /restart {id}         -> {}          SIGKILL; a start on the same port and data folder
 *   POST /ask {id, method, path, body} -> the answer  a request with the admin's token
 */

interface Running {
  bench: Bench;
  model: DemoModel;
  environment: Record<string, string>;
  server: DaylongServer;
}

// Its own servers' self-signed certificates; the client under test pins them.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";

const separator = process.argv.indexOf("--");
const command = process.argv.slice(separator + 1);
if (separator < 0 || command.length === 0) {
  console.error("usage: node dist/test/swift/run.js -- COMMAND [ARGUMENTS]");
  process.exit(64);
}

const running = new Map<string, Running>();

interface Order {
  id?: string;
  tls?: boolean;
  settings?: Record<string, string>;
  method?: string;
  path?: string;
  body?: unknown;
}

const orders: Record<string, (order: Order) => Promise<unknown>> = {
  "/start": async ({ tls = false, settings = {} }) => {
    const bench = makeBench();
    const model = await startDemoModel();
    const environment = {
      ...benchEnvironment(bench, model.url),
      PORT: String(await steadyPort()),
      ...(tls && { TLS: "self-signed" }),
      ...settings,
    };
    const server = await startServer(environment);
    const id = String(running.size + 1);
    running.set(id, { bench, model, environment, server });
    return { id, url: server.url, project: bench.project };
  },
  "/kill": async ({ id }) => {
    await of(id).server.kill("SIGKILL");
    return {};
  },
  "/restart": async ({ id }) => {
    const one = of(id);
    one.server = await startServer(one.environment);
    return {};
  },
  "/ask": async ({ id, method = "GET", path = "/", body }) =>
    (await of(id).server.ask(method, path, body)).body,
};

function of(id: string | undefined): Running {
  const found = running.get(id ?? "");
  if (found === undefined) throw new Error(`There is no server ${id}.`);
  return found;
}

async function read(request: IncomingMessage): Promise<Order> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text === "" ? {} : (JSON.parse(text) as Order);
}

const control = createServer((request, response) => {
  const order = orders[request.url ?? ""];
  const answer = (status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (order === undefined) {
    answer(404, { detail: `There is no order ${request.url}.` });
    return;
  }
  read(request)
    .then(order)
    .then((body) => answer(200, body))
    .catch((error: unknown) =>
      answer(500, { detail: error instanceof Error ? error.message : String(error) }),
    );
});

control.listen(0, "127.0.0.1", () => {
  const { port } = control.address() as AddressInfo;
  const [program = "", ...rest] = command;
  // `env` of the command gets it as an argument: a chroot's environment is begun anew.
  const child: ChildProcess = spawn(program, rest, {
    stdio: "inherit",
    env: { ...process.env, DAYLONG_CONTROL: `http://127.0.0.1:${port}` },
  });
  child.once("error", (error) => {
    console.error(`${program} could not be run: ${error.message}`);
    void end(1);
  });
  child.once("exit", (code, signal) => void end(code ?? (signal === null ? 1 : 128)));
});

async function end(code: number): Promise<void> {
  for (const { server, model, bench } of running.values()) {
    await server.kill("SIGTERM");
    await model.stop();
    bench.remove();
  }
  process.exit(code);
}
