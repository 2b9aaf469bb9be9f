import { rmSync, writeFileSync } from "node:fs";
import type { ServerCertificate } from "../platform/certificate.ts";
import type { Closers } from "../platform/closers.ts";
import { reachableHost } from "../platform/listener.ts";
import { phoneAddress } from "../platform/network/addresses.ts";
import type { Config } from "./config.ts";

interface ServerFileParts {
  /** `server.json` in the data folder. */
  path: string;
  config: Pick<Config, "host" | "interactive">;
  port: number;
  certificate?: ServerCertificate;
  version: string;
  isDemo: boolean;
}

/**
 * Writes the file by which the commands of this computer find the server, and removes it with the closers. `url` is the address
 * that people are told, `localUrl` the one that always leads here from this computer.
 */
export function writeServerFile(
  parts: ServerFileParts,
  closers: Closers,
): { url: string; fingerprint?: string } {
  const { path, config, port, certificate, version, isDemo } = parts;
  const { host, interactive } = config;
  const isSecure = certificate !== undefined;
  const { fingerprint } = certificate ?? {};
  const url = phoneAddress({ host, port, isSecure, publicUrl: undefined });
  const localUrl = `${isSecure ? "https" : "http"}://${reachableHost(host)}:${port}`;
  const found = { url, localUrl, pid: process.pid, version, fingerprint, interactive, isDemo };
  writeFileSync(path, `${JSON.stringify(found)}\n`, { mode: 0o600 });
  closers.push(() => rmSync(path, { force: true }));
  return { url, fingerprint };
}
