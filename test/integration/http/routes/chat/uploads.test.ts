import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type ClientRequest, type IncomingHttpHeaders, request } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { maxKeptBytes, maxKeptCount } from "../../../../../server/domain/sessions/attachment.ts";
import { tinyHeic, tinyPng } from "../../../../support/images.ts";
import { useRig } from "../../rig.ts";

const rig = useRig();
const files = () => {
  const dir = join(rig.folder, "attachments");
  return existsSync(dir) ? readdirSync(dir) : [];
};
const contentOf = (id: string) => readFileSync(join(rig.folder, "attachments", id));
const curl = async (...given: string[]) => {
  const { stdout } = await promisify(execFile)("curl", [
    "-sS",
    "-H",
    `Authorization: Bearer ${rig.adminToken}`,
    ...given,
    `${rig.url}/api/attachments`,
  ]);
  return JSON.parse(stdout);
};

interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}
interface Sent {
  request: ClientRequest;
  /** Headers of the interim answer. */
  informed: Promise<IncomingHttpHeaders>;
  answer: Promise<Answered>;
}

/** A request whose body is written by the test. */
function send(method: string, path: string, headers: Record<string, string>, token = rig.adminToken): Sent {
  const sent = request({
    host: "127.0.0.1",
    port: rig.port,
    method,
    path,
    headers: { authorization: `Bearer ${token}`, ...headers },
    agent: false,
  });
  const informed = once(sent, "information").then(([{ statusCode, headers: told }]) => ({
    ...told,
    statusCode,
  }));
  const answer = once(sent, "response").then(async ([response]) => {
    let text = "";
    for await (const chunk of response) text += chunk;
    return {
      status: response.statusCode,
      headers: response.headers,
      body: text === "" ? {} : JSON.parse(text),
    };
  });
  // A test that cuts the line has no use for them.
  informed.catch(() => {});
  answer.catch(() => {});
  return { request: sent, informed, answer };
}
const asked = (
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = Buffer.alloc(0),
  token?: string,
) => {
  const sent = send(method, path, { "content-length": String(body.length), ...headers }, token);
  sent.request.end(body);
  return sent.answer;
};

describe("REPORT-12: a file in a form", () => {
  test("REPORT-12: curl -F keeps the file, and not its envelope", async () => {
    const path = join(rig.folder, "größe 50%.csv");
    writeFileSync(path, "a,b\r\n--1,2\r\n");
    expect(await curl("-F", "note=hello", "-F", `file=@${path};type=text/csv`)).toMatchObject({
      name: "größe 50%.csv",
      mimeType: "text/csv",
      sizeBytes: 12,
    });
    const photo = join(rig.folder, "IMG_1.HEIC");
    writeFileSync(photo, tinyHeic);
    const kept = await curl("-F", `file=@${photo}`);
    expect(kept).toMatchObject({ name: "IMG_1.HEIC", mimeType: "image/heic", sizeBytes: tinyHeic.length });
    expect(contentOf(kept.attachmentId)).toEqual(tinyHeic);
    // The raw body, as before.
    expect(await curl("--data-binary", `@${photo}`, "-H", "Content-Type: image/heic")).toMatchObject({
      name: "file.heic",
      sizeBytes: tinyHeic.length,
    });
  });

  test("REPORT-12: a file of 25 MB goes in a form too, a larger one is refused, and its form is read to the end", async () => {
    const path = join(rig.folder, "large");
    writeFileSync(path, Buffer.alloc(25 * 1024 * 1024, 7));
    expect(await curl("-F", `file=@${path}`)).toMatchObject({ sizeBytes: 25 * 1024 * 1024 });
    writeFileSync(path, Buffer.alloc(25 * 1024 * 1024 + 1, 7));
    expect(await curl("-F", `file=@${path}`)).toMatchObject({ code: "body_too_large" });
    expect(files()).toHaveLength(1);
  });

  const form = (...parts: string[]) =>
    Buffer.from(`${parts.map((part) => `--x\r\n${part}\r\n`).join("")}--x--\r\n`);
  const file = (name: string) =>
    `Content-Disposition: form-data; name="${name}"; filename="${name}.txt"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello`;
  const type = "multipart/form-data; boundary=x";
  test.each([
    ["no file", type, form('Content-Disposition: form-data; name="a"\r\n\r\nhello')],
    ["nothing", type, form()],
    ["two files", type, form(file("a"), file("b"))],
    ["no boundary", "multipart/form-data", form(file("a"))],
    ["another boundary", "multipart/form-data; boundary=y", form(file("a"))],
    ["no end", type, form(file("a")).subarray(0, -12)],
  ])(
    "REPORT-12: a form with %s is refused in words, and nothing is kept",
    async (_what, contentType, body) => {
      const { status, body: problem } = await asked(
        "POST",
        "/api/attachments",
        { "content-type": contentType },
        body,
      );
      expect([status, problem.code]).toEqual([400, "invalid_request"]);
      expect(problem.detail).toMatch(/form/i);
      const kept = await asked("POST", "/api/attachments", { "content-type": type }, form(file("a")));
      expect(kept.body).toMatchObject({ name: "a.txt", mimeType: "text/plain", sizeBytes: 5 });
      expect(files()).toEqual([kept.body.attachmentId]);
    },
  );
});

