import { describe, expect, test } from "@jest/globals";
import { useRig } from "../../rig.ts";

const rig = useRig();
const admin = { deviceId: "local", scope: "admin" } as const;

describe("S21: a rewind over HTTP", () => {
  test.each([
    [undefined, false],
    [false, false],
    [true, true],
  ])(
    "S21: with dryRun %s is asked of Claude as dryRun %s, and names no folder outside the project",
    async (given, asked) => {
      const { turnId, sessionId } = rig.pool.submitNow({
        caller: admin,
        message: "Hello",
        projectPath: rig.project,
      });
      await rig.pool.complete(turnId);
      // The id of the user's message is that of its turn.
      const messageId = turnId;
      const answer = await rig.ask("POST", `/api/sessions/${sessionId}/rewind`, {
        body: { messageId, dryRun: given },
      });
      expect(answer).toMatchObject({
        status: 200,
        body: { canRewind: true, filesChanged: ["a.txt", "…/b.txt"], insertions: 1, deletions: 2 },
      });
      const requests = rig.pool.calls.filter(({ name }) => name === "rewind").map(({ request }) => request);
      expect(requests).toEqual([{ sessionId, messageId, dryRun: asked }]);
    },
  );
});
