import type { Answer } from "./connection/protocol.ts";
import { Rest } from "./rest.ts";

export interface PairingOptions {
  /** `http://127.0.0.1:3000`, say. */
  url: string;
  /** Ten characters, of `scripts/pair`: one use, ten minutes. */
  code: string;
  /** How the owner knows the program among the devices. */
  name: string;
  platform?: string;
  fetch?: typeof globalThis.fetch;
}

/**
 * Makes the program a device of the server's. The token is shown this once and is the program's to keep. Rejects with a
 * DaylongProblem (`pairing_code_invalid`) when the code is wrong, used or old.
 */
export function pair(options: PairingOptions): Promise<Answer<"POST /api/pair">> {
  const { url, code, name, platform = "program", fetch = globalThis.fetch.bind(globalThis) } = options;
  const rest = new Rest({ url: url.replace(/\/+$/, ""), fetch });
  return rest.ask("POST", "/api/pair", { code, device: { name, platform } });
}
