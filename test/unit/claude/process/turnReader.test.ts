import { describe, expect, test } from "@jest/globals";
import { type StreamMessage, TurnReader } from "../../../../server/claude/process/turnReader.ts";
import type { ProcessSignal } from "../../../../server/domain/processes/process.ts";
import { Chance } from "../../../support/chance.ts";

const zeroUsage = { input_tokens: 1, output_tokens: 1 };
const uuids = (names: string[]) => (names.length === 0 ? {} : { user_message_uuids: names });
/** Messages of the CLI's stream, as far as Daylong reads them. */
const cli = {
  lifecycle: (uuid: string, state: string, more: object = {}) =>
    ({ type: "command_lifecycle", command_uuid: uuid, state, ...more }) as StreamMessage,
  requesting: (...names: string[]) =>
    ({ type: "system", subtype: "status", status: "requesting", ...uuids(names) }) as StreamMessage,
  text: (text: string, more: object = {}) =>
    ({
      type: "assistant",
      uuid: `m-${text}`,
      parent_tool_use_id: null,
      message: { content: [{ type: "text", text }] },
      ...more,
    }) as unknown as StreamMessage,
  tool: (id: string, more: object = {}) =>
    ({
      type: "assistant",
      uuid: `m-${id}`,
      parent_tool_use_id: null,
      message: { content: [{ type: "tool_use", id, name: "Bash", input: { command: "ls" } }] },
      ...more,
    }) as unknown as StreamMessage,
  toolEnd: (id: string, parent: string | null = null) =>
    ({
      type: "user",
      parent_tool_use_id: parent,
      message: { content: [{ type: "tool_result", tool_use_id: id }] },
    }) as unknown as StreamMessage,
  result: (text: string, names: string[] = [], more: object = {}) =>
    ({
      type: "result",
      subtype: "success",
      is_error: false,
      result: text,
      num_turns: 1,
      duration_ms: 1,
      total_cost_usd: 0,
      usage: zeroUsage,
      ...uuids(names),
      ...more,
    }) as unknown as StreamMessage,
  failure: (names: string[] = [], more: object = {}) =>
    cli.result("", names, {
      subtype: "error_during_execution",
      is_error: true,
      errors: ["Broken."],
      ...more,
    }),
  notification: (taskId: string) =>
    ({
      type: "system",
      subtype: "task_notification",
      task_id: taskId,
      status: "completed",
      summary: "It has ended.",
    }) as unknown as StreamMessage,
  compacted: (kept: string[]) =>
    ({
      type: "system",
      subtype: "compact_boundary",
      compact_metadata: {
        trigger: "manual",
        pre_tokens: 9,
        preserved_messages: { anchor_uuid: "a", uuids: kept },
      },
    }) as unknown as StreamMessage,
  tasks: (...ids: string[]) =>
    ({
      type: "system",
      subtype: "background_tasks_changed",
      tasks: ids.map((task_id) => ({ task_id, task_type: "local_bash", description: "Build it" })),
    }) as unknown as StreamMessage,
  state: (state: string) =>
    ({ type: "system", subtype: "session_state_changed", state }) as unknown as StreamMessage,
};
const taskOrigin = { origin: { kind: "task-notification" } };

function bench() {
  let ids = 0;
  const newId = () => {
    ids += 1;
    return `own-${ids}`;
  };
  const reader = new TurnReader({ newId });
  const heard: ProcessSignal[] = [];
  const read = (...messages: StreamMessage[]) => {
    const signals = messages.flatMap((message) => reader.read(message));
    heard.push(...signals);
    // Tasks and wake-ups are the subject of `taskReader.test.ts` and of `wakeupReader.test.ts`.
    return signals.flatMap((signal) => (/^alive$|^task|^wakeup/.test(signal.kind) ? [] : [tell(signal)]));
  };
  return { reader, read, heard, newId };
}

/** A signal in short: its kind, its turn, and what it says. */
function tell(signal: ProcessSignal): string {
  const turn = "turnId" in signal ? ` ${signal.turnId}` : "";
  switch (signal.kind) {
    case "own-started":
      return `own-started${turn} ${signal.origin}`;
    case "message":
      return `message${turn} ${signal.text}`;
    case "agent-message":
      return `agent-message${turn} ${signal.agent.agentId} ${signal.text}`;
    case "result":
      return `result${turn} ${signal.result.outcome} ${signal.result.text}${signal.origin ? ` ${signal.origin}` : ""}`;
    default:
      return `${signal.kind}${turn}`;
  }
}

