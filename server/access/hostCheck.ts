import { networkInterfaces } from "node:os";
import type { ErrorCode } from "../domain/errors.ts";

export interface HostCheckParts {
  /** What the server binds to (`HOST`). */
  bindHost: string;
  /** The port in use; `undefined` until the server listens. */
  port: () => number | undefined;
  /** `os.hostname()`. */
  hostname: string;
  /** Further names, of a tunnel or proxy in front: `name` (any port) or `name:port`. */
  publicNames: readonly string[];
  /** Addresses of this machine, asked for when bound to all of them; the system's by default. */
  addresses?: () => string[];
}

interface Authority {
  name: string;
  port: number | undefined;
}

const loopbackNames = ["localhost", "127.0.0.1", "::1"];
const wildcardHosts = new Set(["0.0.0.0", "::", ""]);

/**
 * Check of the Host and Origin headers. A page of a foreign site can reach a server on the loopback by pointing its own
 * name at 127.0.0.1 (DNS rebinding), but then its requests carry that name in `Host`; and a page that reaches it by
 * the right name still carries its own `Origin`. Both are judged here, for HTTP requests and socket upgrades alike.
 */
export class HostCheck {
  readonly #parts: HostCheckParts;
  readonly #ownNames: ReadonlySet<string>;
  readonly #publicNames: readonly Authority[];
  readonly #addresses: () => string[];

  constructor(parts: HostCheckParts) {
    this.#parts = parts;
    const own = new Set(loopbackNames);
    if (!this.#bindsAll()) own.add(canonicalName(parts.bindHost));
    for (const name of hostNameForms(parts.hostname)) own.add(name);
    this.#ownNames = own;
    this.#publicNames = parts.publicNames.map(parseAuthority).filter((name) => name !== undefined);
    this.#addresses = parts.addresses ?? machineAddresses;
  }

  /** The refusal that a request's `Host` and `Origin` headers call for, if any. */
  judge(headers: { host?: string | undefined; origin?: string | undefined }): HostRefusal | undefined {
    if (!this.knowsHost(headers.host)) return "host_forbidden";
    if (!this.knowsOrigin(headers.origin)) return "origin_forbidden";
    return undefined;
  }

  /** Whether a `Host` header names this server. */
  knowsHost(host: string | undefined): boolean {
    const authority = host === undefined ? undefined : parseAuthority(host);
    return authority !== undefined && this.#knows(authority, [80, 443]);
  }

  /** Whether an `Origin` header is absent (not a browser) or names a page of this server. */
  knowsOrigin(origin: string | undefined): boolean {
    if (origin === undefined) return true;
    const match = /^(https?):\/\/(.+)$/i.exec(origin);
    const authority = match === null ? undefined : parseAuthority(match[2]!);
    if (authority === undefined) return false;
    return this.#knows(authority, [match![1]!.toLowerCase() === "https" ? 443 : 80]);
  }

  /** `defaultPorts`: the ports that a missing port may stand for. */
  #knows(authority: Authority, defaultPorts: readonly number[]): boolean {
    const isPublic = this.#publicNames.some(
      (known) =>
        known.name === authority.name &&
        (known.port === undefined || samePort(authority, known.port, defaultPorts)),
    );
    if (isPublic) return true;
    const port = this.#parts.port();
    if (port === undefined || !samePort(authority, port, defaultPorts)) return false;
    if (this.#ownNames.has(authority.name)) return true;
    return this.#bindsAll() && this.#addresses().some((address) => canonicalName(address) === authority.name);
  }

  #bindsAll(): boolean {
    return wildcardHosts.has(canonicalName(this.#parts.bindHost));
  }
}

export type HostRefusal = Extract<ErrorCode, "host_forbidden" | "origin_forbidden">;

const samePort = (authority: Authority, port: number, defaultPorts: readonly number[]): boolean =>
  authority.port === undefined ? defaultPorts.includes(port) : authority.port === port;

/** Lower case, without brackets and zone of an IPv6 address and without a final dot. */
const canonicalName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "")
    .replace(/\.$/, "");

/** `name`, `name:port`, `[address]` or `[address]:port`, and nothing else: no user, no path. */
function parseAuthority(text: string): Authority | undefined {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  return { name: canonicalName(match[1]!), port: match[2] === undefined ? undefined : Number(match[2]) };
}

/** A machine's name and its form in multicast DNS; macOS gives the second as the first. */
function hostNameForms(hostname: string): string[] {
  const name = canonicalName(hostname);
  if (name === "") return [];
  const bare = name.replace(/\.local$/, "");
  return [bare, `${bare}.local`];
}

const machineAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => entry.address));

/** Whether a request has more than one `Host` header, as it came over the line: name, value, name, value. */
export const hasTwoHosts = ({ rawHeaders }: { rawHeaders: readonly string[] }): boolean =>
  rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === "host").length > 1;
