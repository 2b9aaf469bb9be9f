import type { Clock, Log } from "../domain/ports.ts";
import { ApnsSender } from "../push/apns/apnsSender.ts";
import { PushRouter } from "../push/pushRouter.ts";
import { WebPushSender } from "../push/webPush/webPushSender.ts";
import type { Config } from "./config.ts";

/** Every push service behind one port, and what a browser's registration needs of Web Push. */
export function openPushSenders(config: Config, pageUrl: () => string, clock: Clock, log: Log) {
  const { apns, dataDir } = config;
  const webPush = new WebPushSender({ ...config.webPush, pageUrl, clock, dataDir, log });
  const apple = new ApnsSender({
    clock,
    key: apns && { path: apns.keyPath, keyId: apns.keyId, teamId: apns.teamId },
    topic: apns?.bundleId ?? "",
    ...config.apnsHosts,
    caPath: config.apnsCaPath,
    dataDir,
    log,
  });
  return { push: new PushRouter({ apns: apple, webpush: webPush }), webPush };
}
