import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
  X509Certificate,
} from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ownCertificateFile } from "../../platform/certificate.ts";
import { keepVapidKeys, VapidSignatures, vapidKeysFile } from "../../push/webPush/vapidKeys.ts";
import { type Finding, note, ok, type Patient, wordOf, wrong } from "./finding.ts";

const dayMs = 24 * 3_600_000;
/** Authorities renew a month before the end; one that is not renewed by then will not be. */
const certificateSoonMs = 14 * dayMs;

/** Looks at the form of everything that Apple judges, and signs as for a push. Nothing is sent. */
export function checkApns({ config }: Patient): Finding {
  const { apns, apnsCaPath } = config;
  if (apns === undefined)
    return note(
      "apns",
      "Pushes to iPhones are off.",
      "Set APNS_KEY_PATH, APNS_KEY_ID, APNS_TEAM_ID and APNS_BUNDLE_ID.",
    );
  const { keyPath, keyId, teamId, bundleId } = apns;
  let pem: string;
  try {
    pem = readFileSync(keyPath, "utf8");
  } catch (error) {
    return wrong(
      "apns",
      `The key ${keyPath} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      "Correct APNS_KEY_PATH.",
    );
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return wrong(
      "apns",
      `${keyPath} holds no private key.`,
      "Download the key (AuthKey_….p8) from Apple's developer site again.",
    );
  }
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1")
    return wrong(
      "apns",
      `The key in ${keyPath} is of another kind than Apple's (P-256).`,
      "APNS_KEY_PATH has to name the AuthKey_….p8 file.",
    );
  const bad = [
    ...(/^[A-Z0-9]{10}$/.test(keyId) ? [] : ["APNS_KEY_ID has to be 10 letters and digits"]),
    ...(/^[A-Z0-9]{10}$/.test(teamId) ? [] : ["APNS_TEAM_ID has to be 10 letters and digits"]),
    ...(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(bundleId)
      ? []
      : ["APNS_BUNDLE_ID has to be the app's, such as com.example.app"]),
  ];
  if (bad.length > 0)
    return wrong(
      "apns",
      `Apple would refuse it: ${bad.join("; ")}.`,
      "Copy the ids from Apple's developer site.",
    );
  if (apnsCaPath !== undefined && !existsSync(apnsCaPath))
    return wrong("apns", `APNS_CA_PATH names ${apnsCaPath}, which is not there.`, "Correct or unset it.");
  const text = Buffer.from("daylong");
  const signature = sign("sha256", text, { key, dsaEncoding: "ieee-p1363" });
  if (!verify("sha256", text, { key: createPublicKey(key), dsaEncoding: "ieee-p1363" }, signature))
    return wrong("apns", `The key in ${keyPath} does not sign.`, "Download it again.");
  if ((statSync(keyPath).mode & 0o077) !== 0)
    return note("apns", `The key signs, but ${keyPath} can be read by other users.`, `chmod 600 ${keyPath}`);
  return ok("apns", `The key ${keyId} signs for ${bundleId}.`);
}

export function checkVapid({ config, now }: Patient): Finding {
  const { subject } = config.webPush;
  if (subject === undefined) return note("vapid", "Pushes to browsers are off.", "Set VAPID_SUBJECT.");
  if (!existsSync(join(config.dataDir, vapidKeysFile)))
    return ok("vapid", "The keys for browsers are made at the next start.");
  try {
    const keys = keepVapidKeys(config.dataDir);
    new VapidSignatures({ keys, subject, clock: { now } }).authorizationFor("https://push.example.org");
    return ok("vapid", `The keys for browsers sign for ${subject}.`);
  } catch (error) {
    return wrong(
      "vapid",
      `${vapidKeysFile} in the data folder is damaged: ${wordOf(error)}`,
      "Restore it from a backup. Without one delete it: every browser has to allow notifications again.",
    );
  }
}

export function checkCertificate({ config, now }: Patient): Finding {
  const { tls, dataDir, host } = config;
  if (tls === undefined) return ok("certificate", `No TLS: the server listens on ${host}.`);
  const path = tls.kind === "files" ? tls.certPath : join(dataDir, ownCertificateFile);
  if (tls.kind === "self-signed" && !existsSync(path))
    return ok("certificate", "The certificate is made at the next start.");
  const again =
    tls.kind === "files"
      ? "Renew it, and restart the server."
      : `Delete ${ownCertificateFile} and tls-key.pem in the data folder, restart, and pair each phone again.`;
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(readFileSync(path));
    const key = createPrivateKey(
      readFileSync(tls.kind === "files" ? tls.keyPath : join(dataDir, "tls-key.pem")),
    );
    if (!certificate.checkPrivateKey(key))
      return wrong("certificate", `The key does not belong to the certificate ${path}.`, again);
  } catch (error) {
    return wrong("certificate", `The certificate ${path} or its key cannot be read: ${wordOf(error)}`, again);
  }
  const endsAt = Date.parse(certificate.validTo);
  const leftMs = endsAt - now();
  const until = new Date(endsAt).toISOString().slice(0, 10);
  if (leftMs <= 0)
    return wrong("certificate", `The certificate ${path} ended on ${until}: phones refuse it.`, again);
  if (Date.parse(certificate.validFrom) > now() + dayMs)
    return wrong("certificate", `The certificate ${path} is not valid yet.`, "Look at the computer's clock.");
  return leftMs < certificateSoonMs
    ? wrong(
        "certificate",
        `The certificate ${path} ends on ${until}, in ${Math.ceil(leftMs / dayMs)} days.`,
        again,
      )
    : ok("certificate", `${path}, until ${until}`);
}
