import { createHash, randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../server/domain/errors.ts";
import { attachmentLifeMs, maxKeptBytes, type Upload } from "../../../server/domain/sessions/attachment.ts";
import { DiskAttachmentStorage } from "../../../server/files/attachmentStorage.ts";
import { type OpenStore, openStore } from "../../../server/store/store.ts";
import { heicOfSize, pngOfSize, tinyHeic, tinyPng } from "../../support/images.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { aSession, aTurn } from "../store/fixture.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
let dir: string;
let project: string;
let outside: string;
let store: OpenStore;
let clock: ManualClock;
let storage: DiskAttachmentStorage;
/** What the converter of HEIC images was given, and what it makes of it. */
let converted: Buffer[];
let jpeg: Buffer | undefined;
const heic = {
  toJpeg: async (bytes: Buffer) => {
    converted.push(bytes);
    return jpeg;
  },
};

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "daylong-files-")));
  dir = join(folder, "attachments");
  project = join(folder, "root", "alpha");
  outside = join(folder, "outside");
  mkdirSync(project, { recursive: true });
  mkdirSync(outside);
  clock = new ManualClock(Date.now());
  store = openStore({ dataDir: folder, clock });
  converted = [];
  storage = new DiskAttachmentStorage({ dir, store, clock, log: silent, newId: randomUUID, heic });
});
afterEach(async () => {
  await storage.stop();
  expect(clock.armed).toBe(0);
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function* pieces(...chunks: Buffer[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
const keep = (bytes: Buffer, upload: Partial<Upload> = {}, deviceId = "phone") =>
  storage.keep(
    { name: "notes.txt", mimeType: "text/plain", bytes: pieces(bytes), maxBytes: 1_000_000, ...upload },
    deviceId,
  );
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error: unknown) => (error instanceof DaylongError ? error.code : String(error)),
  );
const text = (value: string) => Buffer.from(value);
const inbox = () => join(project, ".daylong", "inbox");

describe("S33: files on the storage", () => {
  test("S33: an upload is kept whole, with its hash, for the owner alone", async () => {
    const bytes = pieces(text("one "), text("two"));
    const kept = await keep(text(""), { bytes, name: "../x/Notes.txt" });
    expect(kept).toMatchObject({
      name: "Notes.txt",
      mimeType: "text/plain",
      sizeBytes: 7,
      sha256: createHash("sha256").update("one two").digest("hex"),
    });
    expect(readFileSync(join(dir, kept.attachmentId), "utf8")).toBe("one two");
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, kept.attachmentId)).mode & 0o777).toBe(0o600);
    expect(store.attachments.get(kept.attachmentId)).toEqual(kept);
  });

  test("S33: one that is too large, or breaks off, leaves nothing behind", async () => {
    expect(await codeOf(keep(Buffer.alloc(101), { maxBytes: 100 }))).toBe("body_too_large");
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield text("half");
      throw new Error("reset");
    }
    expect(await codeOf(keep(text(""), { bytes: broken() }))).toBe("Error: reset");
    expect(readdirSync(dir)).toEqual([]);
    expect(store.attachments.keptOf("phone")).toEqual({ count: 0, bytes: 0 });
  });

  test("S33: the bytes say what an image is, and nothing else may be called one", async () => {
    expect((await keep(tinyPng, { mimeType: "application/octet-stream" })).mimeType).toBe("image/png");
    expect((await keep(tinyPng, { mimeType: "image/jpeg" })).mimeType).toBe("image/png");
    expect((await keep(text("GIF89a....."), { mimeType: "image/gif" })).mimeType).toBe("image/gif");
    expect(await codeOf(keep(text("no image"), { mimeType: "image/webp" }))).toBe("unsupported_media_type");
    expect((await keep(text("heic"), { mimeType: "image/heic" })).mimeType).toBe("image/heic");
  });

  test("S33: one device cannot fill the disk, neither with what no message uses nor with what one used", async () => {
    const base = { deviceId: "phone", name: "x", mimeType: "text/plain", sha256: "", createdAt: clock.now() };
    store.attachments.insert({ ...base, attachmentId: "big", sizeBytes: maxKeptBytes });
    expect(await codeOf(keep(text("more")))).toBe("attachment_limit");
    expect(await codeOf(keep(text("more"), {}, "tablet"))).toBe("none");
    store.attachments.use("big", clock.now());
    expect(await codeOf(keep(text("more")))).toBe("attachment_limit");
    clock.advance(attachmentLifeMs + 1);
    await sweep();
    expect(await codeOf(keep(text("more")))).toBe("none");
  });

  test("DOOR-18: parts of an upload that an earlier run left count to the share until they are swept", async () => {
    mkdirSync(dir, { recursive: true });
    const left = join(dir, `${randomUUID()}.phone.upload`);
    writeFileSync(left, "x".repeat(100));
    const base = { deviceId: "phone", name: "x", mimeType: "text/plain", sha256: "", createdAt: clock.now() };
    store.attachments.insert({ ...base, attachmentId: "big", sizeBytes: maxKeptBytes - 100 });
    writeFileSync(join(dir, "big"), "");
    expect(await codeOf(keep(text("more")))).toBe("attachment_limit");
    expect(storage.partial.bytesOf("phone")).toBe(100);
    expect(await codeOf(keep(text("more"), {}, "tablet"))).toBe("none");
    const longAgo = (clock.now() - attachmentLifeMs - 1_000) / 1_000;
    utimesSync(left, longAgo, longAgo);
    await sweep();
    expect(existsSync(left)).toBe(false);
    expect(await codeOf(keep(text("more")))).toBe("none");
  });

  test("S33: what is let go is gone with its file, unless a message uses it", async () => {
    const [used, unused] = [await keep(text("used")), await keep(text("unused"))];
    store.attachments.use(used.attachmentId, clock.now());
    storage.letGo([used.attachmentId, unused.attachmentId, "", "../elsewhere"]);
    expect(store.attachments.get(unused.attachmentId)).toBeUndefined();
    expect(store.attachments.keptOf("phone")).toEqual({ count: 1, bytes: 4 });
  });

  test("S33: what no message needs is gone after a day; what a waiting turn names stays", async () => {
    const unused = await keep(text("unused"));
    const waiting = await keep(text("waiting"));
    const done = await keep(text("done"));
    const session = aSession();
    store.sessions.insert(session);
    const { sessionId } = session;
    store.turns.insert(aTurn(sessionId, { state: "queued", attachmentIds: [waiting.attachmentId] }));
    store.turns.insert(aTurn(sessionId, { state: "completed", attachmentIds: [done.attachmentId] }));
    for (const { attachmentId } of [waiting, done]) store.attachments.use(attachmentId, clock.now());
    const stray = join(dir, `${randomUUID()}.part`);
    writeFileSync(stray, "left by a crash");
    const longAgo = (clock.now() - 2 * attachmentLifeMs) / 1_000;
    utimesSync(stray, longAgo, longAgo);
    await sweep();
    expect(readdirSync(dir)).toHaveLength(3);
    clock.advance(attachmentLifeMs + 1);
    await sweep();
    expect(readdirSync(dir)).toEqual([waiting.attachmentId]);
    expect(store.attachments.get(unused.attachmentId)).toBeUndefined();
    expect(store.attachments.get(waiting.attachmentId)).toBeDefined();
  });

  /** A pass over what is there, as at the start of a server. */
  async function sweep(): Promise<void> {
    await storage.stop();
    storage = new DiskAttachmentStorage({ dir, store, clock, log: silent, newId: randomUUID, heic });
    storage.start();
    await storage.stop();
  }
});