describe("DOOR-18: a form whose length is not announced", () => {
  const around = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n';
  const ignored = Buffer.alloc(1024 * 1024, "z");
  test.each([
    ["behind the end of the form", `${around}--x--\r\n`],
    ["before its first part", ""],
    ["in a field", '--x\r\nContent-Disposition: form-data; name="note"\r\n\r\n'],
    ["in a second file", `${around}${around.replace("a.txt", "b.txt").slice(0, -2)}`],
  ])("DOOR-18: is refused when it goes on %s, and nothing is kept", async (_where, begin) => {
    const sent = send("POST", "/api/attachments", { "content-type": "multipart/form-data; boundary=x" });
    sent.request.on("error", () => {});
    sent.request.write(begin);
    let answered: Record<string, unknown> | undefined;
    sent.answer.then(({ status, body }) => {
      answered = { status, code: body.code };
    });
    // Twice of what a form may have: a server that goes on reading has not answered by then.
    for (let count = 0; count < 60 && answered === undefined; count += 1)
      await new Promise((resolve) => sent.request.write(ignored, resolve));
    await rig.clock.settle();
    expect(answered).toEqual({ status: 413, code: "body_too_large" });
    sent.request.destroy();
    expect(files()).toEqual([]);
  });

  test("DOOR-18: what still comes after the refusal is thrown away for five minutes, and no longer", async () => {
    const connected = once(rig.server, "connection");
    const sent = send("POST", "/api/attachments", { "content-encoding": "gzip", connection: "keep-alive" });
    sent.request.on("error", () => {});
    const [line] = (await connected) as [Socket];
    const closed = once(line, "close");
    let minutes = 0;
    sent.request.write("x");
    expect((await sent.answer).status).toBe(415);
    for (let minute = 0; minute < 7 && !line.destroyed; minute += 1) {
      minutes = minute;
      const before = line.bytesRead;
      sent.request.write("x");
      while (line.bytesRead === before && !line.destroyed)
        await new Promise((resolve) => setImmediate(resolve));
      await rig.clock.run(50_000);
    }
    expect([line.destroyed, minutes]).toEqual([true, 5]);
    await closed;
  });
});

describe("REPORT-21: an upload over a slow line", () => {
  test("REPORT-21: takes as long as its bytes come, and ends a minute after the last one", async () => {
    const sent = send("POST", "/api/attachments", { "content-length": "20" });
    for (let minute = 0; minute < 10; minute += 1) {
      sent.request.write("x");
      await arrived(minute + 1);
      await rig.clock.run(59_000);
    }
    sent.request.write("y".repeat(10));
    expect(await sent.answer).toMatchObject({ status: 201, body: { sizeBytes: 20 } });

    const silent = send("POST", "/api/attachments", { "content-length": "20" });
    const failed = once(silent.request, "error");
    silent.request.write("x");
    await arrived(1);
    await rig.clock.run(121_000);
    expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });
  });

  test("REPORT-21: only a file may be slow: a message has five minutes in all", async () => {
    const slow = send("POST", "/api/chat", { "content-length": "20", "content-type": "application/json" });
    const failed = once(slow.request, "error");
    slow.request.write("{");
    await once(rig.server, "request");
    for (let minute = 0; minute < 5; minute += 1) {
      slow.request.write(" ");
      await rig.clock.run(60_000);
    }
    expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });
  });

  /** So many bytes of the upload are on the disk. */
  async function arrived(bytes: number): Promise<void> {
    const path = () => files().find((name) => name.endsWith(".part"));
    for (;;) {
      const name = path();
      if (name !== undefined && contentOf(name).length >= bytes) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});

