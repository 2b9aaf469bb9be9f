import type {
  ActivityRequest,
  ApnsTarget,
  PushChannel,
  PushHealth,
  PushOutcome,
  PushProvider,
  PushRequest,
  PushSender,
  SyncRequest,
  WebPushTarget,
} from "../domain/delivery/push.ts";

export interface PushRouterParts {
  apns: PushChannel<ApnsTarget> & Pick<PushSender, "activity">;
  webpush: PushChannel<WebPushTarget>;
}

/** Router of pushes: sends each through the push service that its device registered with. */
export class PushRouter implements PushSender {
  readonly #channels: PushRouterParts;

  constructor(channels: PushRouterParts) {
    this.#channels = channels;
  }

  send(request: PushRequest): Promise<PushOutcome> {
    const { apns, webpush } = this.#channels;
    const { target } = request;
    switch (target.provider) {
      case "apns":
        return apns.send({ ...request, target });
      case "webpush":
        return webpush.send({ ...request, target });
      default:
        return unknownProvider(target);
    }
  }

  sync(request: SyncRequest): Promise<PushOutcome> {
    const { apns, webpush } = this.#channels;
    const { target } = request;
    switch (target.provider) {
      case "apns":
        return apns.sync({ ...request, target });
      case "webpush":
        return webpush.sync({ ...request, target });
      default:
        return unknownProvider(target);
    }
  }

  activity(request: ActivityRequest): Promise<PushOutcome> {
    return this.#channels.apns.activity(request);
  }

  health(provider: PushProvider): PushHealth {
    return this.#channels[provider].health();
  }

  async stop(graceMs: number): Promise<void> {
    const { apns, webpush } = this.#channels;
    await Promise.all([apns.stop(graceMs), webpush.stop(graceMs)]);
  }
}

function unknownProvider(target: never): never {
  throw new Error(`No push service of the name ${(target as { provider: string }).provider}.`);
}
