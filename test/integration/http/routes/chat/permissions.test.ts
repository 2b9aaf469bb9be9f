import { describe, expect, test } from "@jest/globals";
import type { Permission } from "../../../../../server/domain/sessions/permission.ts";
import type { OpenAsk } from "../../../../support/claude/scriptedHost.ts";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

/** Claude asks whether it may run a command. */
const ask = async (): Promise<Permission> => {
  const body = { message: "Tidy up", projectPath: rig.project };
  const { sessionId, turnId } = (await rig.ask("POST", "/api/chat", { body })).body;
  const process = await rig.host.prompted(String(turnId));
  asked = process.ask({ title: "Run a command", input: { command: "rm notes" } });
  const permissionId = rig.store.permissions.open()[0]?.permissionId ?? "";
  return {
    permissionId,
    sessionId: String(sessionId),
    turnId: String(turnId),
    kind: "tool",
    toolName: "Bash",
    toolUseId: rig.store.permissions.open()[0]?.toolUseId,
    title: "Run a command",
    input: { command: "rm notes" },
    suggestions: [],
    scopes: ["once"],
    lookFirst: false,
    truncated: false,
    requestedAt: rig.clock.now(),
    expiresAt: rig.clock.now() + 3_600_000,
    state: "open",
  };
};
let asked: OpenAsk;
const answer = (body: unknown, id: string) => rig.ask("POST", `/api/permissions/${id}`, { body });

describe("P01: permissions", () => {
  test("P01: the open ones are listed and answered, once for all", async () => {
    const permission = await ask();
    const { permissionId } = permission;
    expect((await rig.ask("GET", "/api/permissions")).body).toEqual({ permissions: [permission] });
    const allow = { decision: "allow", scope: "once", updatedInput: { command: "ls" } };
    const told = { permissionId, state: "resolved", decision: "allow", scope: "once" };
    expect((await answer(allow, permissionId)).body).toEqual(told);
    expect(await asked.answer).toMatchObject(allow);
    expect(rig.pool.calls.at(-1)).toMatchObject({ by: { deviceId: "local" }, request: allow });
    expect((await rig.ask("GET", "/api/permissions")).body).toEqual({ permissions: [] });
    expect((await answer(allow, permissionId)).status).toBe(200);
    expectProblem(await answer({ decision: "deny" }, permissionId), 409, "permission_already_resolved");
  });

  test("P03: an unknown one, one that is over and an answer that is none are told apart", async () => {
    const { permissionId } = await ask();
    expectProblem(await answer({ decision: "maybe" }, permissionId), 400, "invalid_request");
    expectProblem(
      await answer({ decision: "allow", scope: "forever" }, permissionId),
      400,
      "invalid_request",
    );
    expectProblem(await answer({ decision: "allow" }, "unknown"), 404, "permission_not_found");
    asked.abort();
    expectProblem(await answer({ decision: "allow" }, permissionId), 410, "permission_expired");
  });

  test("REPORT-6: an input of 1.5 MB is read whole by its id, in any script", async () => {
    const content = "größe 🙂 ".repeat(120_000);
    const body = { message: "Tidy up", projectPath: rig.project };
    const { turnId } = (await rig.ask("POST", "/api/chat", { body })).body;
    const process = await rig.host.prompted(String(turnId));
    process.ask({ title: "Write a file", input: { file_path: "a.txt", content } });
    const { permissionId } = rig.store.permissions.open()[0]!;
    const read = (await rig.ask("GET", `/api/permissions/${permissionId}`)).body;
    expect(read).toMatchObject({ permissionId, input: { file_path: "a.txt", content } });
  });

  test("A13: one is read whole by its id, open or over", async () => {
    const { permissionId } = await ask();
    const read = (id: string) => rig.ask("GET", `/api/permissions/${id}`);
    expect((await read(permissionId)).body).toMatchObject({ permissionId, state: "open", scopes: ["once"] });
    await answer({ decision: "deny" }, permissionId);
    expect((await read(permissionId)).body).toMatchObject({
      state: "resolved",
      decision: { decision: "deny" },
    });
    expectProblem(await read("00000000-0000-4000-8000-000000000000"), 404, "permission_not_found");
  });

  test("A13: a scope that cannot be given is refused by its name", async () => {
    const { permissionId } = await ask();
    expectProblem(
      await answer({ decision: "allow", scope: "always" }, permissionId),
      400,
      "scope_unavailable",
    );
    expect((await answer({ decision: "allow" }, permissionId)).status).toBe(200);
  });
});
