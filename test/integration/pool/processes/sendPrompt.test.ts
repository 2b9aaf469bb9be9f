import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import type { PreparedAttachments } from "../../../../server/domain/sessions/attachment.ts";
import { deferred, hourMs, owner, usePoolRig } from "../rig.ts";

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
