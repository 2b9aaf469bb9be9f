import { createRequire } from "node:module";
import { pino } from "pino";
import type pretty from "pino-pretty";
import type { Log } from "../domain/ports.ts";

/**
 * The log, and a way to announce the server's readiness at every log level: the program that started it waits for that.
 */
export interface ServerLog extends Log {
  announce: Log["info"];
}

/** Loads pino-pretty, which a server that nobody looks at has no use for. */
const loadPretty = (): typeof pretty => createRequire(import.meta.url)("pino-pretty") as typeof pretty;

/** Structured JSON lines on standard output; readable lines when a person looks on. */
export function openLog(level: string, interactive: boolean): ServerLog {
  const options = {
    level,
    base: undefined,
    messageKey: "event",
    serializers: { error: pino.stdSerializers.err },
    // A second fence: nothing is meant to log these.
    redact: {
      paths: ["token", "authorization", "*.token", "*.authorization", "pairingCode", "*.encryptionKey"],
      censor: "[secret]",
    },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"at":${Date.now()}`,
  };
  const logger = interactive
    ? pino(
        options,
        loadPretty()({
          colorize: true,
          messageKey: "event",
          timestampKey: "at",
          translateTime: "SYS:HH:MM:ss",
          sync: true,
          singleLine: true,
        }),
      )
    : pino(options);
  const always = logger.child({}, { level: "info" });
  return {
    announce: (event, fields) => always.info(fields ?? {}, event),
    debug: (event, fields) => logger.debug(fields ?? {}, event),
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, fields) => logger.error(fields ?? {}, event),
  };
}
