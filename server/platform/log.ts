import { pino } from "pino";
import pretty from "pino-pretty";
import type { Log } from "../domain/ports.ts";

/**
 * The log, and a way to announce the server's readiness at every log level: the program that started it waits for that.
 */
export interface ServerLog extends Log {
  announce: Log["info"];
}

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
        pretty({
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
