import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutboxSenderParts } from "../../../server/delivery/outbox/outboxSender.ts";
import type { Clock } from "../../../server/domain/ports.ts";
import { ApnsSender, type ApnsSenderParts } from "../../../server/push/apns/apnsSender.ts";
import { Rig } from "../../integration/delivery/rig.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { type ApnsStandIn, type ApnsStandInParts, startApnsStandIn } from "../../support/push/apnsStandIn.ts";

export const hexToken = (index: number): string => index.toString(16).padStart(64, "0");

/** The outboxSender over a real database and the real sender, and both of Apple's environments as stand-ins. */
export class AppleRig extends Rig {
  readonly production: ApnsStandIn;
  readonly sandbox: ApnsStandIn;
  readonly sender: ApnsSender;
  readonly #folder: string;

  private constructor(parts: {
    production: ApnsStandIn;
    sandbox: ApnsStandIn;
    sender: ApnsSender;
    folder: string;
    overrides: Partial<OutboxSenderParts>;
  }) {
    super({ push: parts.sender, ...parts.overrides });
    this.production = parts.production;
    this.sandbox = parts.sandbox;
    this.sender = parts.sender;
    this.#folder = parts.folder;
  }

  /** Without a `clock` all go by the rig's own, which stands until it is moved. */
  static async open(
    parts: {
      clock?: Clock;
      outboxSender?: Partial<OutboxSenderParts>;
      sender?: Partial<ApnsSenderParts>;
      /** Device tokens of the sandbox; every token is good for production unless `productionKnows` says otherwise. */
      sandboxKnows?: ApnsStandInParts["knows"];
      productionKnows?: ApnsStandInParts["knows"];
    } = {},
  ): Promise<AppleRig> {
    const folder = mkdtempSync(join(tmpdir(), "daylong-apple-"));
    const tlsDir = join(folder, "tls");
    let rig: AppleRig | undefined;
    const current = () => parts.clock ?? rig?.clock ?? new ManualClock();
    const clock = { now: () => current().now(), monotonic: () => current().monotonic() };
    const production = await startApnsStandIn({ tlsDir, clock, knows: parts.productionKnows });
    const sandbox = await startApnsStandIn({ tlsDir, clock, knows: parts.sandboxKnows });
    const sender = new ApnsSender({
      clock,
      key: { path: production.keyPath, keyId: production.keyId, teamId: production.teamId },
      topic: production.topic,
      production: { host: production.host, port: production.port },
      sandbox: { host: sandbox.host, port: sandbox.port },
      caPath: production.caPath,
      dataDir: join(folder, randomUUID()),
      log: { info: () => {} },
      ...parts.sender,
    });
    const overrides = { ...(parts.clock && { clock: parts.clock }), ...parts.outboxSender };
    rig = new AppleRig({ production, sandbox, sender, folder, overrides });
    return rig;
  }

  override async close(): Promise<void> {
    await super.close();
    await this.sender.stop(0);
    await Promise.all([this.production.close(), this.sandbox.close()]);
    rmSync(this.#folder, { recursive: true });
  }
}
