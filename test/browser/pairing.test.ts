import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { encodeQR } from "qr";
import { useChromium } from "../support/browser/chromium.ts";
import { Companion, phone } from "../support/browser/companion.ts";
import { launchChromium } from "../support/browser/launch.ts";
import { eventually } from "../support/server/daylongServer.ts";
import { useScene } from "../support/server/scene.ts";

const side = 480;

/** A second of video that shows a QR code, in the form in which Chromium takes it for its camera. */
function videoOf(text: string): Buffer {
  const modules = encodeQR(text, "raw", { border: 4 });
  const scale = Math.floor(side / modules.length);
  const luma = Buffer.alloc(side * side, 235);
  for (let y = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1)
      if (modules[Math.floor(y / scale)]?.[Math.floor(x / scale)]) luma[y * side + x] = 16;
  const chroma = Buffer.alloc((side * side) / 2, 128);
  const frame = Buffer.concat([Buffer.from("FRAME\n"), luma, chroma]);
  return Buffer.concat([
    Buffer.from(`YUV4MPEG2 W${side} H${side} F5:1 Ip A1:1 C420jpeg\n`),
    ...Array.from({ length: 5 }, () => frame),
  ]);
}

describe("pairing the page", () => {
  const scene = useScene({ every: "file" });
  const used = useChromium();
  const folder = mkdtempSync(join(tmpdir(), "daylong-camera-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("C05 A01: the camera reads the code from the QR that the computer shows", async () => {
    const { body } = await scene.server.ask("POST", "/api/pairing-codes", {});
    const video = join(folder, "qr.y4m");
    writeFileSync(video, videoOf(body.pageUrl));
    const browser = await launchChromium([
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${video}`,
    ]);
    try {
      const companion = await Companion.open({
        browser,
        server: scene.server,
        options: { permissions: ["camera"] },
      });
      await companion.page.goto(companion.url);
      await companion.button("Scan the QR code").click();
      const field = companion.page.getByRole("textbox", { name: "Pairing code" });
      await eventually("the code was read", async () => (await field.inputValue()) === body.code);
      await companion.judge();
      await companion.finishPairing();
      await companion.close();
    } finally {
      await browser.close();
    }
  });

  test("C05: without a camera that may be used the code is typed, and the page says so", async () => {
    const companion = await Companion.open({ browser: used.browser, server: scene.server, screen: phone });
    await companion.page.goto(companion.url);
    await companion.button("Scan the QR code").click();
    await companion.page.getByText(/(no camera|not allowed|cannot be used).*[Tt]ype the code/).waitFor();
    await companion.judge();
    await companion.button("Close the camera").click();
    await companion.page.getByRole("textbox", { name: "Pairing code" }).fill(await companion.code());
    await companion.finishPairing();
    await companion.close();
  });

  test("C05 A01: what is wrong with a code is said: used, wrong, too many tries", async () => {
    const companion = await Companion.open({ browser: used.browser, server: scene.server, screen: phone });
    companion.watch.allow(/status of 4(01|00|29)/);
    const code = await companion.code();
    const other = await Companion.open({ browser: used.browser, server: scene.server, screen: phone });
    await other.page.goto(`${other.url}/pair#code=${code}`);
    await other.finishPairing();
    await other.close();
    await companion.page.goto(`${companion.url}/pair#code=${code}`);
    // What a link carries never reaches a log: the page takes it out of the address at once.
    expect(new URL(companion.page.url()).search).toBe("");
    await companion.button("Pair").click();
    const alert = companion.page.getByRole("alert");
    await alert.filter({ hasText: "was used" }).waitFor();
    for (const wrong of ["7777777777", "8888888888", "9999999999", "6666666666", "5555555555"]) {
      await companion.page.getByRole("textbox", { name: "Pairing code" }).fill(wrong);
      await companion.button("Pair").click();
      await companion.button("Pair").waitFor();
    }
    await alert.filter({ hasText: "Too many tries" }).waitFor();
    await companion.judge();
    await companion.close();
  });
});
