import { randomUUID } from "node:crypto";
import type { Device } from "../../domain/delivery/device.ts";
import type { PushOutcome, PushSender } from "../../domain/delivery/push.ts";
import { pushFault } from "../../domain/delivery/pushFaults.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Store } from "../../domain/ports.ts";

/** The outcome of a test push; `status` and `reason` as Apple gave them. */
export interface TestPushReport {
  outcome: PushOutcome["outcome"];
  apnsId: string;
  status?: number;
  reason?: string;
  /** The reason in words, when it is a fault of the server's own side. */
  detail?: string;
  latencyMs: number;
}

/** Sends a harmless push now, past the outbox. Throws `push_not_registered` for a device without a token. */
export async function sendTestPush(
  device: Device,
  parts: { store: Pick<Store, "events" | "outbox">; push: PushSender; clock: Clock },
): Promise<TestPushReport> {
  const { store, push, clock } = parts;
  if (!device.push) throw new DaylongError("push_not_registered", `${device.name} has no push token.`);
  const deliveryId = randomUUID();
  const outcome = await push.send({
    deliveryId,
    target: device.push,
    content: {
      kind: "reply",
      cursor: store.events.tip(),
      sessionId: "",
      title: "Daylong",
      body: "This is a test. Pushes reach this device.",
      badge: store.outbox.unreadCount(device.deviceId),
    },
    at: clock.now(),
  });
  const reason = outcome.outcome === "sent" ? undefined : outcome.reason;
  const detail = reason === undefined ? undefined : pushFault(reason);
  return {
    outcome: outcome.outcome,
    apnsId: outcome.outcome === "sent" ? outcome.apnsId : deliveryId,
    status: outcome.status,
    reason,
    detail: detail === reason ? undefined : detail,
    latencyMs: outcome.latencyMs,
  };
}
