import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Files of a stand-in's TLS identity and of the provider key its clients sign with. */
export interface ApnsTestFiles {
  caPath: string;
  certPath: string;
  certKeyPath: string;
  /** P-256 in PKCS #8, like Apple's AuthKey_….p8. */
  keyPath: string;
}

/**
 * Writes a CA, a leaf for localhost and 127.0.0.1, and a provider key into `tlsDir`; reuses what is there, so that two
 * stand-ins (production and sandbox) can share a folder. Made with node:crypto alone: no `openssl` command is needed.
 */
export function prepareApnsFiles(tlsDir: string): ApnsTestFiles {
  const files: ApnsTestFiles = {
    caPath: join(tlsDir, "ca.pem"),
    certPath: join(tlsDir, "cert.pem"),
    certKeyPath: join(tlsDir, "cert-key.pem"),
    keyPath: join(tlsDir, "AuthKey_STANDIN001.p8"),
  };
  if (Object.values(files).every((path) => existsSync(path))) return files;
  mkdirSync(tlsDir, { recursive: true, mode: 0o700 });
  const ca = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const leaf = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const provider = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const caName = "Daylong test CA";
  const authority = issue(caName, ca.publicKey, caName, ca.privateKey, [basicConstraints()]);
  const identity = issue("localhost", leaf.publicKey, caName, ca.privateKey, [subjectAltName()]);
  writeFileSync(files.caPath, pem("CERTIFICATE", authority));
  writeFileSync(files.certPath, pem("CERTIFICATE", identity));
  writeFileSync(files.certKeyPath, pkcs8(leaf.privateKey), { mode: 0o600 });
  writeFileSync(files.keyPath, pkcs8(provider.privateKey), { mode: 0o600 });
  return files;
}

/** The private key of a PEM file. */
export function readPrivateKey(path: string): KeyObject {
  return createPrivateKey(readFileSync(path, "utf8"));
}

const pkcs8 = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

// X.509 v3 (RFC 5280, 4.1), just as much of it as TLS verification reads.
function issue(subject: string, key: KeyObject, issuer: string, issuerKey: KeyObject, extensions: Buffer[]) {
  const algorithm = sequence(oid("1.2.840.10045.4.3.2")); // ecdsa-with-SHA256
  const serial = randomBytes(16);
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f); // positive, no leading zero
  const certificate = sequence(
    der(0xa0, der(0x02, Buffer.of(2))), // version 3
    der(0x02, serial),
    algorithm,
    name(issuer),
    // Fixed instants, so that a test with a strange clock does not make certificates of another time.
    sequence(der(0x17, Buffer.from("240101000000Z")), der(0x17, Buffer.from("491231235959Z"))),
    name(subject),
    key.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  return sequence(certificate, algorithm, der(0x03, Buffer.of(0), sign("sha256", certificate, issuerKey)));
}

const name = (commonName: string): Buffer =>
  sequence(der(0x31, sequence(oid("2.5.4.3"), der(0x0c, Buffer.from(commonName)))));
const basicConstraints = (): Buffer =>
  sequence(oid("2.5.29.19"), der(0x01, Buffer.of(0xff)), der(0x04, sequence(der(0x01, Buffer.of(0xff)))));
const subjectAltName = (): Buffer =>
  sequence(
    oid("2.5.29.17"),
    der(0x04, sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.of(127, 0, 0, 1)))),
  );

const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts);

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}
