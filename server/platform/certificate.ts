import { createHash, X509Certificate } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";

export interface ServerCertificate {
  cert: string;
  key: string;
  /** SHA-256 of the certificate, lower-case hex: what the app pins, out of the pairing code. */
  fingerprint: string;
}

/** SHA-256 of a certificate, lower-case hex. */
export const fingerprintOf = (pem: string): string =>
  createHash("sha256").update(new X509Certificate(pem).raw).digest("hex");

/** The certificate that the server made for itself, in its data folder. */
export const ownCertificateFile = "tls-cert.pem";

/** Ten years: the app pins this very certificate, so a short life would only break pairings. */
const lifeMs = 10 * 365 * 24 * 3_600_000;

async function makeSelfSigned(): Promise<{ cert: string; key: string }> {
  // Loaded here: it is needed once in ten years, and takes megabytes.
  const { generate } = await import("selfsigned");
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map((entry) => entry.address),
  );
  const names = [...new Set(["localhost", hostname(), `${hostname().replace(/\.local$/, "")}.local`])];
  const made = await generate([{ name: "commonName", value: hostname() }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    notAfterDate: new Date(Date.now() + lifeMs),
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          ...names.map((value) => ({ type: 2 as const, value })),
          ...[...new Set(addresses.filter((ip) => !ip.includes("%")))].map((ip) => ({
            type: 7 as const,
            ip,
          })),
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** Where the certificate comes from: PEM files of the owner's, or one that the server signs itself. */
export type CertificateSource =
  | { kind: "files"; certPath: string; keyPath: string }
  | { kind: "self-signed" };

/** The certificate of the owner's files, or a self-signed one that is made once and kept in the data folder. */
export async function readCertificate(parts: {
  tls: CertificateSource | undefined;
  dataDir: string;
}): Promise<ServerCertificate | undefined> {
  const { tls, dataDir } = parts;
  if (tls === undefined) return undefined;
  if (tls.kind === "files") {
    const cert = readFileSync(tls.certPath, "utf8");
    return { cert, key: readFileSync(tls.keyPath, "utf8"), fingerprint: fingerprintOf(cert) };
  }
  const certPath = join(dataDir, ownCertificateFile);
  const keyPath = join(dataDir, "tls-key.pem");
  if (!existsSync(certPath) || !existsSync(keyPath)) {
    const made = await makeSelfSigned();
    writeFileSync(keyPath, made.key, { mode: 0o600 });
    chmodSync(keyPath, 0o600);
    writeFileSync(certPath, made.cert, { mode: 0o600 });
  }
  const cert = readFileSync(certPath, "utf8");
  return { cert, key: readFileSync(keyPath, "utf8"), fingerprint: fingerprintOf(cert) };
}
