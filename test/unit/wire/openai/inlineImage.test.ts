import { describe, expect, test } from "@jest/globals";
import { readDataUrl } from "../../../../server/wire/openai/inlineImage.ts";
import { processorSeconds } from "../../processorTime.ts";

const png = Buffer.from("89504e470d0a1a0affbe3e3ffb", "hex");
const standard = png.toString("base64");
const url = png.toString("base64url");
const lines = standard.replace(/(.{5})/g, "$1\r\n");

test("REPORT-9: the bytes of this test have letters that differ between the alphabets", () => {
  expect([/[+/]/.test(standard), /[-_]/.test(url)]).toEqual([true, true]);
});

test.each([
  ["as RFC 2397 has it", `data:image/png;base64,${standard}`, "image/png"],
  ["jpg", `data:image/jpg;base64,${standard}`, "image/jpeg"],
  ["pjpeg", `data:image/pjpeg;base64,${standard}`, "image/jpeg"],
  ["x-png", `data:image/x-png;base64,${standard}`, "image/png"],
  ["in capitals", `DATA:IMAGE/PNG;BASE64,${standard}`, "image/png"],
  ["with a name", `data:image/png;name=x.png;base64,${standard}`, "image/png"],
  ["with a character set", `data:image/webp;charset=utf-8;base64,${standard}`, "image/webp"],
  ["with spaces between its parameters", `data:image/png; name=x; base64,${standard}`, "image/png"],
  ["with the parameters the other way round", `data:image/png;base64;name=x,${standard}`, "image/png"],
  ["in base64url", `data:image/png;base64,${url}`, "image/png"],
  ["without padding", `data:image/gif;base64,${standard.replace(/=+$/, "")}`, "image/gif"],
  ["with padding too many", `data:image/png;base64,${standard}==`, "image/png"],
  ["in lines", `data:image/png;base64,${lines}`, "image/png"],
  ["with spaces around it", ` data:image/png;base64, ${standard} \n`, "image/png"],
  ["percent-encoded", `data:image/png;base64,${encodeURIComponent(standard)}`, "image/png"],
  ["without a type", `data:;base64,${standard}`, "image/png"],
  ["as bytes", `data:application/octet-stream;base64,${standard}`, "image/png"],
])("REPORT-9: an image %s is taken", (_what, address, mimeType) => {
  expect(readDataUrl(address)).toEqual({ mimeType, base64: standard });
});

describe("REPORT-9: an address that is no image is refused with its reason", () => {
  test.each([
    ["https://example.org/a.png", "fetches nothing"],
    ["HTTP://example.org/a.png", "fetches nothing"],
    ["file:///etc/passwd", "must be a data: URL"],
    ["", "must be a data: URL"],
    [standard, "must be a data: URL"],
    [`data:image/png,${standard}`, "must be base64"],
    ["data:image/png;base64,", "something else"],
    ["data:image/png;base64,!!!!", "something else"],
    ["data:image/png;base64,%E0%A4%A", "something else"],
    ["data:image/png;base64,AAAAA", "something else"],
    [`data:image/svg+xml;base64,${standard}`, "PNG, JPEG, GIF or WebP"],
    [`data:image/bmp;base64,${standard}`, "PNG, JPEG, GIF or WebP"],
    ["data:application/octet-stream;base64,AAAA", "PNG, JPEG, GIF or WebP"],
    [`data:text/plain;base64,${standard}`, "PNG, JPEG, GIF or WebP"],
    [`data:${"x".repeat(1_000)};base64,${standard}`, "must be a data: URL"],
  ])("REPORT-9: %.40s", (address, reason) => {
    expect(readDataUrl(address)).toEqual({ fault: expect.stringContaining(reason) });
  });
});

test("DOOR-24 an address with a hundred thousand signs of padding within is refused at once", () => {
  const address = `data:image/png;base64,${standard}${"=".repeat(100_000)}x`;
  const seconds = processorSeconds(() => expect(readDataUrl(address)).toHaveProperty("fault"));
  expect(seconds).toBeLessThan(1);
});
