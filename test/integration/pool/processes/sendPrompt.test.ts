import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import type { ClaudeCommand } from "../../../../server/domain/prompts/commands.ts";
import type { PreparedAttachments } from "../../../../server/domain/sessions/attachment.ts";
import { deferred, hourMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const prepared: PreparedAttachments = { images: [], note: "files: f" };

/** A file that is kept, as a message names it. */
function kept() {
  const { store, clock } = rig.current;
  const file = { name: "a.txt", mimeType: "text/plain", sizeBytes: 1, sha256: "x" };
  store.attachments.insert({ ...file, attachmentId: "f", deviceId: "phone", createdAt: clock.now() });
  return [{ attachmentId: "f", identity: "f" }];
}

/** A message with a file to an idle session, while the file is still readied. */
async function readying() {
  const { clock } = rig.current;
  const { sessionId, process } = await rig.current.idleSession();
  const files = deferred<PreparedAttachments>();
  rig.current.prepare = () => files.promise;
  const { turnId } = rig.current.submit({
    sessionId,
    message: "See file",
    attachments: kept(),
  });
  await clock.settle();
  expect([process.sent.length, rig.current.state(sessionId)]).toEqual([1, "busy"]);
  return { sessionId, turnId, process, files };
}

describe("while the files of a message are readied", () => {
  test("nothing is given, nor to be found as given; then the prompt comes with the note", async () => {
    await rig.current.open();
    const { clock, store } = rig.current;
    const { turnId, process, files } = await readying();
    expect(store.turns.get(turnId)?.givenAt).toBeUndefined();
    files.resolve(prepared);
    await clock.settle();
    expect(process.sent.at(-1)).toMatchObject({ text: "See file", preamble: "files: f", images: [] });
    expect(store.turns.get(turnId)?.givenAt).toBe(clock.now());
  });

  test("a close ends the turn once, and nothing is given", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId, turnId, process, files } = await readying();
    host.manners.stop = "held";
    const closed = pool.closeSession(sessionId, owner);
    files.resolve(prepared);
    await clock.settle();
    process.leave();
    await closed;
    expect([process.sent.length, rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([
      1,
      ["turn.interrupted interrupted"],
      "closed",
    ]);
  });

  test("an interrupt and a next message: the next one runs, and the files that come late are nobody's", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, turnId, process, files } = await readying();
    await pool.interrupt(sessionId, turnId, owner);
    const next = rig.current.submit({ sessionId, message: "Next" });
    files.reject(new Error("Too late."));
    await clock.settle();
    expect(process.sent.map(({ text }) => text)).toEqual(["Hello", "Next"]);
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
    process.reply("Hi.");
    await clock.settle();
    expect([rig.current.ends(next.turnId), rig.current.state(sessionId)]).toEqual([
      ["turn.completed"],
      "idle",
    ]);
  });

  test("a process that was replaced is given nothing by the files of before", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, turnId, process, files } = await readying();
    const second = deferred<PreparedAttachments>();
    rig.current.prepare = () => second.promise;
    process.crash();
    await clock.settle();
    const fresh = host.process(sessionId);
    files.resolve(prepared);
    await clock.settle();
    expect([fresh.sent, process.sent.length]).toEqual([[], 1]);
    second.resolve({ images: [], note: "again" });
    await clock.settle();
    expect(fresh.sent.map(({ preamble }) => preamble)).toEqual(["again"]);
    fresh.reply("Hi.");
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });

  test("a lease that ends fails the turn once, and nothing is given", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, turnId, process, files } = await readying();
    await clock.run(24 * hourMs + 10_000);
    files.resolve(prepared);
    await clock.settle();
    expect([process.sent.length, rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([
      1,
      ["turn.failed lease_expired"],
      "expired",
    ]);
  });

  test("files that fail free the process, in memory and in the log, for the message behind", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, turnId, process, files } = await readying();
    const next = rig.current.submit({ sessionId, message: "Next" });
    files.reject(new DaylongError("attachment_not_found", "It is gone."));
    await clock.settle();
    expect(rig.current.store.turns.get(turnId)?.error).toEqual({
      code: "attachment_not_found",
      detail: "It is gone.",
    });
    expect(process.sent.map(({ text }) => text)).toEqual(["Hello", "Next"]);
    process.reply("Hi.");
    await clock.settle();
    expect([rig.current.ends(next.turnId), rig.current.state(sessionId)]).toEqual([
      ["turn.completed"],
      "idle",
    ]);
  });

  test("a full disk at that moment gives nothing: the process goes, and the message runs on the next", async () => {
    await rig.current.open();
    const { clock, disk, host } = rig.current;
    const { sessionId, turnId, process, files } = await readying();
    disk.plan(true);
    files.resolve(prepared);
    await clock.run(3_000);
    expect([process.sent.length, process.alive]).toEqual([1, false]);
    const parked = rig.current.events(sessionId).find(({ type }) => type === "session.parked");
    expect(parked?.data).toEqual({ reason: "process_ended" });
    host.process(sessionId).reply("Hi.");
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });

  test("a directory that is forbidden by now fails the turn by its name, and no file is put there", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    let readied = 0;
    rig.current.prepare = async () => {
      readied += 1;
      return prepared;
    };
    rig.current.refusedProjects.set("/projects/alpha", new DaylongError("project_forbidden", "Moved."));
    const { turnId } = rig.current.submit({
      sessionId,
      message: "See file",
      attachments: kept(),
    });
    await clock.settle();
    expect([rig.current.ends(turnId), readied]).toEqual([["turn.failed project_forbidden"], 0]);
  });
});

