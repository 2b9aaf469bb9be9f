import { expect, test } from "@jest/globals";
import type { ModelMessage } from "../../../server/demo/messages.ts";
import { reply } from "../../../server/demo/script.ts";

const asked = (content: string) => reply([{ role: "user", content }]);

test("questions of everyday work are answered in Markdown, word by word", () => {
  const login = asked("Why does login fail after an hour?");
  expect(login).toMatchObject({ kind: "text", paceMs: 12 });
  expect(JSON.stringify(login)).toMatch(/```ts.*\| file \| change/s);
  expect(JSON.stringify(asked("Do all the links work?"))).toContain("214 links");
});

test("work of several steps uses a tool after the other and ends in an answer", () => {
  const messages: ModelMessage[] = [{ role: "user", content: "Fix the login" }];
  const tools: string[] = [];
  for (;;) {
    const answer = reply(messages);
    if (answer.kind !== "tool") {
      expect(answer).toMatchObject({ kind: "text", text: expect.stringMatching(/^Fixed:/) });
      break;
    }
    tools.push(answer.name);
    const id = `use-${tools.length}`;
    messages.push(
      { role: "assistant", content: [{ type: "tool_use", id, input: answer.input }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "done" }] },
    );
  }
  expect(tools).toEqual(["Read", "Edit", "Bash"]);
});

test("a step that was refused is told, and the work ends there", () => {
  const answer = reply([
    { role: "user", content: "Build it for production" },
    { role: "assistant", content: [{ type: "tool_use", id: "use-1", input: {} }] },
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "use-1", content: "denied", is_error: true }],
    },
  ]);
  expect(answer).toMatchObject({ kind: "text", text: "The tool did not run: denied" });
});