describe("S33: files for a prompt", () => {
  const prepare = async (...files: Array<{ attachmentId: string }>) =>
    storage.prepare(
      files.map(({ attachmentId }) => attachmentId),
      project,
    );

  test("S33: images are shown, other files lie in the project's inbox, which is never committed", async () => {
    const image = await keep(tinyPng, { name: "photo.png", mimeType: "image/png" });
    const file = await keep(text("a,b\n1,2\n"), { name: "data.csv", mimeType: "text/csv" });
    const { images, note } = await prepare(image, file);
    expect(images).toEqual([{ mimeType: "image/png", base64: tinyPng.toString("base64") }]);
    expect(note).toContain("image 1, shown with this message: photo.png");
    expect(note).toContain(".daylong/inbox/data.csv (text/csv, 8 bytes)");
    expect(readFileSync(join(inbox(), "data.csv"), "utf8")).toBe("a,b\n1,2\n");
    expect(readdirSync(inbox())).toEqual(["data.csv"]);
    expect(readFileSync(join(project, ".daylong", ".gitignore"), "utf8")).toBe("*\n");
  });

  test("S33: an image that the API would refuse for ever is given as a file", async () => {
    const wide = await keep(pngOfSize(16_000, 900), { name: "panorama.png" });
    const heavy = await keep(Buffer.concat([tinyPng, Buffer.alloc(4_000_000)]), {
      name: "heavy.png",
      maxBytes: 5_000_000,
    });
    const cut = await keep(tinyPng.subarray(0, 14), { name: "cut.png" });
    const { images, note } = await prepare(wide, heavy, cut);
    expect(images).toEqual([]);
    for (const name of ["panorama.png", "heavy.png", "cut.png"]) expect(note).toContain(`inbox/${name}`);
  });

  test.each([
    ["under its own type", "image/heic"],
    ["as bytes of no type", "application/octet-stream"],
    ["as something else", "image/jpeg"],
  ])("REPORT-12: a HEIC photo that came %s is shown as a JPEG of it", async (_how, mimeType) => {
    jpeg = tinyPng;
    const photo = await keep(tinyHeic, { name: "IMG_1.HEIC", mimeType });
    const { images, note } = await prepare(photo);
    expect(images).toEqual([{ mimeType: "image/jpeg", base64: tinyPng.toString("base64") }]);
    expect(note).toContain("image 1, shown with this message: IMG_1.HEIC");
    expect(converted).toEqual([tinyHeic]);
  });

  test.each([
    ["says that it has too many pixels", heicOfSize(6_000, 5_000), tinyPng, 0],
    ["says that it is too wide", heicOfSize(8_001, 10), tinyPng, 0],
    ["says that it has no size", heicOfSize(0, 10), tinyPng, 0],
    ["says nothing of its size", tinyHeic.subarray(0, 24), tinyPng, 0],
    ["cannot be converted in time", tinyHeic, undefined, 1],
    ["becomes something that the API refuses", tinyHeic, pngOfSize(16_000, 900), 1],
  ])("REPORT-12: a HEIC photo that %s is given as a file", async (_what, bytes, made, conversions) => {
    jpeg = made;
    const { images, note } = await prepare(await keep(bytes, { name: "IMG_2.HEIC" }));
    expect(images).toEqual([]);
    expect(note).toContain("inbox/IMG_2.HEIC (image/heic");
    expect(converted).toHaveLength(conversions);
  });

  test("S33: nothing is overwritten, and a turn that is given again finds its own files", async () => {
    mkdirSync(inbox(), { recursive: true });
    writeFileSync(join(inbox(), "notes.txt"), "the owner's own");
    const first = await keep(text("from the phone"));
    const second = await keep(text("another one"));
    const notes = [await prepare(first, second), await prepare(first, second)].map(({ note }) => note);
    expect(notes[0]).toBe(notes[1]);
    expect(notes[0]).toContain("inbox/notes-1.txt");
    expect(notes[0]).toContain("inbox/notes-2.txt");
    expect(readdirSync(inbox()).sort()).toEqual(["notes-1.txt", "notes-2.txt", "notes.txt"]);
    expect(readFileSync(join(inbox(), "notes.txt"), "utf8")).toBe("the owner's own");
    expect(readFileSync(join(inbox(), "notes-1.txt"), "utf8")).toBe("from the phone");
  });

  test.each([
    [".daylong", () => symlinkSync(outside, join(project, ".daylong"))],
    [
      ".daylong/inbox",
      () => {
        mkdirSync(join(project, ".daylong"));
        symlinkSync(outside, inbox());
      },
    ],
    [".daylong", () => symlinkSync(join(outside, "not-there"), join(project, ".daylong"))],
    [".daylong", () => writeFileSync(join(project, ".daylong"), "a file")],
  ])("S33: a repository whose %s leads elsewhere gets nothing", async (name, plant) => {
    plant();
    const file = await keep(text("secret"));
    await expect(prepare(file)).rejects.toMatchObject({
      code: "attachment_failed",
      message: `${name} is a link or a file in this project.`,
    });
    expect(readdirSync(outside)).toEqual([]);
  });

  test("S33: a link in the inbox that has the file's name is not written through", async () => {
    mkdirSync(inbox(), { recursive: true });
    const target = join(outside, "authorized_keys");
    writeFileSync(target, "keys");
    symlinkSync(target, join(inbox(), "notes.txt"));
    symlinkSync(join(outside, "new"), join(project, ".daylong", ".gitignore"));
    const { note } = await prepare(await keep(text("phone's")));
    expect(note).toContain("inbox/notes-1.txt");
    expect(readFileSync(target, "utf8")).toBe("keys");
    expect(existsSync(join(outside, "new"))).toBe(false);
  });

  test("S33: an attachment that is gone is told so", async () => {
    expect(await codeOf(storage.prepare([randomUUID()], project))).toBe("attachment_not_found");
  });
});
