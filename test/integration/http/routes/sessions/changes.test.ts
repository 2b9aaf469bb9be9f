import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "@jest/globals";
import type { ChangesRequest, RepositoryChanges } from "../../../../../server/domain/sessions/changes.ts";
import { expectProblem, useRig } from "../../rig.ts";

/** Called with each request for changes, in the place of git, when a test sets it. */
let standIn: ((request: ChangesRequest) => Promise<RepositoryChanges>) | undefined;
const rig = useRig((parts) => ({
  changes: {
    list: (request) => (standIn ? standIn(request) : parts.changes.list(request)),
    diff: (request, path) => parts.changes.diff(request, path),
  },
}));
const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.org", ...args], { cwd: rig.project });
let id: string;
beforeEach(async () => {
  standIn = undefined;
  const { body } = await rig.ask("POST", "/api/sessions", { body: { projectPath: rig.project } });
  id = String(body.sessionId);
});
const commit = () => {
  git("init", "-q", "-b", "main");
  writeFileSync(join(rig.project, "a & b.txt"), "one\n");
  git("add", "-A");
  git("commit", "-qm", "first");
};

test("T13: a read token reads the list and a diff of a session's project", async () => {
  commit();
  writeFileSync(join(rig.project, "a & b.txt"), "two\n");
  const { token } = rig.device("read");
  const list = await rig.ask("GET", `/api/sessions/${id}/changes`, { token });
  expect([list.status, list.body]).toEqual([
    200,
    {
      isRepository: true,
      branch: "main",
      files: [{ path: "a & b.txt", state: "modified", insertions: 1, deletions: 1, binary: false }],
      truncated: false,
    },
  ]);
  const path = encodeURIComponent("a & b.txt");
  const diff = await rig.ask("GET", `/api/sessions/${id}/changes/diff?path=${path}`, { token });
  expect([diff.status, diff.body.path, diff.body.truncated]).toEqual([200, "a & b.txt", false]);
  expect(diff.body.diff).toContain("-one\n+two\n");
});

test("T13: a project without a repository is no failure of the list, and has no diffs", async () => {
  const list = await rig.ask("GET", `/api/sessions/${id}/changes`);
  expect(list.body).toEqual({ isRepository: false, reason: "not_a_repository", files: [], truncated: false });
  expectProblem(await rig.ask("GET", `/api/sessions/${id}/changes/diff?path=a`), 409, "changes_unavailable");
});

test("T13: a path outside the project is refused, and an unknown session is not found", async () => {
  for (const path of ["", "/etc/passwd", "../a", "a/../../b", "a%00b"])
    expectProblem(
      await rig.ask("GET", `/api/sessions/${id}/changes/diff?path=${path}`),
      400,
      "invalid_request",
    );
  expectProblem(await rig.ask("GET", `/api/sessions/${id}/changes/diff`), 400, "invalid_request");
  const unknown = "7b1c1f2e-4a53-4d0c-9a51-0f2f6f3f8d10";
  expectProblem(await rig.ask("GET", `/api/sessions/${unknown}/changes`), 404, "session_not_found");
});

test("T13: a project that was swapped for a link to the outside is not read", async () => {
  commit();
  renameSync(rig.project, `${rig.project}-moved`);
  const outside = join(rig.folder, "outside");
  mkdirSync(outside);
  symlinkSync(outside, rig.project);
  expectProblem(await rig.ask("GET", `/api/sessions/${id}/changes`), 403, "project_forbidden");
});

test("T13: the work ends when the client goes, and that is no failure", async () => {
  let begun = () => {};
  const ended: string[] = [];
  standIn = ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        ended.push("aborted");
        reject(signal.reason);
      });
      begun();
    });
  const start = () =>
    new Promise<void>((resolve) => {
      begun = resolve;
    });
  const client = new AbortController();
  const first = start();
  const left = rig.ask("GET", `/api/sessions/${id}/changes`, { signal: client.signal });
  await first;
  const closed = new Promise<void>((resolve) => rig.server.once("request", () => resolve()));
  client.abort();
  await expect(left).rejects.toThrow();
  standIn = undefined;
  await rig.ask("GET", `/api/sessions/${id}/changes`);
  await closed;
  expect(ended).toEqual(["aborted"]);
  expect(rig.log.lines.filter(({ level }) => level === "error")).toEqual([]);
});
