import { z } from "zod";
import { AttemptWindow } from "../../../access/attemptWindow.ts";
import { DaylongError } from "../../../domain/errors.ts";
import { newDeviceSchema, scopeSchema } from "../../../wire/delivery/devices.ts";
import { instantSchema } from "../../../wire/instants.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

const quarterHourMs = 15 * 60_000;
const hourMs = 60 * 60_000;

/** How a phone gets its token: the owner makes a code on the computer, the phone uses it once. */
export function pairingRoutes({
  access,
  clock,
  limits,
  pairingLinks,
  serverName,
}: HttpDependencies): Route[] {
  const failures = new AttemptWindow({ clock, windowMs: quarterHourMs, limit: limits.pairingFailures });
  const pairings = new AttemptWindow({ clock, windowMs: hourMs, limit: limits.pairingsPerHour });

  return [
    defineRoute({
      method: "POST",
      path: "/api/pairing-codes",
      scope: "admin",
      summary: "Make a pairing code: one use, ten minutes.",
      body: z.object({ scope: scopeSchema.default("chat") }),
      response: {
        201: z.object({ code: z.string(), expiresAt: instantSchema, url: z.string(), pageUrl: z.string() }),
      },
      handle({ body, caller }) {
        const { code, expiresAt } = access.createPairingCode(body.scope, caller);
        return json({ code, expiresAt, ...pairingLinks(code) }, 201);
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/pair",
      scope: "open",
      summary: "Use a pairing code: the new device's token, shown this once.",
      body: z.object({ code: z.string().min(1).max(100), device: newDeviceSchema }),
      refusals: ["pairing_code_invalid", "rate_limited", "storage_failed"],
      response: {
        201: z.object({
          deviceId: z.string(),
          token: z.string(),
          serverName: z.string(),
          epoch: z.string(),
        }),
      },
      maxBodyBytes: 16 * 1024,
      handle({ body, address }) {
        failures.check(address, "wrong pairing codes from this address");
        pairings.check(address, "pairings from this address");
        try {
          const pairing = access.pair(body.code, body.device);
          pairings.count(address);
          return json({ ...pairing, serverName }, 201);
        } catch (error) {
          if (error instanceof DaylongError && error.code === "pairing_code_invalid") failures.count(address);
          throw error;
        }
      },
    }),
  ];
}
