import { expect, test } from "@jest/globals";
import { rulesOf } from "../../../../web/src/permissions/rules.ts";

test("C05: what “always” would allow is said in Claude's own notation", () => {
  expect(
    rulesOf({
      suggestions: [
        {
          type: "addRules",
          behavior: "allow",
          rules: [{ toolName: "Bash", ruleContent: "npm test" }, { toolName: "WebFetch" }],
        },
        { type: "setMode", mode: "acceptEdits" },
        { type: "addDirectories", directories: ["/tmp"] },
        { type: "fromALaterServer" },
      ],
    }),
  ).toEqual(["Bash(npm test)", "WebFetch", "mode acceptEdits", "access to /tmp"]);
});
