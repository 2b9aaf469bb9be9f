import type { Durability } from "../domain/ports.ts";
import type { PushSender } from "../domain/push.ts";

/** The sender that rings nobody before everything committed by now, the claim of the delivery included, is durable. */
export function confirmedPush(push: PushSender, durability: Durability): PushSender {
  const durable = () => new Promise<void>((resolve) => durability.whenDurable(resolve));
  return {
    send: (request) => durable().then(() => push.send(request)),
    sync: (request) => durable().then(() => push.sync(request)),
    activity: (request) => durable().then(() => push.activity(request)),
    health: (provider) => push.health(provider),
    stop: (graceMs) => push.stop(graceMs),
  };
}