describe("T01 the turn of what the CLI says", () => {
  test("is that of the prompt from the line that announces it to the result that names it", () => {
    const { reader, read } = bench();
    reader.given("p1");
    expect(read(cli.lifecycle("p1", "queued"))).toEqual([]);
    expect(
      read(
        cli.lifecycle("p1", "started"),
        cli.requesting("p1"),
        cli.text("Hi."),
        cli.result("Hi.", ["p1"]),
        cli.lifecycle("p1", "completed"),
      ),
    ).toEqual(["prompt-started p1", "message p1 Hi.", "result p1 completed Hi."]);
    expect(reader.latestTurnId).toBe("p1");
  });

  test.each([
    ["the request to the model", () => cli.requesting("p1")],
    ["the first text", () => cli.text("Hi.", uuids(["p1"]))],
    ["the first text, in the old form", () => cli.text("Hi.", { user_message_uuid: "p1" })],
  ])("is the prompt's also when only %s names it", (_what, message) => {
    const { reader, read } = bench();
    reader.given("p1");
    expect(read(message())[0]).toBe("prompt-started p1");
    expect(read(cli.text("More."))).toEqual(["message p1 More."]);
  });

  test("F21 is one of Claude's own when it names no prompt, and the prompt that waits gets its own words", () => {
    const { reader, read } = bench();
    read(cli.notification("b1"), cli.tasks());
    reader.given("p1");
    expect(
      read(
        cli.requesting(),
        cli.text("The build is done."),
        cli.result("The build is done.", [], taskOrigin),
      ),
    ).toEqual([
      "own-started own-1 task",
      "message own-1 The build is done.",
      "result own-1 completed The build is done. task",
    ]);
    expect(read(cli.lifecycle("p1", "started"), cli.text("Hi."), cli.result("Hi.", ["p1"]))).toEqual([
      "prompt-started p1",
      "message p1 Hi.",
      "result p1 completed Hi.",
    ]);
  });

  test("F21 T01 ends with what was said when the CLI rests without a result of it, and only then", () => {
    const { reader, read } = bench();
    expect(read(cli.text("Built."), cli.state("running"), cli.state("requires_action"))).toEqual([
      "own-started own-1 other",
      "message own-1 Built.",
    ]);
    reader.given("p1");
    expect(read(cli.state("idle"))).toEqual(["result own-1 completed "]);
    // The late result is nobody's, and a prompt's turn waits for its own.
    expect(read(cli.result("Built.", [], taskOrigin), cli.state("idle"))).toEqual([]);
    expect(read(cli.lifecycle("p1", "started"), cli.state("idle"))).toEqual(["prompt-started p1"]);
    expect(read(cli.result("Yours.", ["p1"]), cli.state("idle"))).toEqual(["result p1 completed Yours."]);
  });

  test("F21 goes over to a prompt that is folded into Claude's own turn, whose result is the prompt's", () => {
    const { reader, read } = bench();
    read(cli.notification("b1"), cli.requesting(), cli.text("I look."), cli.tool("t1"));
    reader.given("p1");
    expect(read(cli.lifecycle("p1", "queued"), cli.toolEnd("t1"))).toEqual(["tool-finished own-1"]);
    expect(
      read(cli.lifecycle("p1", "started"), cli.text("Hi."), cli.result("Hi.", ["p1"], taskOrigin)),
    ).toEqual(["own-ended own-1", "prompt-started p1", "message p1 Hi.", "result p1 completed Hi."]);
  });

  test("F21 is nobody's for the empty result with which a resumed CLI reports what was cut off", () => {
    const { reader, read } = bench();
    reader.given("p1");
    const empty = cli.result("", [], { num_turns: 0, ...taskOrigin });
    expect(read(cli.notification("b1"), cli.lifecycle("p1", "queued"), empty)).toEqual([]);
    expect(read(cli.lifecycle("p1", "started"), cli.result("Hi.", ["p1"]))).toEqual([
      "prompt-started p1",
      "result p1 completed Hi.",
    ]);
  });

  test.each([
    ["of its loop", "loop_wakeup", true],
    ["of a schedule", "schedule_wakeup", false],
  ])("T03 is known to be that of a wake-up %s", (_what, wakeup_source, isLoops) => {
    const { read, heard } = bench();
    read(cli.lifecycle("w1", "started", { wakeup_source }));
    expect(heard).toContainEqual({ kind: "wakeup-begun", turnId: "own-1", isLoops });
  });

  test.each([
    ["a wake-up", [cli.lifecycle("w1", "started", { wakeup_source: "schedule_wakeup" })], "schedule"],
    ["a command of nobody's", [cli.lifecycle("w1", "started")], "other"],
    ["a task that has ended", [cli.notification("b1")], "task"],
    ["a task that runs", [cli.tasks("b1")], "task"],
    ["nothing that was heard", [], "other"],
  ])("says that Claude began it for %s", (_why, before, origin) => {
    expect(bench().read(...before, cli.requesting())).toEqual([`own-started own-1 ${origin}`]);
  });

  test.each([
    [{ kind: "task-notification" }, "task"],
    [{ kind: "task-notification", subkind: "scheduled-trigger" }, "schedule"],
    [{ kind: "task-notification", subkind: "peer-send-message" }, "agent"],
    [{ kind: "peer", from: "x" }, "agent"],
    [{ kind: "coordinator" }, "agent"],
    [{ kind: "auto-continuation" }, "other"],
  ])("is said anew by its result: %j", (origin, own) => {
    const { read } = bench();
    expect(read(cli.text("Hi."), cli.result("Hi.", [], { origin })).at(-1)).toBe(
      `result own-1 completed Hi. ${own}`,
    );
  });

  test("F5 is not ended by the result of another's message", () => {
    const { reader, read } = bench();
    reader.given("p1");
    expect(read(cli.result("Not yours.", ["foreign"]))).toEqual([]);
    read(cli.lifecycle("p1", "started"));
    expect(read(cli.result("Not yours.", ["foreign"]), cli.text("Hi."))).toEqual(["message p1 Hi."]);
  });

  test("is ended by a result that names nothing, and a failure before any turn is the waiting prompt's", () => {
    const { reader, read } = bench();
    reader.given("p1");
    read(cli.lifecycle("p1", "started"));
    expect(read(cli.result("Hi."))).toEqual(["result p1 completed Hi."]);
    reader.given("p2");
    expect(read(cli.result("Late."), cli.failure())).toEqual(["result p2 failed "]);
    expect(read(cli.failure())).toEqual(["result undefined failed "]);
  });

  test("T08 has none of the words that the CLI says again after a compaction", () => {
    const { reader, read } = bench();
    reader.given("p1");
    read(cli.lifecycle("p1", "started"), cli.text("## Context Usage"), cli.result("", ["p1"]));
    reader.given("p2");
    expect(
      read(
        cli.lifecycle("p2", "started"),
        cli.compacted(["m-## Context Usage"]),
        cli.text("## Context Usage"),
        cli.result("", ["p2"]),
      ),
    ).toEqual(["prompt-started p2", "result p2 completed "]);
    // Nor do they begin a turn of Claude's own; what is new in a later turn is said.
    expect(read(cli.text("## Context Usage"))).toEqual([]);
    reader.given("p3");
    expect(read(cli.lifecycle("p3", "started"), cli.text("Hi."))).toEqual([
      "prompt-started p3",
      "message p3 Hi.",
    ]);
  });

  test("is broken off for a prompt that the CLI has thrown away", () => {
    const { reader, read } = bench();
    reader.given("p1");
    expect(read(cli.lifecycle("p1", "cancelled"), cli.lifecycle("p1", "cancelled"))).toEqual([
      "result p1 interrupted ",
    ]);
  });
});

