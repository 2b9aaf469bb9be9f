import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { expectProblem, useRig } from "../rig.ts";

const folder = mkdtempSync(join(tmpdir(), "daylong-page-"));
const shell = "<!doctype html><title>Daylong</title><script src=/assets/index-abc.js></script>";
const script = "console.log('page');".repeat(50);
const html = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

beforeAll(() => {
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), shell);
  writeFileSync(join(folder, "manifest.webmanifest"), "{}");
  writeFileSync(join(folder, "assets/index-abc.js"), script);
  writeFileSync(join(folder, "assets/index-abc.js.br"), brotliCompressSync(script));
  writeFileSync(join(folder, "assets/index-abc.js.gz"), gzipSync(script));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rig = useRig(() => ({ pageDir: folder }));
const unbuilt = useRig(() => ({ pageDir: join(folder, "missing") }));

/** The interface's document does not describe the page. */
const ask = (options: Parameters<typeof rig.raw>[0], of = rig) =>
  of.raw(Object.assign(options, { isPage: true }));

describe("C05: the companion page over HTTP", () => {
  test("C05: its root and its deep links give the document, which is asked for anew each time", async () => {
    for (const path of ["/", "/s/0b0e7c1e", "/pair", "/monitor", "/settings", "/help", "/help/"]) {
      const answer = await ask({ path });
      expect([path, answer.status, answer.text]).toEqual([path, 200, shell]);
      expect(answer.headers).toMatchObject({
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-cache",
      });
    }
  });

  test("C05: what has not changed is not sent again", async () => {
    const { headers } = await ask({ path: "/" });
    const again = await ask({ path: "/", headers: { "if-none-match": String(headers.etag) } });
    expect([again.status, again.text]).toEqual([304, ""]);
    const other = await ask({ path: "/", headers: { "if-none-match": '"other"' } });
    expect(other.status).toBe(200);
  });

  test("C05: a policy without exceptions: no inline code, no foreign origin, no frame around it", async () => {
    const { headers } = await ask({ path: "/" });
    const policy = String(headers["content-security-policy"]);
    expect(policy).toMatch(/default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  test("C05: files with a hash are kept for ever, and come compressed as the browser takes them", async () => {
    const path = "/assets/index-abc.js";
    const plain = await ask({ path });
    expect([plain.status, plain.text]).toEqual([200, script]);
    expect(plain.headers).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      "content-type": "text/javascript; charset=utf-8",
      vary: "Accept-Encoding",
    });
    const encoded = (accepted: string) => ask({ path, headers: { "accept-encoding": accepted } });
    expect((await encoded("gzip, deflate, br")).headers["content-encoding"]).toBe("br");
    const { headers } = await encoded("gzip;q=0.5, br;q=0");
    expect(headers["content-encoding"]).toBe("gzip");
    expect(Number(headers["content-length"])).toBe(gzipSync(script).length);
    expect(gunzipSync(gzipSync(script)).toString()).toBe(script);
  });

  test("C05: the manifest has a name of its own and is looked at anew", async () => {
    const { headers, status } = await ask({ path: "/manifest.webmanifest" });
    expect([status, headers["content-type"], headers["cache-control"]]).toEqual([
      200,
      "application/manifest+json; charset=utf-8",
      "no-cache",
    ]);
  });

  test("C05 START-9: what is not there is a problem for a program and the page's own 404 for a person", async () => {
    for (const path of ["/nowhere", "/assets/gone.js", "/s/1/2"]) {
      expectProblem(await rig.ask("GET", path), 404, "not_found");
      const shown = await ask({ path, headers: html });
      expect([path, shown.status, shown.text]).toEqual([path, 404, shell]);
    }
    expect((await ask({ method: "POST", path: "/nowhere", headers: html })).text).toContain("not_found");
  });

  test("C05: no name leads out of the folder", async () => {
    writeFileSync(join(folder, "..", "daylong-outside.js"), "secret");
    for (const name of [
      "..%2fdaylong-outside.js",
      "%2e%2e%2fdaylong-outside.js",
      ".hidden.js",
      "index.html%00.js",
    ])
      for (const path of [`/assets/${name}`, `/${name}`]) {
        const { status, text } = await ask({ path });
        expect([path, status]).toEqual([path, 404]);
        expect(text).not.toContain("secret");
      }
    rmSync(join(folder, "..", "daylong-outside.js"));
    expect((await ask({ path: "/index.html" })).status).toBe(404);
  });

  test("C05: the page is read, not written", async () => {
    const refused = await rig.ask("POST", "/monitor", { body: {} });
    expectProblem(refused, 405, "method_not_allowed");
    expect(refused.headers.get("allow")).toBe("GET, HEAD");
    const head = await ask({ method: "HEAD", path: "/" });
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", String(shell.length)]);
  });

  test("C05: a server whose page was not built says how to build it and how to pair", async () => {
    const { status, text, headers } = await ask({ path: "/" }, unbuilt);
    expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(text).toContain("scripts/start");
    expect(text).toContain("scripts/pair");
    expect(text).not.toContain("<script");
    expect((await ask({ path: "/nowhere", headers: html }, unbuilt)).text).toContain(
      "nothing at this address",
    );
  });
});
