import { describe, expect, test } from "@jest/globals";
import { Rest } from "../../../client/src/rest.ts";
import { ManualClock } from "../../support/manualClock.ts";

const attachment = { attachmentId: "a1", name: "film", mimeType: "video/mp4", sizeBytes: 1, sha256: "" };

/** A server whose line is cut after so many bytes of each part, `undefined` for a part that comes through. */
function serverWith(...cuts: Array<number | undefined>) {
  let kept = Buffer.alloc(0);
  let isComplete = false;
  const asked: string[] = [];
  const state = () => ({
    attachmentId: "a1",
    sizeBytes: kept.length,
    complete: isComplete,
    ...(isComplete ? { attachment } : {}),
  });
  const fetch = async (
    url: unknown,
    init: { method?: string; headers?: Record<string, string>; body?: Blob } = {},
  ) => {
    const { method = "GET", headers = {}, body } = init;
    asked.push(`${method} ${new URL(String(url)).pathname} ${headers["upload-offset"] ?? ""}`.trim());
    if (method !== "PATCH") return Response.json(state(), { status: method === "POST" ? 202 : 200 });
    expect(Number(headers["upload-offset"])).toBe(kept.length);
    const bytes = Buffer.from(await (body ?? new Blob([])).arrayBuffer());
    const cut = cuts.shift();
    kept = Buffer.concat([kept, bytes.subarray(0, cut)]);
    if (cut !== undefined) throw new TypeError("fetch failed");
    isComplete = true;
    return Response.json(attachment, { status: 201 });
  };
  return { asked, fetch: fetch as typeof globalThis.fetch, kept: () => kept };
}
const film = Buffer.alloc(300_000, "film");

describe("REPORT-21: an upload by the client", () => {
  test("REPORT-21: goes on where it was cut off, after a pause each time", async () => {
    const clock = new ManualClock();
    const server = serverWith(1_000, 0, 250_000, undefined);
    const uploaded = new Rest({ url: "http://x", fetch: server.fetch, clock }).upload(
      new Blob([film]),
      "film",
    );
    for (let pause = 0; pause < 3; pause += 1) await clock.run(2_000);
    expect(await uploaded).toEqual(attachment);
    expect(server.kept()).toEqual(film);
    expect(server.asked.filter((line) => line.startsWith("PATCH"))).toEqual([
      "PATCH /api/attachments/a1 0",
      "PATCH /api/attachments/a1 1000",
      "PATCH /api/attachments/a1 1000",
      "PATCH /api/attachments/a1 251000",
    ]);
  });

  test("REPORT-21: fails when nothing comes through any more, and goes on when the same file is given again", async () => {
    const clock = new ManualClock();
    const server = serverWith(1_000, 0, 0, 0, 0, 0, 0, undefined);
    const rest = new Rest({ url: "http://x", fetch: server.fetch, clock });
    const file = new Blob([film]);
    const failed = rest.upload(file, "film").catch((error: unknown) => String(error));
    for (let pause = 0; pause < 10; pause += 1) await clock.run(2_000);
    expect(await failed).toBe("TypeError: fetch failed");
    expect(await rest.upload(file, "film")).toEqual(attachment);
    expect(server.kept()).toEqual(film);
    expect(server.asked.filter((line) => line.startsWith("POST"))).toHaveLength(1);
  });

  test("REPORT-21: a small file is sent at once", async () => {
    const server = serverWith(undefined);
    await new Rest({ url: "http://x", fetch: server.fetch }).upload(new Blob(["small"]), "film");
    expect(server.asked).toEqual(["POST /api/attachments"]);
  });
});
