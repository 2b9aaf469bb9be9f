import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A content coding of HTTP (RFC 9110, 8.4.1), the one that is sent first when the browser takes it. */
export const encodings = ["br", "gzip"] as const;
export type Encoding = (typeof encodings)[number];

/** A built file of the page as it goes over the wire. */
export interface PageFile {
  content: Buffer;
  mediaType: string;
  /** Absent: as it is. */
  encoding?: Encoding;
  etag: string;
}

const suffixes: Record<Encoding, string> = { br: ".br", gzip: ".gz" };

const mediaTypes: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  webmanifest: "application/manifest+json",
};

/** Neither folders nor dot files, so that a name never leads out of the folder. */
const sane = /^[A-Za-z0-9_][A-Za-z0-9._-]*\.([a-z]+)$/;

/** The built files of the companion page in a folder (`dist/web`), read when they are asked for: a new build shows at once. */
export class PageFiles {
  readonly #dir: string | undefined;

  /** `undefined`: the page is not served. */
  constructor(dir: string | undefined) {
    this.#dir = dir;
  }

  /** The page's document. `undefined`: it was not built. */
  shell(accepted: readonly Encoding[]): Promise<PageFile | undefined> {
    return this.#read("", "index.html", accepted);
  }

  /** A file whose name holds a hash of its content. */
  asset(name: string, accepted: readonly Encoding[]): Promise<PageFile | undefined> {
    return this.#read("assets", name, accepted);
  }

  /** A file with a name of its own: the manifest, icons, the service worker. */
  named(name: string, accepted: readonly Encoding[]): Promise<PageFile | undefined> {
    return name === "index.html" ? Promise.resolve(undefined) : this.#read("", name, accepted);
  }

  async #read(folder: string, name: string, accepted: readonly Encoding[]): Promise<PageFile | undefined> {
    const mediaType = mediaTypes[sane.exec(name)?.[1] ?? ""];
    if (this.#dir === undefined || mediaType === undefined) return undefined;
    const path = join(this.#dir, folder, name);
    for (const encoding of encodings.filter((one) => accepted.includes(one))) {
      const content = await contentOf(path + suffixes[encoding]);
      if (content) return { content, mediaType, encoding, etag: etagOf(content) };
    }
    const content = await contentOf(path);
    return content && { content, mediaType, etag: etagOf(content) };
  }
}

const contentOf = (path: string): Promise<Buffer | undefined> => readFile(path).catch(() => undefined);

const etagOf = (content: Buffer): string =>
  `"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"`;
