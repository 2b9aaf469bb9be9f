import { once } from "node:events";
import { readdirSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { localDeviceId } from "../../../../../server/access/devices.ts";
import { DaylongError } from "../../../../../server/domain/errors.ts";
import { tinyPng } from "../../../../support/images.ts";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

async function upload(body: Buffer | string, headers: Record<string, string> = {}, token = rig.adminToken) {
  const response = await fetch(`${rig.url}/api/attachments`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, ...headers },
    body: new Uint8Array(Buffer.from(body)),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}
const send = (body: Record<string, unknown>, token?: string) => rig.ask("POST", "/api/chat", { body, token });
const hello = () => ({ message: "Look", projectPath: rig.project });
const files = () => readdirSync(join(rig.folder, "attachments"));
const inline = (name: string, data = Buffer.from("abc")) => ({
  name,
  mimeType: "text/plain",
  data: data.toString("base64"),
});
const attachmentsOf = (turnId: unknown) => rig.store.turns.get(String(turnId))?.attachmentIds;

describe("S33: uploads", () => {
  test("S33: a raw body is kept, named by its header, and can be put into a message", async () => {
    const kept = await upload("hello", {
      "content-type": "text/plain; charset=utf-8",
      "x-filename": "a/n%C3%B6te.txt",
    });
    expect(kept.status).toBe(201);
    expect(kept.body).toEqual({
      attachmentId: expect.any(String),
      name: "nöte.txt",
      mimeType: "text/plain",
      sizeBytes: 5,
      sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    });
    const { attachmentId } = kept.body;
    const sent = await send({ ...hello(), attachments: [{ attachmentId }] });
    expect(sent.status).toBe(202);
    expect(attachmentsOf(sent.body.turnId)).toEqual([attachmentId]);
  });

  test("S33: names come percent-encoded, as raw UTF-8, or not at all", async () => {
    const raw = Buffer.from("größe 50%.txt").toString("latin1");
    expect((await upload("x", { "x-filename": raw })).body.name).toBe("größe 50%.txt");
    expect((await upload(tinyPng, { "content-type": "image/png" })).body.name).toBe("file.png");
    expect((await upload("x")).body).toMatchObject({ name: "file", mimeType: "application/octet-stream" });
  });

  test("S33: what is too large is refused with 413, announced or not, and the answer arrives", async () => {
    const most = 25 * 1024 * 1024;
    const announced = await rig.raw({
      method: "POST",
      path: "/api/attachments",
      headers: { authorization: `Bearer ${rig.adminToken}`, "content-length": String(most + 1) },
      body: Buffer.alloc(most + 1),
    });
    expect(announced.status).toBe(413);
    const sent = request({
      host: "127.0.0.1",
      port: rig.port,
      method: "POST",
      path: "/api/attachments",
      headers: { authorization: `Bearer ${rig.adminToken}`, "transfer-encoding": "chunked" },
      agent: false,
    });
    const answered = once(sent, "response");
    for (let part = 0; part < 27; part += 1) sent.write(Buffer.alloc(1024 * 1024));
    sent.end();
    const [response] = await answered;
    expect(response.statusCode).toBe(413);
    response.resume();
    expect(files()).toEqual([]);
  });

  test("S33: an upload that breaks off leaves nothing, and the server lives", async () => {
    const sent = request({
      host: "127.0.0.1",
      port: rig.port,
      method: "POST",
      path: "/api/attachments",
      headers: { authorization: `Bearer ${rig.adminToken}`, "content-length": "1000" },
      agent: false,
    });
    sent.on("error", () => {});
    const arrived = once(rig.server, "request");
    sent.write("half");
    const [, response] = await arrived;
    const gone = once(response, "close");
    sent.destroy();
    await gone;
    expect((await upload("whole")).status).toBe(201);
    expect(files()).toHaveLength(1);
    expect(rig.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("S33: what it is not, it may not be called; encodings and odd types are refused", async () => {
    expect((await upload("no image", { "content-type": "image/png" })).body.code).toBe(
      "unsupported_media_type",
    );
    expect((await upload("x", { "content-type": "nonsense" })).status).toBe(415);
    expect((await upload("x", { "content-encoding": "gzip" })).status).toBe(415);
  });
});

describe("S33: attachments of messages", () => {
  test("S33: inline ones are kept before the message is", async () => {
    const sent = await send({ ...hello(), attachments: [inline("a.txt"), inline("b.txt")] });
    expect(sent.status).toBe(202);
    expect(attachmentsOf(sent.body.turnId)).toHaveLength(2);
    expect(files().sort()).toEqual([...(attachmentsOf(sent.body.turnId) ?? [])].sort());
  });

  test("S33: more than five, or more than 5 MB inline, is refused by name and nothing is kept", async () => {
    const six = Array.from({ length: 6 }, (_, index) => inline(`${index}.txt`));
    expectProblem(await send({ ...hello(), attachments: six }), 413, "message_too_large");
    const half = Buffer.alloc(2.5 * 1024 * 1024 + 1);
    const large = [inline("a", half), inline("b", half)];
    expectProblem(await send({ ...hello(), attachments: large }), 413, "message_too_large");
    expect(rig.pool.calls).toEqual([]);
  });

  test("S33: bad base64, an unknown id and another device's file are refused", async () => {
    const bad = await send({ ...hello(), attachments: [{ ...inline("a"), data: "%%%" }] });
    expectProblem(bad, 400, "invalid_request");
    const missing = [{ attachmentId: "6f1b8f1e-0f51-4d6c-9d5f-0a6f5f0f8b11" }];
    expectProblem(await send({ ...hello(), attachments: missing }), 404, "attachment_not_found");
    const other = await upload("secret", {}, rig.device().token);
    const foreign = [{ attachmentId: other.body.attachmentId }];
    expectProblem(await send({ ...hello(), attachments: foreign }), 404, "attachment_not_found");
  });

  test("D04 S33: the same message again keeps nothing twice; with other files it is a conflict", async () => {
    const body = { ...hello(), clientMessageId: "m1", attachments: [inline("a.txt")] };
    const first = await send(body);
    const again = await send(body);
    expect(again.body).toMatchObject({ duplicate: true, turnId: first.body.turnId });
    expect(files()).toHaveLength(1);
    const other = { ...body, attachments: [inline("a.txt", Buffer.from("abd"))] };
    expectProblem(await send(other), 409, "idempotency_conflict");
    expectProblem(await send({ ...body, attachments: [] }), 409, "idempotency_conflict");
    expect(files()).toHaveLength(1);
  });

  test("D04 S33: tries of a message that is refused, and one that comes twice at once, leave no file behind", async () => {
    const kept = () => rig.store.attachments.keptOf(localDeviceId);
    for (let times = 0; times < 2; times += 1) {
      rig.pool.refusal = new DaylongError("pool_full", "No place.");
      const attachments = [inline("a.txt"), inline("b.txt")];
      expectProblem(await send({ ...hello(), clientMessageId: "m", attachments }), 503, "pool_full");
    }
    expect(kept()).toEqual({ count: 0, bytes: 0 });
    const unknown = { attachmentId: "6f1b8f1e-0f51-4d6c-9d5f-0a6f5f0f8b11" };
    const half = await send({ ...hello(), attachments: [inline("a.txt"), unknown] });
    expectProblem(half, 404, "attachment_not_found");
    expect(kept()).toEqual({ count: 0, bytes: 0 });
    const body = { ...hello(), clientMessageId: "m", attachments: [inline("a.txt")] };
    const [one, two] = await Promise.all([send(body), send(body)]);
    expect([one.status, two.status]).toEqual([202, 202]);
    expect(kept()).toEqual({ count: 1, bytes: 3 });
    expect(rig.store.attachments.get(attachmentsOf(one.body.turnId)?.[0] ?? "")).toBeDefined();
    // An upload of its own stays for the next try.
    const { attachmentId } = (await upload("hello")).body;
    rig.pool.refusal = new DaylongError("pool_full", "No place.");
    expectProblem(await send({ ...hello(), attachments: [{ attachmentId }] }), 503, "pool_full");
    expect((await send({ ...hello(), attachments: [{ attachmentId }] })).status).toBe(202);
  });
});
