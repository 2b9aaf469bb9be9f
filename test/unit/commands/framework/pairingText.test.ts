import { expect, test } from "@jest/globals";
import QRCode from "qrcode";
import { pairingText } from "../../../../server/commands/framework/pairingText.ts";

const pairing = (address: string) => ({
  code: "WPYVRZ579V",
  expiresAt: Date.UTC(2026, 10, 28),
  url: `daylong://pair?url=${encodeURIComponent(address)}&code=WPYVRZ579V`,
  pageUrl: `${address}/pair#code=WPYVRZ579V`,
});

test("START-3: the QR is the page's address, which any phone's camera opens", async () => {
  const said = await pairingText(pairing("https://192.168.1.20:3000"));
  const options = { type: "terminal", small: true, errorCorrectionLevel: "L" } as const;
  expect(said).toContain(await QRCode.toString("https://192.168.1.20:3000/pair#code=WPYVRZ579V", options));
  expect(said).toMatch(/^Page {2}https:.*\nApp {3}daylong:.*\nCode {2}WPYVRZ579V /m);
  expect(said).not.toContain("ONLY THIS COMPUTER");
});

test("START-3: an address that only this computer reaches is said aloud, with what to do", async () => {
  const said = await pairingText(pairing("http://127.0.0.1:3000"));
  expect(said).toContain("ONLY THIS COMPUTER reaches 127.0.0.1:3000");
  expect(said).toMatch(/HOST=0\.0\.0\.0 TLS=self-signed[\s\S]*PUBLIC_URL/);
});
