import { expect, test } from "@jest/globals";
import {
  type KeepAwakeMode,
  reasonToStayAwake,
  type Workload,
} from "../../../../server/domain/processes/workload.ts";

const nothing: Workload = { turns: 0, tasks: 0, processes: 0 };

test.each<[string, KeepAwakeMode, Partial<Workload>, string | undefined]>([
  ["nothing", "work", {}, undefined],
  ["an idle process", "work", { processes: 3 }, undefined],
  ["a turn", "work", { turns: 1, processes: 1 }, "1 turn running"],
  ["a task", "work", { tasks: 1, processes: 1 }, "1 task running"],
  ["both", "work", { turns: 2, tasks: 3, processes: 2 }, "2 turns and 3 tasks running"],
  ["nothing", "lease", {}, undefined],
  ["an idle process", "lease", { processes: 1 }, "1 session with a process"],
  ["work", "lease", { turns: 1, processes: 2 }, "2 sessions with a process"],
  ["work", "off", { turns: 1, tasks: 1, processes: 1 }, undefined],
])(
  "O14: with %s and KEEP_AWAKE=%s the computer is kept awake for what there is: %j",
  (_what, mode, work, reason) => {
    expect(reasonToStayAwake(mode, { ...nothing, ...work })).toBe(reason);
  },
);
