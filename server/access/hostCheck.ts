import { networkInterfaces } from "node:os";
import type { ErrorCode } from "../domain/errors.ts";
import { bearerToken } from "./bearerToken.ts";

export interface HostCheckParts {
  /** What the server binds to (`HOST`). */
  bindHost: string;
  /** The port in use; `undefined` until the server listens. */
  port: () => number | undefined;
  /** `os.hostname()`. */
  hostname: string;
  /** Further names, of a tunnel or proxy in front: `name`, or `name:port` when its pages are at that port only. */
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

/** The headers of a request that say where it was sent to and where it comes from. */
export interface RequestOrigin {
  host?: string | undefined;
  origin?: string | undefined;
  authorization?: string | undefined;
}

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
  judge(headers: RequestOrigin): HostRefusal | undefined {
    if (!this.knowsHost(headers.host)) return "host_forbidden";
    if (!this.knowsOrigin(headers)) return "origin_forbidden";
    return undefined;
  }

  /**
   * Whether a `Host` header names this server, with any port: a tunnel or a proxy has a port of its own and may leave it out, and
   * rebinding changes names, not ports.
   */
  knowsHost(host: string | undefined): boolean {
    const authority = host === undefined ? undefined : parseAuthority(host);
    return authority !== undefined && this.#knowsName(authority.name);
  }

  /**
   * Whether an `Origin` header is absent (not a browser), names a page of this server, or is no website's and comes with a
   * token: an app's web view and the opaque origin of a file have no address, and no page can make a browser send a token
   * along that the page does not have.
   */
  knowsOrigin({ host, origin, authorization }: RequestOrigin): boolean {
    if (origin === undefined) return true;
    // Socket libraries write the address that they connect to: with ws or wss, with a slash or the path after it.
    const match = /^(https?|wss?):\/\/([^/]*)(?:\/.*)?$/i.exec(origin);
    if (match === null) return !/^(?:https?|wss?):/i.test(origin) && Boolean(bearerToken(authorization));
    const authority = parseAuthority(match[2]!);
    if (authority === undefined) return false;
    const defaultPort = /^(?:https|wss)$/i.test(match[1]!) ? 443 : 80;
    return this.#knowsPage(authority, defaultPort) || this.#isSameHost(authority, defaultPort, host);
  }

  #knowsName(name: string): boolean {
    if (this.#publicNames.some((known) => known.name === name)) return true;
    if (this.#parts.port() === undefined) return false;
    if (this.#ownNames.has(name)) return true;
    return this.#bindsAll() && this.#addresses().some((address) => canonicalName(address) === name);
  }

  /** Whether a page at this address is the server's own: with its port, for another one's is another program's. */
  #knowsPage({ name, port = 0 }: Authority, defaultPort: number): boolean {
    const asked = port || defaultPort;
    const isPublic = this.#publicNames.some(
      (known) => known.name === name && (known.port === undefined || known.port === asked),
    );
    return isPublic || (asked === this.#parts.port() && this.#knowsName(name));
  }

  /** Whether a page was loaded from where its request went: through a tunnel with a port of its own, say. */
  #isSameHost(authority: Authority, defaultPort: number, host: string | undefined): boolean {
    const asked = host === undefined ? undefined : parseAuthority(host);
    if (asked?.name !== authority.name || !this.#knowsName(asked.name)) return false;
    return (asked.port ?? defaultPort) === (authority.port ?? defaultPort);
  }

  #bindsAll(): boolean {
    return wildcardHosts.has(canonicalName(this.#parts.bindHost));
  }
}

export type HostRefusal = Extract<ErrorCode, "host_forbidden" | "origin_forbidden">;

/** Lower case, without brackets and zone of an IPv6 address and without a final dot. */
const canonicalName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/%.*/, "")
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

/** What tells of a request's host, as it came over the line: headers as name, value, name, value. */
interface RequestLines {
  rawHeaders: readonly string[];
  /** The request's target, which a router may have changed since. */
  originalUrl?: string;
  url?: string | undefined;
}

/**
 * Whether a request names two hosts: by more than one `Host` header, or by another one in its target (RFC 9112, 3.2.2: a target
 * that is a whole address goes before the header).
 */
export function hasTwoHosts({ rawHeaders, originalUrl, url }: RequestLines): boolean {
  const hosts = rawHeaders.filter(
    (_text, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === "host",
  );
  const named = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(originalUrl ?? url ?? "")?.[1];
  return hosts.length > 1 || (named !== undefined && named.toLowerCase() !== hosts[0]?.toLowerCase());
}
