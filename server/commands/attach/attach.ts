import { resolve } from "node:path";
import type { DaylongClient, Session } from "../../../client/src/index.ts";
import { UsageError } from "../../platform/flags.ts";
import { shownText } from "../framework/output.ts";
import { programName } from "../framework/programName.ts";
import { callerDir } from "../runningServer.ts";
import { AttachedTerminal } from "./attachedTerminal.ts";
import { chooseSession, findSession } from "./chooseSession.ts";
import { localClient, serverAddress } from "./localServer.ts";
import { runPiped } from "./pipedSession.ts";
import { TerminalInput } from "./terminal/input.ts";
import { isJobOfShell } from "./terminal/jobControl.ts";
import { layOut } from "./terminal/layout.ts";
import { Screen } from "./terminal/screen.ts";

/** The signal has arrived by then; and nothing is drawn before. */
const resumeMs = 10;

/** What `daylong attach` was called with. */
export interface AttachCall {
  session: string | undefined;
  newIn: string | undefined;
  dataDir: string | undefined;
  once: boolean;
  json: boolean;
}

/** Opens a session in the terminal, or without one for a pipe. */
export async function attach(call: AttachCall): Promise<void> {
  const { stdin, stdout } = process;
  const isTerminal = stdin.isTTY === true && stdout.isTTY === true && !call.once && !call.json;
  if (call.session !== undefined && call.newIn !== undefined)
    throw new UsageError("SESSION goes on with a session, and --new begins one: say one of them.");
  if (!isTerminal && call.session === undefined && call.newIn === undefined)
    throw new UsageError("SESSION is missing: without a terminal there is no list to choose from.");
  // The event comes again. In a terminal it is said between the lines.
  let tell = (error: unknown) =>
    console.error(shownText(`daylong: ${error instanceof Error ? error.message : error}`));
  const client = localClient(serverAddress(call.dataDir), (error) => tell(error));
  try {
    const session = await namedSession(client, call);
    if (isTerminal) {
      await attachTerminal(client, session, (teller) => {
        tell = teller;
      });
    } else {
      client.start();
      await online(client);
      const parts = {
        client,
        session: session as Session,
        input: stdin,
        output: stdout,
        remarks: process.stderr,
      };
      if (!(await runPiped(Object.assign(parts, { json: call.json }), call.once))) process.exitCode = 1;
    }
  } finally {
    client.stop();
  }
}

async function namedSession(
  client: DaylongClient,
  { session, newIn }: AttachCall,
): Promise<Session | undefined> {
  if (newIn !== undefined) return client.newSession({ projectPath: resolve(callerDir(), newIn) });
  return session === undefined ? undefined : findSession(client, session);
}

async function attachTerminal(
  client: DaylongClient,
  named: Session | undefined,
  setTeller: (teller: (error: unknown) => void) => void,
): Promise<void> {
  const { stdin, stdout, env } = process;
  const hasColors = env.NO_COLOR === undefined && env.TERM !== "dumb";
  const screen = new Screen(stdout, hasColors);
  const input = new TerminalInput(stdin);
  const open = () => {
    input.open();
    screen.open();
  };
  const close = () => {
    screen.close();
    input.close();
  };
  // Whatever ends the program: the terminal is left as it was.
  const endBySignal = (signal: NodeJS.Signals) => {
    close();
    process.exit(128 + (signal === "SIGHUP" ? 1 : 15));
  };
  open();
  process.once("SIGTERM", endBySignal);
  process.once("SIGHUP", endBySignal);
  process.once("exit", close);
  let terminal: AttachedTerminal | undefined;
  const redraw = () => terminal?.redraw();
  stdout.on("resize", redraw);
  try {
    const session = named ?? (await chooseSession(client, screen, input));
    if (session === undefined) return;
    input.listen((key) => {
      if (key.kind === "key" && (key.name === "interrupt" || key.name === "leave")) endBySignal("SIGTERM");
    });
    client.start();
    await online(client);
    const { deviceId } = await client.me();
    client.setPresence(true, session.sessionId);
    const suspend = () => {
      // Without a shell the signal would do nothing, and what is typed meanwhile would be read by a terminal that is not ours.
      if (!isJobOfShell(process.pid)) return;
      close();
      process.kill(process.pid, "SIGTSTP");
      // Runs when it is brought back.
      setTimeout(() => {
        open();
        redraw();
      }, resumeMs);
    };
    terminal = new AttachedTerminal({ client, session, deviceId, screen, input, suspend });
    setTeller((error) => terminal?.tellFault(error));
    await terminal.run();
    client.setPresence(false);
    screen.draw(farewell(screen, session, terminal.unsent), { lines: [] });
  } finally {
    stdout.off("resize", redraw);
    process.off("SIGTERM", endBySignal);
    process.off("SIGHUP", endBySignal);
    process.off("exit", close);
    close();
  }
}

function farewell({ canvas }: Screen, { sessionId }: Session, unsent: readonly string[]) {
  const lost = unsent.flatMap((text) =>
    layOut([{ text: `Was never sent: ${text}`, looks: ["yellow"] }], canvas),
  );
  const words = `Left; the session goes on. ${programName()} attach ${sessionId} comes back.`;
  return [...lost, ...layOut([{ text: words, looks: ["dim"] }], canvas)];
}

/** Resolves with the first connection; rejects when the server refuses this program. */
function online(client: DaylongClient): Promise<void> {
  return new Promise((done, fail) => {
    if (client.state === "online") return done();
    const unsubscribe = client.onState((state, detail) => {
      if (state !== "online" && state !== "refused") return;
      unsubscribe();
      if (state === "online") done();
      else fail(new Error(detail));
    });
  });
}
