import { z } from "zod";
import type { Caller, Device } from "../../../domain/delivery/device.ts";
import { DaylongError } from "../../../domain/errors.ts";
import {
  apnsTokenSchema,
  bundleIdSchema,
  deliverySchema,
  devicePatchSchema,
  deviceSchema,
  testPushSchema,
} from "../../../wire/delivery/devices.ts";
import { idSchema } from "../../../wire/ids.ts";
import { limitSchema } from "../../../wire/paging.ts";
import { textSchema } from "../../../wire/text.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { ownDeviceId } from "../../framework/authorise.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

const deviceParams = z.object({ id: idSchema });

/** A device as clients see it: no token, no push token, no key. */
export const deviceView = (device: Device, connected: boolean): z.input<typeof deviceSchema> => ({
  deviceId: device.deviceId,
  name: device.name,
  platform: device.platform,
  scope: device.scope,
  createdAt: device.createdAt,
  lastSeenAt: device.lastSeenAt,
  connected,
  ackedCursor: device.ackedCursor,
  push: device.push && {
    provider: device.push.provider,
    ...(device.push.provider === "apns" ? { environment: device.push.environment } : {}),
    registeredAt: device.push.registeredAt,
    // Web Push is never sent in the clear: RFC 8291.
    encrypted: device.push.provider === "webpush" || device.push.encryptionKey !== undefined,
  },
  preferences: device.preferences,
});

/** The paired devices. `me` is the caller's own; others are for admin. */
export function deviceRoutes(parts: HttpDependencies): Route[] {
  const { access, pushRegistration, activityRegistrations, store } = parts;
  const view = (deviceId: string) => deviceView(access.get(deviceId), parts.connected(deviceId));

  return [
    defineRoute({
      method: "GET",
      path: "/api/devices",
      scope: "admin",
      summary: "The paired devices.",
      response: z.object({ devices: z.array(deviceSchema) }),
      handle: () =>
        json({
          devices: access.list().map((device) => deviceView(device, parts.connected(device.deviceId))),
        }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/devices/:id",
      scope: "read",
      summary: "A device.",
      params: deviceParams,
      refusals: ["device_not_found"],
      response: deviceSchema,
      handle: ({ params, caller }) => json(view(ownDeviceId(params.id, caller))),
    }),
    defineRoute({
      method: "PATCH",
      path: "/api/devices/:id",
      scope: "chat",
      summary: "Change a device's name, push target or preferences; what is absent stays, null removes.",
      params: deviceParams,
      body: devicePatchSchema,
      refusals: ["device_not_found", ...errorSets.pushTarget],
      response: deviceSchema,
      handle({ params, body, caller }) {
        const deviceId = ownDeviceId(params.id, caller);
        // All of the patch or none of it.
        store.transaction(() => {
          access.get(deviceId);
          if (body.name !== undefined) access.rename(deviceId, body.name, caller);
          if (body.push !== undefined) changePush(deviceId, body.push, caller);
          if (body.preferences !== undefined) access.changePreferences(deviceId, body.preferences, caller);
        });
        return json(view(deviceId));
      },
    }),
    defineRoute({
      method: "DELETE",
      path: "/api/devices/:id",
      // A device may always revoke itself, with any scope.
      scope: "read",
      mayEndCaller: true,
      summary: "Revoke a device: its token ends at once and its sockets close.",
      params: deviceParams,
      refusals: ["device_not_found"],
      response: z.object({ success: z.literal(true), deviceId: z.string() }),
      handle({ params, caller }) {
        const deviceId = ownDeviceId(params.id, caller);
        access.revoke(deviceId, caller);
        return json({ success: true, deviceId });
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/devices/register",
      scope: "chat",
      summary: "Register the caller's APNs token (kept for older clients; see PATCH /api/devices/me).",
      body: z.object({
        deviceToken: apnsTokenSchema,
        platform: textSchema.max(40).optional(),
        bundleId: bundleIdSchema.optional(),
      }),
      refusals: errorSets.pushTarget,
      response: z.object({ success: z.literal(true), deviceId: z.string() }),
      handle({ body, caller }) {
        pushRegistration.register(caller.deviceId, { token: body.deviceToken, topic: body.bundleId }, caller);
        return json({ success: true, deviceId: caller.deviceId });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/push/vapid-key",
      scope: "read",
      summary: "The server's key that a page subscribes with (`applicationServerKey`).",
      refusals: ["push_disabled"],
      response: z.object({ publicKey: z.string() }),
      handle: () => json({ publicKey: pushRegistration.vapidKey }),
    }),
    defineRoute({
      method: "POST",
      path: "/api/devices/test-push",
      scope: "chat",
      summary: "Send a push to the caller's device and tell what its push service said.",
      refusals: ["push_not_registered"],
      response: testPushSchema,
      async handle({ caller }) {
        const device = access.get(caller.deviceId);
        if (device.push === null) {
          throw new DaylongError(
            "push_not_registered",
            "The device has no push target: register one with PATCH /api/devices/me.",
          );
        }
        return json(await parts.testPush(device));
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/devices/:id/deliveries",
      scope: "read",
      summary: "What became of the device's pushes, newest first.",
      params: deviceParams,
      query: z.object({ limit: limitSchema(50, 200) }),
      refusals: ["device_not_found"],
      response: z.object({ deliveries: z.array(deliverySchema) }),
      handle({ params, query, caller }) {
        const device = access.get(ownDeviceId(params.id, caller));
        const deliveries = store.outbox.ofDevice(device.deviceId, query.limit).map((delivery) => ({
          deliveryId: delivery.deliveryId,
          cursor: delivery.cursor,
          kind: delivery.kind,
          state: delivery.state,
          attempts: delivery.attempts,
          ...(delivery.nextAttemptAt === null ? {} : { nextAttemptAt: delivery.nextAttemptAt }),
        }));
        return json({ deliveries });
      },
    }),
  ];

  function changePush(
    deviceId: string,
    push: NonNullable<z.output<typeof devicePatchSchema>["push"]> | null,
    caller: Caller,
  ): void {
    if (push === null) {
      pushRegistration.remove(deviceId, caller);
      return;
    }
    const { token, environment, topic, encryptionKey, subscription, liveActivity } = push;
    if (liveActivity?.pushToStartToken !== undefined) {
      activityRegistrations.setStart(deviceId, liveActivity.pushToStartToken, caller);
    }
    if (subscription !== undefined) {
      pushRegistration.subscribe(deviceId, subscription, caller);
      return;
    }
    const changesAlerts = [token, environment, topic, encryptionKey].some((field) => field !== undefined);
    if (liveActivity !== undefined && !changesAlerts) return;
    pushRegistration.register(deviceId, { token, environment, topic, encryptionKey }, caller);
  }
}
