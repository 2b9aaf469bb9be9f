import { settingsPatchSchema, settingsSchema } from "../../../wire/settings.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** The limits, for the owner. */
export const settingsRoutes = ({ settings }: HttpDependencies): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/settings",
    scope: "admin",
    summary: "The limits: what is in force, what may be set, and whether a change takes effect at once.",
    response: settingsSchema,
    handle: () => json(settings.view()),
  }),
  defineRoute({
    method: "PATCH",
    path: "/api/settings",
    scope: "admin",
    summary: "Change limits; what is absent stays, null goes back to the default. They outlive a restart.",
    body: settingsPatchSchema,
    refusals: ["setting_fixed"],
    response: settingsSchema,
    handle: ({ body, caller }) => json(settings.change(body, caller)),
  }),
];
