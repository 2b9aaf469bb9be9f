import { expect, test } from "@jest/globals";
import type { Session } from "../../../../client/src/index.ts";
import { projectName, sessionTitle } from "../../../../web/src/state/sessionWords.ts";

test("DOOR-8 names of sessions and projects are shown with what is not seen as escapes", () => {
  const named = (title: string, projectPath: string) => sessionTitle({ title, projectPath } as Session);
  expect(projectName("/home/u/al\u202epha/")).toBe("al\\u{202e}pha");
  expect(named("Fix \u200bit", "/home/u/alpha")).toBe("Fix \\u{200b}it");
  expect(named("New session", "/home/u/be\u00adta")).toBe("be\\u{ad}ta");
});
