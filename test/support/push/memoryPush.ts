import type {
  ActivityRequest,
  ApnsTarget,
  PushOutcome,
  PushRequest,
  PushSender,
  SyncRequest,
} from "../../../server/domain/delivery/push.ts";

/** What a scripted sender answers: an outcome, a promise of one, or what to make of the request. */
export type PushScript =
  | PushOutcome
  | Promise<PushOutcome>
  | ((request: PushRequest<ApnsTarget>) => PushOutcome | Promise<PushOutcome>);

export const accepted = (request: PushRequest): PushOutcome => ({
  outcome: "sent",
  apnsId: request.deliveryId,
  status: 200,
  latencyMs: 5,
});

/** A PushSender that remembers what it was given and answers by a script; without one, every push is accepted. */
export class MemoryPush implements PushSender {
  /** Read as pushes to phones, for that is what most tests send. */
  readonly requests: Array<PushRequest<ApnsTarget>> = [];
  readonly syncs: SyncRequest[] = [];
  readonly activities: ActivityRequest[] = [];
  readonly #activityScript: Array<PushOutcome | Promise<PushOutcome>> = [];
  /** Most pushes that were unanswered at the same time. */
  peakInFlight = 0;
  stopped = false;
  #inFlight = 0;
  readonly #script: PushScript[] = [];
  #otherwise: PushScript = accepted;
  #watchers: Array<() => void> = [];

  /** Answers to the next pushes, one each. */
  answerNext(...answers: PushScript[]): this {
    this.#script.push(...answers);
    return this;
  }

  /** Answer to every push that has none of its own. */
  otherwise(answer: PushScript): this {
    this.#otherwise = answer;
    return this;
  }

  async send(request: PushRequest): Promise<PushOutcome> {
    const push = request as PushRequest<ApnsTarget>;
    this.requests.push(push);
    this.#inFlight += 1;
    this.peakInFlight = Math.max(this.peakInFlight, this.#inFlight);
    for (const watcher of this.#watchers.splice(0)) watcher();
    try {
      const answer = this.#script.shift() ?? this.#otherwise;
      return await (typeof answer === "function" ? answer(push) : answer);
    } finally {
      this.#inFlight -= 1;
    }
  }

  async sync(request: SyncRequest): Promise<PushOutcome> {
    this.syncs.push(request);
    return { outcome: "sent", apnsId: request.deliveryId, status: 200, latencyMs: 5 };
  }

  async activity(request: ActivityRequest): Promise<PushOutcome> {
    this.activities.push(request);
    const answer = this.#activityScript.shift();
    return answer ?? { outcome: "sent", apnsId: request.deliveryId, status: 200, latencyMs: 5 };
  }

  /** Answers to the next pushes to Live Activities, one each. */
  answerNextActivity(...answers: Array<PushOutcome | Promise<PushOutcome>>): this {
    this.#activityScript.push(...answers);
    return this;
  }

  health(): { state: "ok" } {
    return { state: "ok" };
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }

  /** Resolves when `count` pushes have been given; rejects after `deadlineMs` of real time. */
  async waitForCount(count: number, deadlineMs = 30_000): Promise<void> {
    const deadlineAt = Date.now() + deadlineMs;
    while (this.requests.length < count) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${this.requests.length} of ${count} pushes after ${deadlineMs} ms.`)),
          Math.max(0, deadlineAt - Date.now()),
        );
        this.#watchers.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }
}

/** A promise with its handle, to hold an answer back until the test wants it. */
export function held<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
