import type { Session } from "../../../client/src/index.ts";
import type { Health, LifecycleEvent } from "./answers.ts";

/** Something is wrong now: since when, and what is done about it. */
export interface Incident {
  key: string;
  title: string;
  detail: string;
  /** Unknown when it began before the log that is shown. */
  since?: number;
  done: string;
  sessionId?: string;
  tone: "bad" | "need";
}

interface CheckWords {
  name: string;
  /** What is done when it is not well. */
  done: string;
  off?: string;
}

const checks: Record<string, CheckWords> = {
  database: {
    name: "Database",
    done: "Messages are refused until it can be written; phones keep theirs and try again by themselves.",
  },
  claude: {
    name: "Claude",
    done: "Messages wait. Run “daylong login” on the computer if the login is lost.",
  },
  apns: {
    name: "Apple push",
    done: "Pushes wait and are tried again; the app gets everything when it is opened.",
    off: "off: no key is set",
  },
  webPush: {
    name: "Web Push",
    done: "Pushes wait and are tried again; the page gets everything when it is opened.",
    off: "off: VAPID_SUBJECT is not set",
  },
  disk: { name: "Disk", done: "Nothing is deleted by itself. Free some space, or lower retentionDays." },
  pool: {
    name: "Sessions",
    done: "New work waits until there is room; idle sessions are parked and processes over their limit replaced.",
  },
  keepAwake: { name: "Keeping awake", done: "Sessions go on, but the computer may fall asleep under them." },
  lastRun: { name: "Last run", done: "Its sessions were recovered, and cut answers told." },
};

const wordsOf = (name: string): CheckWords => checks[name] ?? { name, done: "" };

/** The parts of the server, each with its state in words. */
export function healthWords(
  health: Health,
): Array<{ name: string; words: string; tone: "good" | "need" | "bad" | "" }> {
  return Object.entries(health.checks ?? {}).map(([key, { state, detail }]) => {
    const { name, off } = wordsOf(key);
    const suffix = detail === undefined ? "" : `: ${detail}`;
    switch (state) {
      case "ok":
        return { name, words: `works${suffix}`, tone: "good" as const };
      case "disabled":
        return { name, words: off ?? `off${suffix}`, tone: "" as const };
      case "degraded":
        return { name, words: `weak${suffix}`, tone: "need" as const };
      case "failing":
        return { name, words: `fails${suffix}`, tone: "bad" as const };
      default:
        return { name, words: `${state}${suffix}`, tone: "" as const };
    }
  });
}

const detailOf = (event: LifecycleEvent): string | undefined =>
  "detail" in event.data && typeof event.data.detail === "string" ? event.data.detail : undefined;

/** What is wrong now, the gravest first. `lifecycle` is newest first. */
export function incidentsOf(parts: {
  health: Health | undefined;
  sessions: readonly Session[];
  lifecycle: readonly LifecycleEvent[];
}): Incident[] {
  const { health, sessions, lifecycle } = parts;
  const sinceOf = (detail: string | undefined): number | undefined =>
    lifecycle.find((event) => {
      const told = detailOf(event);
      return told !== undefined && told !== "" && detail?.includes(told) === true;
    })?.at;
  const found: Incident[] = [];
  for (const [key, { state, detail }] of Object.entries(health?.checks ?? {})) {
    if (state !== "failing" && state !== "degraded") continue;
    const { name, done } = wordsOf(key);
    found.push({
      key,
      title: `${name} ${state === "failing" ? "fails" : "is weak"}`,
      detail: detail ?? "",
      since: sinceOf(detail),
      done,
      tone: state === "failing" ? "bad" : "need",
    });
  }
  for (const { sessionId, title, state, lastError } of sessions) {
    if (state !== "quarantined") continue;
    const event = lifecycle.find((one) => one.type === "session.quarantined" && one.sessionId === sessionId);
    found.push({
      key: `quarantine ${sessionId}`,
      title: `${title} is quarantined`,
      detail: (event && detailOf(event)) ?? lastError?.detail ?? "Its process crashed again and again.",
      since: event?.at ?? lastError?.at,
      done: "It is not started again until the pause is over; nothing of it is lost.",
      sessionId,
      tone: "bad",
    });
  }
  return found.sort((a, b) => Number(b.tone === "bad") - Number(a.tone === "bad"));
}
