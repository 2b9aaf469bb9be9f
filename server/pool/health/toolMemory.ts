import type { Log } from "../../domain/ports.ts";
import type { ChildTree, ProcessHost, ProcessUsage } from "../../domain/processes/process.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { Incidents } from "./incidents.ts";

export interface ToolMemoryParts {
  host: Pick<ProcessHost, "endTree">;
  log: Log;
  limits: PoolLimits;
  incidents: Incidents;
}

const inMegabytes = (bytes: number): string => `${Math.round(bytes / 1_024 ** 2)} MB`;

/**
 * Limiter of the memory of what the CLIs start. A tool's tree above its limit is ended and Claude told why, while the turn
 * goes on. An MCP or language server is only told about: Claude could not go on without it.
 */
export class ToolMemory {
  readonly #parts: ToolMemoryParts;
  /** How many trees are being ended below a process. */
  readonly #ending = new Map<string, number>();
  /** Processes below which a tree has ended since the last sample. */
  #endedLately = new Set<string>();

  constructor(parts: ToolMemoryParts) {
    this.#parts = parts;
  }

  /** Looks at what the processes started; `sessionOf` names the session of a process, if it has one. */
  judge(
    usage: ReadonlyMap<string, ProcessUsage>,
    sessionOf: (processId: string) => string | undefined,
  ): void {
    const { limits, incidents } = this.#parts;
    const endedLately = this.#endedLately;
    this.#endedLately = new Set();
    for (const [processId, { trees = [] }] of usage) {
      const sessionId = sessionOf(processId) ?? null;
      const over = trees.filter(({ rssBytes }) => rssBytes > limits.maxMemoryPerToolBytes);
      // A sample from before the end of a tree may hold it still, or what its shell has left to init, as a tree of its own.
      const isOld = this.#ending.has(processId) || endedLately.has(processId);
      for (const tree of isOld ? [] : over) if (tree.kind === "tool") this.#end(processId, sessionId, tree);
      const server = over.find(({ kind }) => kind === "server");
      if (server === undefined) incidents.close("server_memory", sessionId);
      else {
        const limit = inMegabytes(limits.maxMemoryPerToolBytes);
        const detail = `A server that Claude started (process ${server.pid}) uses ${inMegabytes(server.rssBytes)} of memory; a tool would have been ended at ${limit}.`;
        incidents.open({ kind: "server_memory", sessionId, detail });
      }
    }
  }

  #end(processId: string, sessionId: string | null, tree: ChildTree): void {
    const { host, log, limits, incidents } = this.#parts;
    this.#ending.set(processId, (this.#ending.get(processId) ?? 0) + 1);
    const used = inMegabytes(tree.rssBytes);
    const limit = inMegabytes(limits.maxMemoryPerToolBytes);
    const detail = `A command of Claude's used ${used} of memory, the limit for one is ${limit}, so the command was ended. Claude is told and goes on.`;
    incidents.open({ kind: "tool_memory", sessionId, detail });
    const why = `Daylong, the server that runs this session, ended the processes of this command: together they used ${used} of memory, and a command may use ${limit} (MAX_MEMORY_PER_TOOL_MB). Do it in a way that needs less memory, or tell the user about the limit.`;
    host
      .endTree(processId, tree, why)
      .then(
        () => this.#endedLately.add(processId),
        (error: unknown) => log.error("tool.end_failed", { processId, pid: tree.pid, error }),
      )
      .finally(() => {
        const left = (this.#ending.get(processId) ?? 1) - 1;
        if (left > 0) this.#ending.set(processId, left);
        else this.#ending.delete(processId);
        incidents.close("tool_memory", sessionId);
      });
  }
}
