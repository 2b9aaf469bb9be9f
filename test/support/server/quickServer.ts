import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ApnsStandIn } from "../push/apnsStandIn.ts";
import { type Bench, benchEnvironment } from "./daylongServer.ts";

/**
 * The environment of a server whose CLI is a stand-in that answers within a millisecond: for tests that need more messages
 * than real CLI processes could take, and nothing of what Claude does with them.
 */
export const quickEnvironment = (bench: Bench, apple?: ApnsStandIn): Record<string, string> => ({
  // Nobody listens on the discard port: the stand-in asks no model.
  ...benchEnvironment(bench, "http://127.0.0.1:9"),
  CLAUDE_BIN: resolve("test/support/claude/cliStandIn.mjs"),
  ...(apple && {
    APNS_KEY_PATH: apple.keyPath,
    APNS_KEY_ID: apple.keyId,
    APNS_TEAM_ID: apple.teamId,
    APNS_BUNDLE_ID: apple.topic,
    APNS_HOST: apple.host,
    APNS_PORT: String(apple.port),
    APNS_CA_PATH: apple.caPath,
  }),
});

/** Every prompt that a stand-in CLI of this bench was given, as often as it was given. */
export function promptsGiven(bench: Bench): string[] {
  const folder = join(bench.home, ".claude", "projects", "stand-in");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TranscriptLine)
    .filter(({ type }) => type === "user")
    .map(({ message: { content } }) =>
      typeof content === "string" ? content : content.map(({ text }) => text ?? "").join(""),
    );
}

interface TranscriptLine {
  type: string;
  message: { content: string | Array<{ text?: string }> };
}
