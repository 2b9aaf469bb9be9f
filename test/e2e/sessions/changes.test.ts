import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

describe.each([
  ["with a process a session", {}],
  ["S18 in the rollback, with a process per message", { USE_INTERACTIVE_SESSIONS: "false" }],
])("what came of a turn, for an owner who was away, %s", (_mode, settings) => {
  const scene = useScene({ every: "file", settings });
  const ask = async (method: string, path: string, body?: Record<string, unknown>) =>
    scene.server.ask(method, path, body, { headers: { prefer: "wait=120" } });
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", scene.bench.project, "-c", "user.name=A", "-c", "user.email=a@b", ...args]);

  test("T13: what Claude changed in the project's working tree is listed, shown, and the branch is named", async () => {
    git("init", "--quiet", "--initial-branch", "topic");
    git("commit", "--quiet", "--allow-empty", "--message", "Begin");
    const message = "write: new.txt one line";
    const projectPath = scene.bench.project;
    const { body } = await ask("POST", "/api/chat", { message, projectPath, permissionMode: "acceptEdits" });
    expect(body.state).toBe("completed");
    const path = `/api/sessions/${body.sessionId}`;
    const changes = await ask("GET", `${path}/changes`);
    expect(changes).toMatchObject({ status: 200, body: { isRepository: true, branch: "topic" } });
    expect(changes.body.files).toContainEqual(
      expect.objectContaining({ path: "new.txt", state: "untracked" }),
    );
    const diff = await ask("GET", `${path}/changes/diff?path=new.txt`);
    expect(diff.body.diff).toContain("+one line");
    const named = async () => (await ask("GET", path)).body.gitBranch === "topic";
    await eventually("the branch on the session", named);
  });

  test("D20: a reply is unread until the owner has read it, on any device, and a list shows its text", async () => {
    const { body } = await ask("POST", "/api/chat", {
      message: "say: Good morning",
      projectPath: scene.bench.project,
    });
    const view = async () =>
      (await ask("GET", "/api/sessions")).body.sessions.find(
        ({ sessionId }: { sessionId: string }) => sessionId === body.sessionId,
      );
    const before = await view();
    expect(before).toMatchObject({ lastText: "Good morning", readSeq: 0, unread: 1 });
    const read = await ask("POST", `/api/sessions/${body.sessionId}/read`, { seq: before.lastSeq });
    expect(read.status).toBe(200);
    expect(await view()).toMatchObject({ readSeq: before.lastSeq, unread: 0 });
  });
});
