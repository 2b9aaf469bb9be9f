import type { PushOutcome, PushSender } from "../../domain/delivery/push.ts";
import type { Clock, Durability } from "../../domain/ports.ts";

/** Shorter than any caller's deadline: who has given a push up must not find that it rings after all. */
const patienceMs = 30_000;

/**
 * The sender that rings nobody before everything committed by now, the claim of the delivery included, is durable. A disk
 * that does not confirm in half a minute is one more thing to come back after; nothing is kept to be sent when it does.
 */
export function durablePush(push: PushSender, durability: Durability, clock: Clock): PushSender {
  const confirmed = (send: () => Promise<PushOutcome>) =>
    new Promise<PushOutcome>((resolve, reject) => {
      let isLate = false;
      const disarm = clock.after(patienceMs, () => {
        isLate = true;
        resolve({ outcome: "retry", reason: "disk_owes", latencyMs: patienceMs });
      });
      durability.whenDurable(() => {
        if (isLate) return;
        disarm();
        send().then(resolve, reject);
      });
    });
  return {
    send: (request) => confirmed(() => push.send(request)),
    sync: (request) => confirmed(() => push.sync(request)),
    activity: (request) => confirmed(() => push.activity(request)),
    health: (provider) => push.health(provider),
    stop: (graceMs) => push.stop(graceMs),
  };
}
