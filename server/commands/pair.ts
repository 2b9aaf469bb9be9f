import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import QRCode from "qrcode";
import { fingerprintOf, ownCertificateFile } from "../platform/certificate.ts";
import { readFlags } from "../platform/flags.ts";
import { ask, failCommand, findRunningServer, type RunningServer } from "./runningServer.ts";

const values = readFlags("scripts/pair", {
  "data-dir": { type: "string" },
  scope: { type: "string" },
  json: { type: "boolean" },
});

async function main(): Promise<void> {
  const server = findRunningServer(values["data-dir"]);
  const pairing = await ask<{ code: string; expiresAt: number; url: string }>(
    server,
    "POST",
    "/api/pairing-codes",
    values.scope === undefined ? {} : { scope: values.scope },
  );
  if (values.json) {
    console.log(JSON.stringify({ ...pairing, server: server.url }));
    return;
  }
  console.log(
    await QRCode.toString(pairing.url, { type: "terminal", small: true, errorCorrectionLevel: "L" }),
  );
  console.log(`Link  ${pairing.url}`);
  console.log(`Code  ${pairing.code}   (one use, until ${new Date(pairing.expiresAt).toLocaleTimeString()})`);
  console.log(`
Scan it with the app, or pair by hand:
  curl -s${trustFlag(server)} ${server.url}/api/pair -H 'content-type: application/json' \\
    -d '{"code":"${pairing.code}","device":{"name":"my phone","platform":"ios"}}'`);
}

/** The option that makes curl trust a self-signed certificate. */
function trustFlag({ dataDir, fingerprint }: RunningServer): string {
  const path = join(dataDir, ownCertificateFile);
  if (fingerprint === undefined || !existsSync(path)) return "";
  return fingerprintOf(readFileSync(path, "utf8")) === fingerprint ? ` --cacert '${path}'` : "";
}

main().catch(failCommand);