describe("T05 what a subagent does", () => {
  const sub = (id: string, parent: string) => ({ parent_tool_use_id: parent, agent_id: id });

  test("belongs to the turn that started it, also after its end and in the middle of another", () => {
    const { reader, read } = bench();
    reader.given("p1");
    read(cli.lifecycle("p1", "started"), cli.tool("agent-use"), cli.result("Started.", ["p1"]));
    reader.given("p2");
    read(cli.lifecycle("p2", "started"));
    expect(
      read(
        cli.text("I look.", sub("a1", "agent-use")),
        cli.tool("t1", sub("a1", "agent-use")),
        cli.text("Nested.", sub("a2", "t1")),
        cli.toolEnd("t1", "agent-use"),
        cli.text("Yours."),
      ),
    ).toEqual([
      "agent-message p1 a1 I look.",
      "tool-started p1",
      "agent-message p1 a2 Nested.",
      "tool-finished p1",
      "message p2 Yours.",
    ]);
  });

  test("begins no turn, and the turn of its permission is found as soon as its tool is seen", async () => {
    const { reader, read } = bench();
    reader.given("p1");
    read(cli.lifecycle("p1", "started"), cli.tool("agent-use"), cli.result("Started.", ["p1"]));
    const asked = reader.turnOfTool("t1");
    expect(read(cli.tool("t1", sub("a1", "agent-use")))).toEqual(["tool-started p1"]);
    expect(await asked).toBe("p1");
    expect(await reader.turnOfTool("t1")).toBe("p1");
    const never = reader.turnOfTool("unseen");
    reader.close();
    expect(await never).toBeUndefined();
  });

  test("has the name that the task of its id was started with", () => {
    const { reader, read } = bench();
    const task = { task_id: "a1", task_type: "local_agent", subagent_type: "explorer", description: "Look" };
    read({ type: "system", subtype: "task_started", ...task } as unknown as StreamMessage);
    expect(reader.agent("a1")).toEqual({ agentId: "a1", type: "explorer", description: "Look" });
    expect([reader.agent("a2"), reader.agent(undefined)]).toEqual([{ agentId: "a2" }, undefined]);
  });
});

