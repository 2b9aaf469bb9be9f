import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import type { DaylongEvent } from "../../client/src/connection/protocol.ts";
import { fileStore } from "../../client/src/fileStore.ts";
import { DaylongClient, pair } from "../../client/src/index.ts";

/*
 * The TypeScript client as the conformance kit drives it: a transcript that is stored event by event. `BREAK` makes one fault on
 * purpose, so that a test can show that the kit finds it.
 */

type Fault =
  | "acks-before-storing"
  | "drops-its-cursor"
  | "new-id-each-try"
  | "ignores-the-epoch"
  | "answers-the-wrong-permission"
  | "dies-on-an-unknown-event";

const {
  DAYLONG_URL: url = "",
  DAYLONG_PAIRING_CODE: code = "",
  DAYLONG_STATE_DIR: folder = "",
} = process.env;
const fault = process.env.BREAK as Fault | undefined;

interface Kept {
  epoch: string;
  cursor: number;
  sessions: {
    [id: string]: {
      state: string;
      messages: Array<{ role: string; text: string; messageId?: string }>;
      openPermissions: string[];
    };
  };
}

const keptPath = join(folder, "transcript");
const kept: Kept = existsSync(keptPath)
  ? (JSON.parse(readFileSync(keptPath, "utf8")) as Kept)
  : { epoch: "", cursor: 0, sessions: {} };

function keep(): void {
  writeFileSync(`${keptPath}.draft`, JSON.stringify(kept));
  renameSync(`${keptPath}.draft`, keptPath);
}

async function deviceToken(): Promise<string> {
  const path = join(folder, "token");
  if (!existsSync(path)) {
    const { token, epoch } = await pair({ url, code, name: "TypeScript client", platform: "program" });
    kept.epoch = epoch;
    keep();
    writeFileSync(path, token, { mode: 0o600 });
  }
  return readFileSync(path, "utf8");
}

const store = fileStore(folder);
const token = await deviceToken();
const client = new DaylongClient({
  url,
  token,
  WebSocket,
  store:
    fault === "drops-its-cursor"
      ? { get: (key) => (key === "position" ? undefined : store.get(key)), set: store.set }
      : store,
});

/** A message that a loaded page held may come by its event as well: it is one. */
const add = (
  session: Kept["sessions"][string],
  message: Kept["sessions"][string]["messages"][number],
): void => {
  if (!session.messages.some(({ messageId }) => messageId === message.messageId))
    session.messages.push(message);
};

const sessionOf = (id: string) => {
  kept.sessions[id] ??= { state: "idle", messages: [], openPermissions: [] };
  return kept.sessions[id];
};

async function apply(event: DaylongEvent): Promise<void> {
  // It came again after a crash between storing it and saying so.
  if (event.cursor <= kept.cursor) return;
  const { sessionId } = event;
  if (sessionId !== null) {
    const session = sessionOf(sessionId);
    const drop = (permissionId: string) => {
      session.openPermissions = session.openPermissions.filter((one) => one !== permissionId);
    };
    switch (event.type) {
      case "turn.accepted":
        add(session, { role: "user", text: event.data.message, messageId: event.data.messageId });
        break;
      case "message": {
        const { messageId } = event.data;
        const whole = event.truncated
          ? (await client.rest.ask<{ text: string }>("GET", `/api/messages/${messageId}`)).text
          : event.data.text;
        add(session, { role: "assistant", text: whole, messageId });
        break;
      }
      case "permission.requested":
        session.openPermissions.push(event.data.permissionId);
        break;
      case "permission.resolved":
      case "permission.expired":
        drop(event.data.permissionId);
        break;
      default:
        if (fault === "dies-on-an-unknown-event" && !known.has(event.type)) process.exit(1);
    }
  }
  kept.cursor = event.cursor;
  keep();
}

const known = new Set([
  "turn.started",
  "turn.completed",
  "turn.interrupted",
  "session.commands",
  "agent.message",
]);

client.onEvent(async (event) => {
  if (fault === "acks-before-storing") {
    // The word goes out now, the disk follows.
    setTimeout(() => void apply(event), 150);
    return;
  }
  await apply(event);
});

client.onGap(async ({ epoch, cursor }) => {
  if (fault === "ignores-the-epoch") return;
  const { sessions } = await client.sessions();
  const fresh: Kept = { epoch, cursor, sessions: {} };
  for (const { sessionId, state } of sessions) {
    const page = await client.rest.ask<Pick<Kept["sessions"][string], "messages">>(
      "GET",
      `/api/sessions/${sessionId}/messages`,
    );
    // A page has the newest first.
    const messages = page.messages.map(({ role, text, messageId }) => ({ role, text, messageId })).reverse();
    fresh.sessions[sessionId] = { state, messages, openPermissions: [] };
  }
  for (const { permissionId, sessionId } of await client.permissions())
    fresh.sessions[sessionId]?.openPermissions.push(permissionId);
  Object.assign(kept, fresh);
  keep();
});

interface Order {
  do: string;
  clientMessageId?: string;
  message?: string;
  sessionId?: string;
  projectPath?: string;
  permissionId?: string;
  decision?: "allow" | "deny";
}

function obey(order: Order): void {
  const { sessionId = "", permissionId = "", decision = "deny" } = order;
  switch (order.do) {
    case "send": {
      const { message = "", projectPath } = order;
      const where = order.sessionId === undefined ? { projectPath } : { sessionId };
      const turn = client.send({ message, ...where }, order.clientMessageId);
      turn.reply().catch((error: unknown) => console.error(String(error)));
      return;
    }
    case "answer": {
      const open = kept.sessions[Object.keys(kept.sessions)[0] ?? ""]?.openPermissions ?? [];
      const chosen = fault === "answers-the-wrong-permission" ? (open.at(-1) ?? permissionId) : permissionId;
      client.answerPermission(chosen, { decision }).catch((error: unknown) => console.error(String(error)));
      return;
    }
    case "keepalive":
      client.keepAlive(sessionId).catch((error: unknown) => console.error(String(error)));
      return;
    case "interrupt":
      client.interrupt(sessionId).catch((error: unknown) => console.error(String(error)));
      return;
    case "background":
      client.setPresence(false);
      return;
    case "foreground":
      client.setPresence(true);
      client.hurry();
      return;
    case "report":
      report();
      return;
    case "quit":
      client.stop();
      process.exit(0);
  }
}

function report(): void {
  const connection =
    client.state === "online" ? "connected" : client.state === "refused" ? "unauthorized" : "reconnecting";
  const sessions = Object.entries(kept.sessions).map(([sessionId, session]) => ({ sessionId, ...session }));
  const unsent = client.unsent.map(({ clientMessageId }) => clientMessageId);
  console.log(JSON.stringify({ sessions, cursor: kept.cursor, epoch: kept.epoch, unsent, connection }));
}

createInterface({ input: process.stdin }).on("line", (line) => obey(JSON.parse(line) as Order));
client.onState((state, detail) => console.error(`${state} ${detail}`));

if (fault === "new-id-each-try") {
  // A client that gives each try an id of its own, as one does that makes the id when it sends.
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (this: WebSocket, data: unknown, ...rest: unknown[]) {
    const frame = JSON.parse(String(data)) as { type: string; clientMessageId?: string };
    if (frame.type === "send") frame.clientMessageId = `${frame.clientMessageId}-${Math.random()}`;
    return (send as (...args: unknown[]) => void).call(this, JSON.stringify(frame), ...rest);
  } as typeof send;
}
client.start();
