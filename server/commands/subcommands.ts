import type { Command } from "./framework/command.ts";
import { attach } from "./subcommands/attach.ts";
import { backup } from "./subcommands/backup.ts";
import { completion } from "./subcommands/completion.ts";
import { deliveries } from "./subcommands/deliveries.ts";
import { devices } from "./subcommands/devices.ts";
import { doctor } from "./subcommands/doctor.ts";
import { login } from "./subcommands/login.ts";
import { pair } from "./subcommands/pair.ts";
import { restore } from "./subcommands/restore.ts";
import { service } from "./subcommands/serviceCommand.ts";
import { sessions } from "./subcommands/sessions.ts";
import { start } from "./subcommands/start.ts";
import { testSession } from "./subcommands/testSession.ts";
import { token } from "./subcommands/token.ts";
import { usage } from "./subcommands/usage.ts";

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
  doctor,
  service,
  backup,
  restore,
  testSession,
  completion,
] as unknown as readonly Command[];