const command = (name: string, builtin = true): ClaudeCommand => ({
  name,
  description: "",
  argumentHint: "",
  aliases: [],
  builtin,
});
const audited = () =>
  rig.current.store.audit.list(undefined, 100).entries.map(({ action, detail }) => `${action} ${detail}`);

describe("A10 what the CLI would interpret in a message", () => {
  test("DOOR-2 is decided before the prompt is given, on a fresh process and on an idle one, and audited", async () => {
    await rig.current.open();
    const { clock, host, store } = rig.current;
    rig.current.mention = async (path) => (path === "a.txt" ? "readable" : "forbidden");
    const { sessionId, turnId } = rig.current.submit({ message: "see @a.txt and @~/.ssh/id" });
    await clock.settle();
    const process = host.process(sessionId);
    expect(process.sent.map(({ text }) => text)).toEqual(["see @a.txt and \u2060@~/.ssh/id"]);
    expect(store.turns.get(turnId)?.message).toBe("see @a.txt and @~/.ssh/id");
    process.reply("Seen.");
    await clock.settle();
    rig.current.submit({ sessionId, message: "and @~/x" });
    await clock.settle();
    expect(process.sent.at(-1)?.text).toBe("and \u2060@~/x");
    expect(audited()).toEqual(
      expect.arrayContaining([
        "message.mention a.txt",
        "message.mention-refuse ~/.ssh/id",
        "message.mention-refuse ~/x",
      ]),
    );
  });

  test("DOOR-2 is looked at when a scheduled message runs, not when it is accepted", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    rig.current.mention = async () => "readable";
    const { sessionId } = rig.current.submit({ message: "see @a.txt", sendAt: clock.now() + 60_000 });
    rig.current.mention = async () => "forbidden";
    await clock.run(61_000);
    expect(host.process(sessionId).sent.map(({ text }) => text)).toEqual(["see \u2060@a.txt"]);
  });

  test("DOOR-2 in what was said before a lost record is looked at no more", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    rig.current.mention = async () => "readable";
    const { sessionId } = rig.current.submit({ message: "see @a.txt" });
    await clock.settle();
    host.process(sessionId).reply("I saw it.");
    await clock.settle();
    await rig.current.pool.stopProcesses(sessionId, owner);
    host.transcripts.clear();
    rig.current.submit({ sessionId, message: "go on" });
    await clock.settle();
    expect(host.process(sessionId).sent[0]?.preamble).toContain("User: see \u2060@a.txt");
  });

  test("DOOR-5 is refused before anything is kept when it is a command that is not taken, and audited", async () => {
    await rig.current.open();
    const { store } = rig.current;
    expect(await refusal(() => rig.current.submit({ message: "/config a=b" }))).toBe("command_forbidden");
    expect(store.turns.queuedCount(Number.MAX_SAFE_INTEGER)).toBe(0);
    expect(audited()).toEqual(["command.refuse /config"]);
  });

  test("DOOR-5 is refused when the process has it and nobody has looked at what it does, at once or when it runs", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    host.commands = [command("teleport"), command("deploy", false)];
    const first = rig.current.submit({ message: "/teleport" });
    await clock.settle();
    expect(rig.current.ends(first.turnId)).toEqual(["turn.failed command_forbidden"]);
    expect(host.process(first.sessionId).sent).toEqual([]);
    const { sessionId } = first;
    expect(await refusal(() => rig.current.submit({ sessionId, message: "/teleport" }))).toBe(
      "command_forbidden",
    );
    rig.current.submit({ sessionId, message: "/deploy now" });
    await clock.settle();
    expect(host.process(sessionId).sent.map(({ text }) => text)).toEqual(["/deploy now"]);
    expect(audited()).toContain("message.command /deploy");
  });

  test("DOOR-5 of a first word that is no command is nothing", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId } = rig.current.submit({ message: "/Users/me/app is broken" });
    await clock.settle();
    expect(host.process(sessionId).sent.map(({ text }) => text)).toEqual(["/Users/me/app is broken"]);
  });

  test("DOOR-15 has a process replaced first that is stale, when the CLI would read the project's words again", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    host.commands = [command("clear")];
    const { sessionId, process } = await rig.current.idleSession();
    process.stale = "The project's CLAUDE.md leads out of the project now.";
    rig.current.submit({ sessionId, message: "go on" });
    await clock.settle();
    process.reply("Gone on.");
    await clock.settle();
    const { turnId } = rig.current.submit({ sessionId, message: "/clear" });
    await clock.settle();
    expect(process.sent.map(({ text }) => text)).toEqual(["Hello", "go on"]);
    const next = host.process(sessionId);
    expect(next).not.toBe(process);
    expect(next.sent.map(({ text, turnId: id }) => [text, id])).toEqual([["/clear", turnId]]);
    const recycled = rig.current.events(sessionId).find(({ type }) => type === "session.recycled");
    expect(recycled?.data).toEqual({ detail: "The project's CLAUDE.md leads out of the project now." });
  });

  test("DOOR-10 a project whose trust has changed gets new processes: idle ones now, busy ones after their turn", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const idle = await rig.current.idleSession();
    const busy = await rig.current.busySession();
    const other = rig.current.submit({ message: "Hello", projectPath: "/projects/beta" });
    await clock.settle();
    rig.current.pool.replaceProcesses("/projects/alpha", "The project is trusted now.");
    await clock.settle();
    expect([idle.process.alive, busy.process.alive]).toEqual([false, true]);
    busy.process.reply("Done.");
    await clock.settle();
    expect(busy.process.alive).toBe(false);
    expect(host.process(other.sessionId).alive).toBe(true);
    expect(rig.current.types(idle.sessionId)).toContain("session.recycled");
  });
});