/**
 * A CLI that works through prompts and turns of its own as the real one does, at random: it folds prompts into its own
 * turns between two tools, names prompts in few or many of its messages, loses results of its own turns, is interrupted,
 * and dies; wake-ups are due; subagents speak in whatever turn goes on. Each text says whose it is.
 */
class RandomCli {
  readonly messages: StreamMessage[] = [];
  readonly #chance: Chance;
  readonly #queue: string[] = [];
  /** Tool uses that started subagents which are still at work. */
  readonly #agents: string[] = [];
  #tools = 0;
  #texts = 0;

  readonly #given: (turnId: string) => void;

  constructor(chance: Chance, given: (turnId: string) => void) {
    this.#chance = chance;
    this.#given = given;
  }

  prompt(turnId: string): void {
    this.#given(turnId);
    this.#queue.push(turnId);
    this.#say(cli.lifecycle(turnId, "queued"));
  }

  work(): void {
    const next = this.#queue.shift();
    if (next !== undefined && this.#chance.between(0, 3) > 0) {
      this.#answer(next);
      return;
    }
    if (next !== undefined) this.#queue.unshift(next);
    this.#own();
  }

  #answer(prompt: string): void {
    if (this.#chance.between(0, 9) > 0) this.#say(cli.lifecycle(prompt, "started"));
    this.#say(cli.requesting(prompt));
    this.#speak(prompt, 3);
    this.#end(prompt, [prompt], {});
    this.#say(cli.state("idle"));
  }

  /** The CLI is gone, with what it had: the rest of its messages is never heard, and the next one tells what was cut off. */
  die(): void {
    this.#queue.length = 0;
    this.#agents.length = 0;
    this.#say(cli.result("", [], { num_turns: 0, ...taskOrigin }), cli.state("idle"));
  }