describe("REPORT-21: an upload that is cut off", () => {
  const whole = { "upload-complete": "?1" };
  const spoken = { "upload-draft-interop-version": "6", ...whole };
  const bytes = Buffer.concat([tinyPng, Buffer.from("and some more")]);

  /** Begins an upload and cuts the line after so many bytes. */
  async function cutAfter(count: number, asks: Record<string, string> = spoken): Promise<string> {
    const sent = send("POST", "/api/attachments", {
      "content-length": String(bytes.length),
      "x-filename": "photo.png",
      ...asks,
    });
    sent.request.write(bytes.subarray(0, count));
    const { location } = await sent.informed;
    await stored(String(location), count);
    sent.request.destroy();
    return String(location);
  }
  /** As many bytes are kept; asking the server would end the request that brings them. */
  async function stored(location: string, count: number): Promise<void> {
    const id = location.slice("/api/attachments/".length);
    for (;;) {
      const name = files().find((one) => one.startsWith(id) && one.endsWith(".upload"));
      if (name !== undefined && contentOf(name).length === count) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test("REPORT-21: goes on where it stopped, however often it is cut", async () => {
    const location = await cutAfter(20);
    const state = await asked("HEAD", location);
    expect([state.headers["upload-offset"], state.headers["upload-complete"]]).toEqual(["20", "?0"]);

    const again = send("PATCH", location, {
      "content-length": String(bytes.length - 20),
      "upload-offset": "20",
      ...whole,
    });
    again.request.write(bytes.subarray(20, 30));
    await stored(location, 30);
    again.request.destroy();
    expect((await asked("GET", location)).body).toMatchObject({ sizeBytes: 30, complete: false });

    const rest = await asked("PATCH", location, { "upload-offset": "30", ...whole }, bytes.subarray(30));
    expect(rest).toMatchObject({
      status: 201,
      headers: { "upload-complete": "?1" },
      body: { name: "photo.png", mimeType: "image/png", sizeBytes: bytes.length },
    });
    const { attachmentId } = rest.body;
    expect(location).toBe(`/api/attachments/${attachmentId}`);
    expect(contentOf(String(attachmentId))).toEqual(bytes);
    expect(files()).toEqual([attachmentId]);
    const sent = await rig.ask("POST", "/api/chat", {
      body: { message: "Look", projectPath: rig.project, attachments: [{ attachmentId }] },
    });
    expect(sent.status).toBe(202);
  });

  test("REPORT-21: whose answer was lost is found complete, and is not there twice", async () => {
    const location = await cutAfter(bytes.length);
    for (;;) if ((await asked("HEAD", location)).headers["upload-complete"] === "?1") break;
    expect((await asked("GET", location)).body).toMatchObject({
      complete: true,
      attachment: { name: "photo.png", sizeBytes: bytes.length },
    });
    const more = await asked(
      "PATCH",
      location,
      { "upload-offset": String(bytes.length), ...whole },
      Buffer.from("x"),
    );
    expect(more).toMatchObject({ status: 409, body: { code: "upload_offset_mismatch" } });
    expect(files()).toHaveLength(1);
  });

  test("REPORT-21: is told where it is when a part begins elsewhere", async () => {
    const location = await cutAfter(20);
    for (const offset of ["0", "19", "21"]) {
      const refused = await asked(
        "PATCH",
        location,
        { "upload-offset": offset, ...whole },
        bytes.subarray(20),
      );
      expect(refused).toMatchObject({
        status: 409,
        headers: { "upload-offset": "20", "upload-complete": "?0" },
        body: { code: "upload_offset_mismatch" },
      });
    }
    const unsaid = await asked("PATCH", location, { "upload-offset": "20" }, bytes.subarray(20));
    expect(unsaid.body.code).toBe("invalid_request");
    const unsized = await asked("PATCH", location, whole, bytes.subarray(20));
    expect(unsized.body.code).toBe("invalid_request");
    expect((await asked("GET", location)).body).toMatchObject({ sizeBytes: 20 });
  });

  test("REPORT-21: a later request takes over from one whose line is dead and does not know", async () => {
    const sent = send("POST", "/api/attachments", {
      "content-length": "100",
      "upload-draft-interop-version": "6",
      ...whole,
    });
    sent.request.write("0123456789");
    const { location } = await sent.informed;
    await stored(String(location), 10);
    const reset = once(sent.request, "error");
    const rest = await asked(
      "PATCH",
      String(location),
      { "upload-offset": "10", ...whole },
      Buffer.from("abc"),
    );
    expect(rest).toMatchObject({ status: 201, body: { sizeBytes: 13 } });
    expect((await reset)[0]).toMatchObject({ code: "ECONNRESET" });
  });

  test("REPORT-21: can be begun without a byte and come in parts, for clients that hear no interim answers", async () => {
    const begun = await asked("POST", "/api/attachments", { "upload-complete": "?0", "x-filename": "a.txt" });
    expect(begun).toMatchObject({ status: 202, body: { sizeBytes: 0, complete: false } });
    const location = String(begun.headers.location);
    for (const [offset, part] of [
      ["0", "one "],
      ["4", "two "],
    ] as const) {
      const taken = await asked(
        "PATCH",
        location,
        { "upload-offset": offset, "upload-complete": "?0" },
        Buffer.from(part),
      );
      expect(taken.status).toBe(202);
    }
    const last = await asked("PATCH", location, { "upload-offset": "8", ...whole });
    expect(last).toMatchObject({ status: 201, body: { name: "a.txt", sizeBytes: 8 } });
    expect(contentOf(String(last.body.attachmentId)).toString()).toBe("one two ");
  });

  test("REPORT-21: is as large as any, in all its parts together", async () => {
    const most = 25 * 1024 * 1024;
    const first = await asked("POST", "/api/attachments", { "upload-complete": "?0" }, Buffer.alloc(most));
    expect(first.body.sizeBytes).toBe(most);
    const over = await asked(
      "PATCH",
      String(first.headers.location),
      { "upload-offset": String(most), ...whole },
      Buffer.from("x"),
    );
    expect(over).toMatchObject({ status: 413, body: { code: "body_too_large" } });
    expect(files()).toEqual([]);
  });

  test("REPORT-21: that turns out to be no image of its type is refused and gone; one over the device's share waits for room", async () => {
    const wrong = { ...whole, "content-type": "image/png" };
    const refused = await asked("POST", "/api/attachments", wrong, Buffer.from("no image"));
    expect(refused).toMatchObject({ status: 415, body: { code: "unsupported_media_type" } });
    expect(files()).toEqual([]);

    const kept = rig.store.attachments.keptOf("local");
    const large = { ...kept, count: maxKeptCount };
    const { keptOf } = rig.store.attachments;
    rig.store.attachments.keptOf = () => large;
    const full = await asked(
      "POST",
      "/api/attachments",
      { ...whole, "x-filename": "a.txt" },
      Buffer.from("later"),
    );
    expect(full).toMatchObject({ status: 429, body: { code: "attachment_limit" } });
    rig.store.attachments.keptOf = keptOf.bind(rig.store.attachments);
    const again = await asked("PATCH", String(full.headers.location), { "upload-offset": "5", ...whole });
    expect(again).toMatchObject({ status: 201, body: { name: "a.txt", sizeBytes: 5 } });
  });

  test("REPORT-21: is its device's alone, and a device has ten of them at most", async () => {
    const location = await cutAfter(20);
    const other = rig.device();
    for (const method of ["GET", "DELETE", "PATCH"]) {
      const headers: Record<string, string> = method === "PATCH" ? { "upload-offset": "20", ...whole } : {};
      const refused = await asked(method, location, headers, Buffer.alloc(0), other.token);
      expect(refused).toMatchObject({ status: 404, body: { code: "attachment_not_found" } });
    }
    for (let count = 1; count < 10; count += 1)
      await asked("POST", "/api/attachments", { "upload-complete": "?0" });
    const full = await asked("POST", "/api/attachments", { "upload-complete": "?0" });
    expect(full).toMatchObject({ status: 429, body: { code: "attachment_limit" } });
    const given = () =>
      rig.store.audit.list(undefined, 100).entries.filter(({ action }) => action === "attachment.cancel");
    expect(given()).toEqual([]);
    expect((await asked("DELETE", location)).status).toBe(200);
    expect(given()).toMatchObject([{ deviceId: "local", target: location.split("/").at(-1) }]);
    expect((await asked("GET", location)).status).toBe(404);
    expect((await asked("POST", "/api/attachments", { "upload-complete": "?0" })).status).toBe(202);
  });

  test("DOOR-18 A11: uploads that a device begins at once are counted one after the other", async () => {
    const begun = await Promise.all(
      Array.from({ length: 40 }, () => asked("POST", "/api/attachments", { "upload-complete": "?0" })),
    );
    expect(begun.filter(({ status }) => status === 202)).toHaveLength(10);
    expect(files().filter((name) => name.endsWith(".upload"))).toHaveLength(10);
  });

  test("DOOR-18 A11: parts that are no attachment yet count to the device's share, others' do not", async () => {
    const part = { "upload-complete": "?0" };
    const kept = { count: 1, bytes: maxKeptBytes - 100 };
    rig.store.attachments.keptOf = () => kept;
    const first = await asked("POST", "/api/attachments", part, Buffer.alloc(60));
    expect(first.status).toBe(202);
    const over = await asked("POST", "/api/attachments", part, Buffer.alloc(60));
    expect(over).toMatchObject({ status: 429, body: { code: "attachment_limit" } });
    const raw = await asked("POST", "/api/attachments", {}, Buffer.alloc(60));
    expect(raw).toMatchObject({ status: 429, body: { code: "attachment_limit" } });
    const { token } = rig.device();
    expect((await asked("POST", "/api/attachments", part, Buffer.alloc(60), token)).status).toBe(202);
    // It counts once when it becomes an attachment, and not any more when it is given up.
    const last = { "upload-offset": "60", "upload-complete": "?1" };
    const done = await asked("PATCH", String(first.headers.location), last, Buffer.alloc(40));
    expect(done).toMatchObject({ status: 201, body: { sizeBytes: 100 } });
    const second = await asked("POST", "/api/attachments", part, Buffer.alloc(100));
    expect(second.status).toBe(202);
    expect((await asked("DELETE", String(second.headers.location))).status).toBe(200);
    expect((await asked("POST", "/api/attachments", part, Buffer.alloc(100))).status).toBe(202);
  });

  test("DOOR-18 A11: another device that knows an upload's id ends no request that appends to it", async () => {
    const sent = send("POST", "/api/attachments", {
      "content-length": "13",
      "upload-draft-interop-version": "6",
      ...whole,
    });
    sent.request.write("0123456789");
    const { location } = await sent.informed;
    await stored(String(location), 10);
    const other = rig.device();
    for (const [method, headers] of [
      ["GET", {}],
      ["DELETE", {}],
      ["PATCH", { "upload-offset": "10", ...whole }],
    ] as const) {
      const refused = await asked(method, String(location), headers, Buffer.alloc(0), other.token);
      expect(refused.status).toBe(404);
    }
    sent.request.end("abc");
    expect(await sent.answer).toMatchObject({ status: 201, body: { sizeBytes: 13 } });
  });

  test("REPORT-21: iOS 17 speaks an earlier version, which says the reverse", async () => {
    const version = { "upload-draft-interop-version": "3" };
    const location = await cutAfter(20, { ...version, "upload-incomplete": "?0" });
    const state = await asked("HEAD", location, version);
    expect([state.headers["upload-offset"], state.headers["upload-incomplete"]]).toEqual(["20", "?1"]);
    const rest = await asked(
      "PATCH",
      location,
      { ...version, "upload-offset": "20", "upload-incomplete": "?0" },
      bytes.subarray(20),
    );
    expect(rest).toMatchObject({ status: 201, headers: { "upload-incomplete": "?0" } });
  });

  test.each(["1", "?2", "true", '"?1"'])(
    "REPORT-21: Upload-Complete of %p is refused in words",
    async (value) => {
      const refused = await asked("POST", "/api/attachments", { "upload-complete": value }, bytes);
      expect(refused).toMatchObject({ status: 400, body: { code: "invalid_request" } });
      expect(refused.body.detail).toMatch(/Upload-Complete/);
    },
  );
});
