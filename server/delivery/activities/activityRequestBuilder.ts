import { basename } from "node:path";
import {
  type ActivityContent,
  activityContentOf,
  noProgress,
  type Progress,
} from "../../domain/delivery/liveActivity.ts";
import type { ActivityRequest, ApnsEnvironment, ApnsTarget } from "../../domain/delivery/push.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { Session } from "../../domain/sessions/session.ts";
import type { Turn } from "../../domain/sessions/turn.ts";
import { shownName } from "../../domain/visibleText.ts";

/** Without an update for so long an activity shows that it may be outdated. */
export const staleAfterMs = 10 * 60_000;
/** How long an ended activity stays on the lock screen: long enough to be seen, short enough not to pile up. */
const dismissAfterMs = 10 * 60_000;
/** iOS itself ends an activity after eight hours ("Displaying live data with Live Activities"). */
export const activityLifeMs = 8 * 3_600_000;

export interface ActivityRequestBuilderParts {
  store: Pick<Store, "devices" | "sessions" | "turns">;
  clock: Clock;
  /** Of a device that registered no token for alerts (`APNS_ENVIRONMENT`). */
  defaultEnvironment: ApnsEnvironment;
}

/** A turn and its session, in their present state. */
export interface ActivitySubject {
  session: Session;
  turn: Turn;
}

/** Builds the push requests of Live Activities from the present state of the session and the turn. */
export class ActivityRequestBuilder {
  readonly #parts: ActivityRequestBuilderParts;
  readonly #progressByTurn = new Map<string, Progress>();

  constructor(parts: ActivityRequestBuilderParts) {
    this.#parts = parts;
  }

  /** The progress of a running turn; kept in memory, for a turn does not outlive the server. */
  progressOf(turnId: string): Progress {
    return this.#progressByTurn.get(turnId) ?? noProgress;
  }

  setProgress(turnId: string, progress: Progress | undefined): void {
    if (progress) this.#progressByTurn.set(turnId, progress);
    else this.#progressByTurn.delete(turnId);
  }

  subject(sessionId: string, turnId: string): ActivitySubject | undefined {
    const session = this.#parts.store.sessions.get(sessionId);
    const turn = this.#parts.store.turns.get(turnId);
    return session && turn && { session, turn };
  }

  build(
    event: ActivityRequest["event"],
    deliveryId: string,
    { session, turn }: ActivitySubject,
    address: { deviceId: string; token: string; registeredAt: number },
  ): ActivityRequest {
    const now = this.#parts.clock.now();
    const content: ActivityContent = activityContentOf(turn, session, this.progressOf(turn.turnId));
    return {
      deliveryId,
      target: this.#target(address),
      event,
      content,
      attributes: {
        sessionId: session.sessionId,
        turnId: turn.turnId,
        title: shownName(session.title),
        projectName: shownName(basename(session.projectPath)),
      },
      at: now,
      untilAt: now + (event === "end" ? dismissAfterMs : staleAfterMs),
      expiresAt: now + (event === "end" ? activityLifeMs : staleAfterMs),
    };
  }

  /** The app is the same as for alerts, and so are its topic, its environment and its encryption. */
  #target({
    deviceId,
    token,
    registeredAt,
  }: {
    deviceId: string;
    token: string;
    registeredAt: number;
  }): ApnsTarget {
    const { store, defaultEnvironment } = this.#parts;
    const push = store.devices.get(deviceId)?.push;
    const app = push?.provider === "apns" ? push : undefined;
    const environment = app?.environment ?? defaultEnvironment;
    const { topic, encryptionKey } = app ?? {};
    return { provider: "apns", token, environment, topic, encryptionKey, registeredAt };
  }
}
