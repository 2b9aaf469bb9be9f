import { expect, test } from "@jest/globals";
import { useRig } from "../../rig.ts";

const rig = useRig(() => ({
  models: () => [{ id: "opus", name: "Opus", description: "For hard work." }],
  defaultModel: "opus",
  allowances: { allowBypassPermissions: false, chatMayAcceptEdits: false },
}));

test("models are listed with the modes that the token may choose, and no other", async () => {
  const modesFor = async (scope: "admin" | "chat" | "read") => {
    const { token } = rig.device(scope);
    const { status, body } = await rig.ask("GET", "/api/models", { token });
    expect([status, body.models, body.default]).toEqual([
      200,
      [{ id: "opus", name: "Opus", description: "For hard work." }],
      "opus",
    ]);
    return body.modes;
  };
  expect(await modesFor("admin")).toEqual(["default", "acceptEdits", "plan", "dontAsk"]);
  expect(await modesFor("chat")).toEqual(["default", "plan", "dontAsk"]);
  expect(await modesFor("read")).toEqual(["default", "plan", "dontAsk"]);
});
