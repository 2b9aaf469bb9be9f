import { expect, test } from "@jest/globals";
import { reply } from "../../../server/demo/script.ts";

const asked = (content: string) => reply([{ role: "user", content }]);

test("questions of everyday work are answered in Markdown, word by word", () => {
  const login = asked("Why does login fail after an hour?");
  expect(login).toMatchObject({ kind: "text", paceMs: 12 });
  expect(JSON.stringify(login)).toMatch(/```ts.*\| file \| change/s);
  expect(JSON.stringify(asked("Do all the links work?"))).toContain("214 links");
});
