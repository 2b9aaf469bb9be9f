import { randomUUID } from "node:crypto";
import { withDeadline } from "../../domain/deadline.ts";
import { DeadlineTimer, instantOf } from "../../domain/deadlineTimer.ts";
import { type LoggedEvent, terminalTurnEvents } from "../../domain/delivery/event.ts";
import { type LiveActivity, progressAfter, showsInActivity } from "../../domain/delivery/liveActivity.ts";
import type { PushOutcome, PushSender } from "../../domain/delivery/push.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import { isTerminal } from "../../domain/sessions/turn.ts";
import { isProof } from "./activityPushes.ts";
import type { ActivityRequestBuilder } from "./activityRequestBuilder.ts";

/** At most one update in this time; changes in between are in the next one. Apple throttles more frequent updates. */
export const betweenUpdatesMs = 15_000;
/** Without news an update goes out all the same, well before the content counts as outdated. */
export const refreshMs = 5 * 60_000;
const sendDeadlineMs = 60_000;

export interface ActivityUpdatesParts {
  store: Pick<Store, "activities">;
  requests: ActivityRequestBuilder;
  push: Pick<PushSender, "activity">;
  clock: Clock;
  log: Log;
}

/** The rate budget of one activity. */
interface Budget {
  activity: LiveActivity;
  /** No update before this instant. */
  notBeforeAt: number;
  timer: DeadlineTimer;
}

/**
 * Sends the updates of Live Activities while their turns run, within a rate budget for each activity. Lossy by design: an
 * update that fails is neither stored nor retried, because the next one carries the whole state. What must not be lost (that
 * the turn waits for a permission, that it has ended) is an alert or an end, and goes through the outbox.
 */
export class ActivityUpdates {
  readonly #parts: ActivityUpdatesParts;
  readonly #budgets = new Map<string, Budget>();
  #stopped = false;

  constructor(parts: ActivityUpdatesParts) {
    this.#parts = parts;
  }

  /** After the commit that appended the event. */
  noteEvent(event: LoggedEvent): void {
    const { requests } = this.#parts;
    const { sessionId, turnId } = event;
    if (sessionId === null || turnId === undefined) return;
    if (terminalTurnEvents.has(event.type)) {
      requests.setProgress(turnId, undefined);
      for (const budget of [...this.#budgets.values()]) {
        if (budget.activity.turnId === turnId) this.#close(budget);
      }
      return;
    }
    const before = requests.progressOf(turnId);
    const after = progressAfter(before, event);
    if (after === before && !showsInActivity(event)) return;
    requests.setProgress(turnId, after);
    for (const activity of this.#parts.store.activities.ofTurn(sessionId, turnId)) this.request(activity);
  }

  /** The content of the activity is out of date: an update, as soon as the budget allows. */
  request(activity: LiveActivity): void {
    if (this.#stopped) return;
    const { clock } = this.#parts;
    const budget = this.#budgets.get(keyOf(activity)) ?? this.#open(activity, clock.monotonic());
    budget.timer.armNoLaterThan(Math.max(clock.now(), instantOf(clock, budget.notBeforeAt)));
  }

  stop(): void {
    this.#stopped = true;
    for (const budget of [...this.#budgets.values()]) this.#close(budget);
  }

  #open(activity: LiveActivity, now: number): Budget {
    const { clock, log } = this.#parts;
    const onDue = () =>
      this.#update(budget).catch((error: unknown) => {
        log.warn("activity.update_failed", { deviceId: activity.deviceId, error });
      });
    const budget: Budget = { activity, notBeforeAt: now, timer: new DeadlineTimer({ clock, onDue }) };
    this.#budgets.set(keyOf(activity), budget);
    return budget;
  }

  #close(budget: Budget): void {
    budget.timer.cancel();
    this.#budgets.delete(keyOf(budget.activity));
  }

  async #update(budget: Budget): Promise<void> {
    const { store, requests, push, clock, log } = this.#parts;
    const { deviceId, sessionId, turnId } = budget.activity;
    const activity = store.activities.get(deviceId, sessionId, turnId);
    const subject = requests.subject(sessionId, turnId);
    if (!activity || !subject || isTerminal(subject.turn.state)) {
      this.#close(budget);
      return;
    }
    const now = clock.now();
    budget.notBeforeAt = clock.monotonic() + betweenUpdatesMs;
    budget.timer.armNoLaterThan(now + refreshMs);
    const request = requests.build("update", randomUUID(), subject, activity);
    const late = (): PushOutcome => ({ outcome: "retry", reason: "sender_hangs", latencyMs: sendDeadlineMs });
    const outcome = await withDeadline(clock, sendDeadlineMs, push.activity(request), late);
    if (outcome.outcome === "sent") return;
    log.info("activity.update_lost", { deviceId, outcome: outcome.outcome, reason: outcome.reason });
    if (outcome.outcome === "retry") {
      // The instant that Apple named holds for the updates that follow, too.
      const waitMs = (outcome.notBeforeAt ?? 0) - clock.now();
      budget.notBeforeAt = Math.max(budget.notBeforeAt, clock.monotonic() + waitMs);
    }
    const current = store.activities.get(deviceId, sessionId, turnId);
    if (current?.token !== activity.token || !isProof(outcome, current.registeredAt)) return;
    store.activities.remove(deviceId, sessionId, activity.token);
    log.info("activity.token_dropped", { deviceId });
    this.#close(budget);
  }
}

const keyOf = ({ deviceId, turnId }: LiveActivity): string => `${deviceId} ${turnId}`;