  #own(): void {
    if (this.#chance.happens(0.5)) this.#say(cli.notification("b"));
    if (this.#chance.between(0, 3) === 0) {
      this.#say(cli.result("", [], { num_turns: 0, ...taskOrigin }));
      return;
    }
    if (this.#chance.happens(0.2))
      this.#say(cli.lifecycle("wakeup", "started", { wakeup_source: "schedule_wakeup" }));
    this.#say(cli.requesting());
    this.#speak("own", 2);
    const folded = this.#chance.between(0, 2) === 0 ? this.#queue.shift() : undefined;
    if (folded === undefined) {
      if (this.#chance.between(0, 4) > 0) this.#end("own", [], taskOrigin);
      this.#say(cli.state("idle"));
      return;
    }
    this.#say(cli.tool(this.#tool()), cli.lifecycle(folded, "started"), cli.requesting(folded));
    this.#speak(folded, 2);
    this.#end(folded, [folded], taskOrigin);
  }

  #end(whose: string, names: string[], more: object): void {
    if (this.#chance.between(0, 4) === 0)
      this.#say(cli.failure(names, { terminal_reason: "aborted_streaming", ...more }));
    else this.#say(cli.result(this.#chance.happens(0.5) ? "" : `of ${whose}`, names, more));
  }

  #speak(whose: string, most: number): void {
    for (let count = this.#chance.between(0, most + 1); count > 0; count -= 1) {
      this.#texts += 1;
      this.#say(cli.text(`of ${whose} ${this.#texts}`));
      if (this.#chance.happens(0.5)) {
        const tool = this.#tool();
        this.#say(cli.tool(tool), cli.toolEnd(tool));
        if (this.#chance.happens(0.3)) this.#agents.push(tool);
      }
      this.#speakAsAgent();
    }
    this.#speakAsAgent();
  }

  #speakAsAgent(): void {
    const use = this.#chance.pick(this.#agents);
    if (use === undefined || this.#chance.happens(0.5)) return;
    const frame = { parent_tool_use_id: use, agent_id: "a1" };
    this.#texts += 1;
    this.#say(cli.text(`for ${use} ${this.#texts}`, frame));
    if (this.#chance.happens(0.3)) this.#say(cli.tool(this.#tool(), frame));
    if (this.#chance.happens(0.2)) this.#agents.splice(this.#agents.indexOf(use), 1);
  }

  #tool(): string {
    this.#tools += 1;
    return `t${this.#tools}`;
  }

  #say(...messages: StreamMessage[]): void {
    this.messages.push(...messages);
  }
}

describe("V16 over generated interleavings", () => {
  test.each(Array.from({ length: 20 }, (_, index) => 2_100 + index))(
    "seed %i: no text without a turn, none of another's, no turn without one end",
    (seed) => {
      const chance = new Chance(seed);
      const { newId } = bench();
      const heard: Array<ProcessSignal | { kind: "cut"; turnId: string }> = [];
      let reader = new TurnReader({ newId });
      const prompts: string[] = [];
      const random = new RandomCli(chance, (turnId) => reader.given(turnId));
      for (let step = 0; step < 200; step += 1) {
        if (chance.happens(0.5)) {
          prompts.push(`p${prompts.length}`);
          random.prompt(prompts.at(-1)!);
        }
        random.work();
        const messages = random.messages.splice(0);
        const dies = chance.happens(0.05);
        if (dies) messages.length = chance.between(0, messages.length);
        for (const message of messages) heard.push(...reader.read(message));
        if (!dies) continue;
        // What was open ends with the process.
        const open = new Set<string>();
        for (const signal of heard) {
          if (signal.kind === "prompt-started" || signal.kind === "own-started") open.add(signal.turnId);
          if (signal.kind === "own-ended" || signal.kind === "result" || signal.kind === "cut")
            open.delete(signal.turnId ?? "none");
        }
        for (const turnId of open) heard.push({ kind: "cut", turnId });
        reader.close();
        reader = new TurnReader({ newId });
        random.die();
      }
      const begun = new Map<string, number>();
      const ended = new Map<string, number>();
      const turnOfUse = new Map<string, string>();
      let agentTexts = 0;
      const count = (map: Map<string, number>, turnId: string) => map.set(turnId, (map.get(turnId) ?? 0) + 1);
      for (const signal of heard) {
        if (signal.kind === "prompt-started" || signal.kind === "own-started") count(begun, signal.turnId);
        if (signal.kind === "own-ended" || signal.kind === "result" || signal.kind === "cut")
          count(ended, signal.turnId ?? "none");
        if (signal.kind === "tool-started") {
          expect(begun.has(signal.turnId)).toBe(true);
          turnOfUse.set(signal.toolUseId, signal.turnId);
        }
        if (signal.kind === "agent-message") {
          agentTexts += 1;
          expect(signal.turnId).toBe(turnOfUse.get(signal.text.split(" ")[1]!));
        }
        if (signal.kind !== "message") continue;
        expect([begun.has(signal.turnId), ended.has(signal.turnId)]).toEqual([true, false]);
        const whose = signal.text.split(" ")[1]!;
        expect(signal.turnId.startsWith(whose === "own" ? "own-" : whose)).toBe(true);
        if (whose !== "own") expect(signal.turnId).toBe(whose);
      }
      expect([...begun.values(), ...ended.values()].every((times) => times === 1)).toBe(true);
      // The last turns may still wait; each that began has ended.
      expect([...begun.keys()].filter((turnId) => !ended.has(turnId))).toEqual([]);
      expect([...ended.keys()].filter((turnId) => !begun.has(turnId))).toEqual([]);
      expect(heard.filter(({ kind }) => kind === "message").length).toBeGreaterThan(50);
      expect(agentTexts).toBeGreaterThan(20);
    },
  );
});
