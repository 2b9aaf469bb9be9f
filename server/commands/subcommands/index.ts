import type { Command } from "../framework/command.ts";
import { attach } from "./attach.ts";
import { deliveries } from "./deliveries.ts";
import { devices } from "./devices.ts";
import { login } from "./login.ts";
import { pair } from "./pair.ts";
import { sessions } from "./sessions.ts";
import { start } from "./start.ts";
import { testSession } from "./testSession.ts";
import { token } from "./token.ts";
import { usage } from "./usage.ts";

/** The subcommands of `daylong`, in the order of its help. */
export const subcommands = [
  start,
  pair,
  attach,
  token,
  login,
  sessions,
  devices,
  deliveries,
  usage,
  testSession,
] as unknown as readonly Command[];
