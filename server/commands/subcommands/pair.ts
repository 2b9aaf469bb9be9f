import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { scopes } from "../../domain/delivery/device.ts";
import { fingerprintOf, ownCertificateFile } from "../../platform/certificate.ts";
import { commonFlags, defineCommand } from "../framework/command.ts";
import { printJson } from "../framework/output.ts";
import { type Pairing, pairingText } from "../framework/pairingText.ts";
import { ask, findRunningServer, type RunningServer } from "../runningServer.ts";

export const pair = defineCommand({
  name: "pair",
  summary: "Prints a pairing code as a QR code, as a link and in ten characters.",
  details:
    "The code is for one device, and works for ten minutes. The device has the scope chat unless you say otherwise.",
  flags: {
    scope: {
      type: "text",
      choices: scopes,
      says: "what the device may do: read, chat, or admin for everything",
    },
    "data-dir": commonFlags["data-dir"],
    json: commonFlags.json,
  },
  async run({ values }) {
    const server = findRunningServer(values["data-dir"]);
    const body = values.scope === undefined ? {} : { scope: values.scope };
    const pairing = await ask<Pairing>(server, "POST", "/api/pairing-codes", body);
    if (values.json) printJson(Object.assign(pairing, { server: server.url }));
    else {
      console.log(await pairingText(pairing));
      console.log(`
Open the page or scan the code; or pair by hand:
  curl -s${trustFlag(server)} ${server.url}/api/pair -H 'content-type: application/json' \\
    -d '{"code":"${pairing.code}","device":{"name":"my phone","platform":"ios"}}'`);
    }
  },
});

/** The option that makes curl trust a self-signed certificate. */
function trustFlag({ dataDir, fingerprint }: RunningServer): string {
  const path = join(dataDir, ownCertificateFile);
  if (fingerprint === undefined || !existsSync(path)) return "";
  return fingerprintOf(readFileSync(path, "utf8")) === fingerprint ? ` --cacert '${path}'` : "";
}
