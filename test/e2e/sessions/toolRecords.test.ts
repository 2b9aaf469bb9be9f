import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { useScene } from "../../support/server/scene.ts";
import { connect, type ReceivedFrame } from "../../support/server/socketClient.ts";

const wait = { headers: { prefer: "wait=120" } };
describe.each([
  ["with a process a session", {}],
  ["S18 in the rollback, with a process per message", { USE_INTERACTIVE_SESSIONS: "false" }],
])("what a tool did, %s", (_mode, settings) => {
  const scene = useScene({ every: "file", settings });
  const chat = (body: Record<string, unknown>) =>
    scene.server.ask("POST", "/api/chat", { projectPath: scene.bench.project, ...body }, wait);
  interface Told {
    type: string;
    data: { toolUseId: string; title: string; input?: object; insertions?: number; summary?: string };
  }
  const told = async (sessionId: string, type: string): Promise<Told["data"][]> => {
    const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}/events?limit=1000`);
    return body.events.filter((event: Told) => event.type === type).map((event: Told) => event.data);
  };

  test("an edit is told in figures and read whole with its diff, a command with its output", async () => {
    const path = join(scene.bench.project, "new.txt");
    const input = { file_path: path, content: "one\ntwo\n" };
    const message = `use: Write ${JSON.stringify(input)}`;
    const { sessionId } = (await chat({ message, permissionMode: "acceptEdits" })).body;
    expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
    const [started] = await told(sessionId, "tool.started");
    expect(started).toMatchObject({ title: `Write: ${path}`, input });
    expect(await told(sessionId, "tool.finished")).toMatchObject([{ insertions: 2, deletions: 0 }]);
    const read = (toolUseId: string) =>
      scene.server.ask("GET", `/api/sessions/${sessionId}/tools/${toolUseId}`);
    expect((await read(started!.toolUseId)).body).toMatchObject({
      toolName: "Write",
      input,
      failed: false,
      diff: `--- /dev/null\n+++ ${path}\n@@ -0,0 +1,2 @@\n+one\n+two\n`,
      truncated: false,
    });
    await chat({ sessionId, message: "run: echo hello" });
    const echoed = (await told(sessionId, "tool.started")).at(-1)!;
    expect((await told(sessionId, "tool.finished")).at(-1)).toMatchObject({ summary: "hello" });
    expect((await read(echoed.toolUseId)).body).toMatchObject({ toolName: "Bash", output: "hello" });
    expect((await read("toolu_unknown")).body.code).toBe("tool_not_found");
  });

  test("REPORT-6 D22: no frame of a reply of 1.3 MB is over 1 MiB, and the whole is there over HTTP", async () => {
    const phone = await scene.server.pair("phone");
    const url = `${scene.server.url.replace("http", "ws")}/ws`;
    let socket = await connect({ url, token: phone.token });
    const { sessionId, turnId } = (await chat({ message: "long: 1300000" })).body;
    const isDone = ({ event }: ReceivedFrame) => event?.turnId === turnId && event?.type === "turn.completed";
    const frames: ReceivedFrame[] = [];
    // A reader that is slow beside so much text is told to come back, and goes on after what it has.
    while (!frames.some(isDone)) {
      await socket.waitFor(isDone, 120_000).catch((error: unknown) => {
        if (socket.closed === undefined) throw error;
      });
      frames.push(...socket.frames);
      if (socket.closed === undefined) continue;
      expect(socket.closed.code).toBe(4408);
      const cursor = Math.max(0, ...frames.map(({ event }) => event?.cursor ?? 0));
      socket = await connect({ url, token: phone.token, cursor, epoch: frames[0]!.epoch });
    }
    const done = frames.find(isDone)!;
    await socket.close();
    const sizes = frames.map((frame) => Buffer.byteLength(JSON.stringify(frame)));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_048_576);
    expect(done.event).toMatchObject({ truncated: true });
    const [whole] = (await told(sessionId, "turn.completed")) as unknown as Array<{
      text: string;
      messageId: string;
    }>;
    expect(whole?.text).toHaveLength(1_300_000);
    const { body } = await scene.server.ask("GET", `/api/messages/${whole?.messageId}`);
    expect(body.text).toBe(whole?.text);
  });
});
