import type { PushOutcome, PushSender } from "../../domain/delivery/push.ts";
import type { Clock, Durability } from "../../domain/ports.ts";
import { DurableGate } from "../durableGate.ts";

/** Shorter than the deadline of any caller: a push that the caller has given up must not ring after all. */
const deadlineMs = 30_000;

/**
 * The push sender that sends nothing before everything committed by now, the event of the delivery included, is durable.
 * A disk that does not confirm in half a minute is one more reason to retry later; nothing is kept to be sent when it does.
 */
export function durablePush(push: PushSender, durability: Durability, clock: Clock): PushSender {
  const gate = new DurableGate(durability);
  const late = (): PushOutcome => ({ outcome: "retry", reason: "disk_owes", latencyMs: deadlineMs });
  const confirmed = (send: () => Promise<PushOutcome>) => gate.start(send, { clock, deadlineMs, late });
  return {
    send: (request) => confirmed(() => push.send(request)),
    sync: (request) => confirmed(() => push.sync(request)),
    activity: (request) => confirmed(() => push.activity(request)),
    health: (provider) => push.health(provider),
    stop: (graceMs) => push.stop(graceMs),
  };
}
