import type { Caller } from "../../domain/delivery/device.ts";
import { type LoggedEvent, terminalTurnEvents } from "../../domain/delivery/event.ts";
import {
  type ActivityState,
  activityContentOf,
  type LiveActivity,
  noProgress,
} from "../../domain/delivery/liveActivity.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { Turn } from "../../domain/sessions/turn.ts";
import type { ActivityPlanner } from "./activityPlanner.ts";

/** How far back the end of the last turn is looked for: hardly anything is appended after it but the next turn. */
const lookBackEvents = 200;

export interface ActivityRegistrationsParts {
  store: Pick<Store, "transaction" | "events" | "sessions" | "turns" | "activities" | "audit">;
  planner: Pick<ActivityPlanner, "planEnd">;
  clock: Clock;
  /** A new address of an activity whose turn is under way. */
  registered: (activity: LiveActivity) => void;
}

/** The answer to the app: the turn that its activity shows, and the state of the turn. */
export interface RegisteredActivity {
  sessionId: string;
  turnId: string;
  state: ActivityState;
}

/** Registers the tokens with which a device's Live Activities are started and updated: stored, never logged. */
export class ActivityRegistrations {
  readonly #parts: ActivityRegistrationsParts;

  constructor(parts: ActivityRegistrationsParts) {
    this.#parts = parts;
  }

  /** With this token an activity is started on the device; `null`: no more. A token belongs to one device. */
  setStart(deviceId: string, token: string | null, by: Caller): void {
    const { store, clock } = this.#parts;
    store.transaction(() => {
      const before = store.activities.start(deviceId);
      if (token === null) store.activities.removeStart(deviceId);
      else {
        for (const other of store.activities.starts()) {
          if (other.deviceId !== deviceId && other.token === token)
            store.activities.removeStart(other.deviceId);
        }
        store.activities.putStart({ deviceId, token, registeredAt: clock.now() });
      }
      if (before?.token !== (token ?? undefined)) this.#audit(by, "push-to-start.change", deviceId);
    });
  }

  /**
   * The app has an activity for the session and names its address. It shows the turn that runs, or else the next one
   * that waits. When neither is there, the turn was quicker than the address: the activity is ended at once.
   * Throws `session_not_found`, and `nothing_running` for a session without any turn.
   */
  put(deviceId: string, sessionId: string, token: string, by: Caller): RegisteredActivity {
    const { store, planner, clock, registered } = this.#parts;
    return store.transaction(
      () => {
        const session = store.sessions.get(sessionId);
        if (!session) throw new DaylongError("session_not_found", `There is no session ${sessionId}.`);
        const underWay = this.#turnUnderWay(sessionId);
        const end = underWay ? undefined : this.#lastEnd(sessionId, session.lastSeq);
        const turn = underWay ?? (end && store.turns.get(end.turnId));
        if (!turn) {
          throw new DaylongError("nothing_running", "The session has no turn for an activity to show.");
        }
        const { turnId } = turn;
        const before = store.activities.get(deviceId, sessionId, turnId);
        store.activities.put({ deviceId, sessionId, turnId, token, registeredAt: clock.now() });
        if (end) planner.planEnd(deviceId, end);
        if (before?.token !== token) this.#audit(by, "live-activity.put", sessionId);
        const { state } = activityContentOf(turn, session, noProgress);
        return { sessionId, turnId, state };
      },
      ({ turnId }) => {
        const activity = store.activities.get(deviceId, sessionId, turnId);
        if (activity) registered(activity);
      },
    );
  }

  /** The app has ended the activity itself. Without a token: all of the device in this session. */
  remove(deviceId: string, sessionId: string, token: string | undefined, by: Caller): boolean {
    const { store } = this.#parts;
    return store.transaction(() => {
      if (!store.sessions.get(sessionId)) {
        throw new DaylongError("session_not_found", `There is no session ${sessionId}.`);
      }
      const removed = store.activities.remove(deviceId, sessionId, token);
      if (removed) this.#audit(by, "live-activity.remove", sessionId);
      return removed;
    });
  }

  #turnUnderWay(sessionId: string): Turn | undefined {
    const { turns } = this.#parts.store;
    const running = turns.inState("running").find((turn) => turn.sessionId === sessionId);
    return running ?? turns.nextQueued(sessionId, this.#parts.clock.now());
  }

  #lastEnd(sessionId: string, lastSeq: number): { turnId: string; cursor: number } | undefined {
    const after = Math.max(0, lastSeq - lookBackEvents);
    const isEnd = (event: LoggedEvent) => terminalTurnEvents.has(event.type);
    const end = this.#parts.store.events.ofSession(sessionId, after, lookBackEvents).findLast(isEnd);
    return end?.turnId === undefined ? undefined : { turnId: end.turnId, cursor: end.cursor };
  }

  #audit(by: Caller, action: string, target: string): void {
    const { store, clock } = this.#parts;
    store.audit.add({ at: clock.now(), deviceId: by.deviceId, action, target, detail: "" });
  }
}
