import { expect, test } from "@jest/globals";
import { isTerminal } from "../../../../server/domain/sessions/turn.ts";

test("a turn that waits or runs has not ended", () => {
  expect([isTerminal("queued"), isTerminal("running"), isTerminal("completed")]).toEqual([
    false,
    false,
    true,
  ]);
});
