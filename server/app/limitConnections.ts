import type { Server } from "node:http";
import { callerAddress } from "../access/callerAddress.ts";
import { autoValue } from "../domain/limits.ts";
import type { Log } from "../domain/ports.ts";
import { autoBounds } from "../domain/processes/machine.ts";
import { ConnectionLimits } from "../platform/connectionLimits.ts";
import { openFilesCount, openFilesLimit, roomForConnections } from "../platform/filesystem/openFiles.ts";
import { isLoopback } from "../platform/listener.ts";
import type { Settings } from "./settings.ts";

/** Below this a home full of devices and browsers would push out its own connections. */
const lowRoom = 64;

/** Limits the listener's connections by the room that the table of open files has beside the CLI processes. */
export function limitConnections(
  server: Server,
  { settings, log }: { settings: Settings; log: Log },
): ConnectionLimits {
  const openAtStart = openFilesCount();
  const room = (): number => {
    const limit = openFilesLimit();
    const { maxConcurrentSessions, prewarmedProcesses } = settings.config;
    // One more for a recap.
    const sessions = maxConcurrentSessions === autoValue ? autoBounds.most : maxConcurrentSessions;
    const processes = sessions + prewarmedProcesses + 1;
    const most = roomForConnections({ limit, openAtStart, processes });
    const fields = { limit, openAtStart, processes, connections: most };
    if (most < lowRoom)
      log.warn(
        "files.limit_low",
        Object.assign(fields, { hint: "Raise it with ulimit -n before the start." }),
      );
    else log.debug("files.limit", fields);
    return most;
  };
  const limits = new ConnectionLimits(server, {
    log,
    addressOf: callerAddress,
    // A tunnel or a proxy on this computer, with everybody behind it.
    isShared: isLoopback,
    most: room(),
  });
  settings.onChange(() => limits.setMost(room()));
  return limits;
}
