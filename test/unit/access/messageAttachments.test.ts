import { createHash } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { MessageAttachments } from "../../../server/access/messageAttachments.ts";
import { DaylongError } from "../../../server/domain/errors.ts";
import {
  maxAttachments,
  maxInlineBytes,
  maxUploadBytes,
} from "../../../server/domain/sessions/attachment.ts";

const caller = { deviceId: "phone", scope: "chat" } as const;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** What the storage was given, and what it was told to let go. */
let kept: Array<{ name: string; mimeType: string; maxBytes: number; deviceId: string; text: string }>;
let letGo: string[][];
/** The name of a file that the storage refuses. */
let refused: string;
let files: MessageAttachments;

beforeEach(() => {
  kept = [];
  letGo = [];
  refused = "";
  const storage = {
    async keep(
      file: { name: string; mimeType: string; maxBytes: number; bytes: AsyncIterable<Uint8Array> },
      deviceId: string,
    ) {
      if (file.name === refused) throw new DaylongError("attachment_limit", "Full.");
      const parts: Uint8Array[] = [];
      for await (const part of file.bytes) parts.push(part);
      const { name, mimeType, maxBytes } = file;
      kept.push({ name, mimeType, maxBytes, deviceId, text: Buffer.concat(parts).toString() });
      return { attachmentId: `kept-${kept.length}` };
    },
    letGo: (ids: readonly string[]) => void letGo.push([...ids]),
  };
  const owners = new Map([
    ["mine", "phone"],
    ["theirs", "tablet"],
  ]);
  const store = {
    attachments: {
      get: (id: string) => (owners.has(id) ? { deviceId: owners.get(id) } : undefined),
    },
    turns: {
      byClientMessage: (deviceId: string, id: string) =>
        deviceId === "phone" && id === "sent" ? { turnId: "t" } : undefined,
    },
  };
  files = new MessageAttachments({ store: store as never, storage: storage as never });
});

const inline = (name: string, text: string) => ({
  name,
  mimeType: "text/plain",
  data: Buffer.from(text).toString("base64"),
});

describe("S33: the attachments of a message", () => {
  test("S33: inline ones are kept for the caller, named ones are only looked up, in their order", async () => {
    const taken = await files.take([inline("a.txt", "abc"), { attachmentId: "mine" }], caller, "new");
    expect(kept).toEqual([
      { name: "a.txt", mimeType: "text/plain", maxBytes: maxInlineBytes, deviceId: "phone", text: "abc" },
    ]);
    expect(taken).toEqual([
      {
        attachmentId: "kept-1",
        identity: JSON.stringify(["a.txt", "text/plain", sha256("abc")]),
        isInline: true,
      },
      { attachmentId: "mine", identity: "mine", isInline: false },
    ]);
    expect(letGo).toEqual([]);
  });

  test("S33: only what was kept for the message alone is given back", async () => {
    const taken = await files.take([{ attachmentId: "mine" }, inline("a.txt", "abc")], caller, undefined);
    files.giveBack(taken);
    expect(letGo).toEqual([["kept-1"]]);
  });

  test("D04 S33: a message that was accepted before keeps nothing again, and has the same identities", async () => {
    const given = [inline("a.txt", "abc"), { attachmentId: "theirs" }];
    const again = await files.take(given, caller, "sent");
    expect(again).toEqual([
      { attachmentId: "", identity: JSON.stringify(["a.txt", "text/plain", sha256("abc")]), isInline: true },
      { attachmentId: "theirs", identity: "theirs", isInline: false },
    ]);
    expect(kept).toEqual([]);
    // The id is one of the device that chose it.
    await expect(
      files.take([{ attachmentId: "mine" }], { ...caller, deviceId: "tablet" }, "sent"),
    ).rejects.toMatchObject({ code: "attachment_not_found" });
  });

  test("S33: a foreign or unknown one is refused, and what was kept before it is given back", async () => {
    for (const attachmentId of ["theirs", "unknown"]) {
      await expect(
        files.take([inline("a.txt", "abc"), { attachmentId }], caller, "new"),
      ).rejects.toMatchObject({
        code: "attachment_not_found",
      });
    }
    expect(letGo).toEqual([["kept-1"], ["kept-2"]]);
  });

  test("S33: one that the storage refuses gives the ones before it back", async () => {
    refused = "b.txt";
    await expect(
      files.take([inline("a.txt", "abc"), inline("b.txt", "def"), inline("c.txt", "ghi")], caller, "new"),
    ).rejects.toMatchObject({ code: "attachment_limit" });
    expect([kept.length, letGo]).toEqual([1, [["kept-1"]]]);
  });

  test("S33: five are taken and six are not; 5 MB inline together are taken and a byte more is not", async () => {
    const named = (count: number) => Array.from({ length: count }, () => ({ attachmentId: "mine" }));
    expect(await files.take(named(maxAttachments), caller, "new")).toHaveLength(5);
    await expect(files.take(named(maxAttachments + 1), caller, "new")).rejects.toMatchObject({
      code: "message_too_large",
    });
    const half = inline("a", "x".repeat(maxInlineBytes / 2));
    expect(await files.take([half, half], caller, "new")).toHaveLength(2);
    await expect(files.take([half, half, inline("b", "x")], caller, "new")).rejects.toMatchObject({
      code: "message_too_large",
    });
    expect(kept).toHaveLength(2);
  });

  test("S33: an upload may be as large as an upload, and is the caller's", async () => {
    async function* bytes() {
      yield Buffer.from("abc");
    }
    await files.upload({ name: "a", mimeType: "text/plain", bytes: bytes() }, caller);
    expect(kept).toEqual([
      { name: "a", mimeType: "text/plain", maxBytes: maxUploadBytes, deviceId: "phone", text: "abc" },
    ]);
  });
});
