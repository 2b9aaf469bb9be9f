import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { devicePatchSchema } from "../../../server/wire/delivery/devices.ts";
import { completionSchema } from "../../../server/wire/openai/completionRequest.ts";
import { askSchema } from "../../../server/wire/sessions/ask.ts";
import { messageFields } from "../../../server/wire/sessions/chat.ts";
import { permissionAnswerFields } from "../../../server/wire/sessions/permissions.ts";
import { newSessionSchema, sessionPatchSchema } from "../../../server/wire/sessions/sessions.ts";
import { chosenIdSchema, textSchema } from "../../../server/wire/text.ts";

const half = "a\ud83d";
const mended = "a\ufffd";

describe("text", () => {
  test("that holds half a character is mended, and whole characters are left alone", () => {
    expect(textSchema.parse("\udc00x\ud83d")).toBe("\ufffdx\ufffd");
    expect(textSchema.parse("🙂 é \u0000")).toBe("🙂 é \u0000");
  });

  test("of a message, a session, a device and a decision is mended", () => {
    const message = z.object(messageFields).parse({ message: half, model: half, projectPath: half });
    expect(message).toEqual({ message: mended, model: mended, projectPath: mended });
    const session = { projectPath: "/a", title: half, appendSystemPrompt: half, allowedTools: [half] };
    expect(newSessionSchema.parse(session)).toMatchObject({
      title: mended,
      appendSystemPrompt: mended,
      allowedTools: [mended],
    });
    expect(sessionPatchSchema.parse({ title: half, model: half })).toEqual({ title: mended, model: mended });
    expect(devicePatchSchema.parse({ name: half }).name).toBe(mended);
    const answer = { decision: "deny", message: half, answers: { [half]: half } };
    expect(z.object(permissionAnswerFields).parse(answer)).toMatchObject({
      message: mended,
      answers: { [mended]: mended },
    });
  });
});

test("an id that the client chose is refused with half a character, because mending could make two one", () => {
  expect(chosenIdSchema.safeParse(half).success).toBe(false);
  expect(chosenIdSchema.parse("🙂-1")).toBe("🙂-1");
  const message = { message: "Hi", clientMessageId: half };
  expect(z.object(messageFields).safeParse(message).error?.issues[0]?.path).toEqual(["clientMessageId"]);
});

describe("DOOR-23: NUL, which no argument, variable or path can hold", () => {
  const nul = "a\0b";
  const pathsOf = (schema: z.ZodType, value: unknown) =>
    schema.safeParse(value).error?.issues.map(({ path }) => path.join(".")) ?? [];

  test("DOOR-23: a model's name that would look like an option of the CLI is refused everywhere", () => {
    const model = "--permission-mode=bypassPermissions";
    expect(pathsOf(newSessionSchema, { projectPath: "/a", model })).toEqual(["model"]);
    expect(pathsOf(sessionPatchSchema, { model })).toEqual(["model"]);
    expect(pathsOf(askSchema, { projectPath: "/a", prompt: "Hi", model })).toEqual(["model"]);
    expect(pathsOf(z.object(messageFields), { message: "Hi", model: "-p" })).toEqual(["model"]);
    const messages = [{ role: "user", content: "Hi" }];
    expect(pathsOf(completionSchema, { model, messages })).toEqual(["model"]);
    expect(pathsOf(sessionPatchSchema, { model: "claude-opus-5-5" })).toEqual([]);
  });

  test("DOOR-23: is a fault of each field that becomes one, and none of what is only said", () => {
    const session = {
      projectPath: nul,
      model: nul,
      appendSystemPrompt: nul,
      allowedTools: ["Read", nul],
      disallowedTools: [nul],
      title: nul,
    };
    expect(pathsOf(newSessionSchema, session)).toEqual([
      "projectPath",
      "model",
      "appendSystemPrompt",
      "allowedTools.1",
      "disallowedTools.0",
    ]);
    expect(pathsOf(sessionPatchSchema, { model: nul })).toEqual(["model"]);
    expect(pathsOf(z.object(messageFields), { message: nul, model: nul, projectPath: nul })).toEqual([
      "projectPath",
      "model",
    ]);
    expect(pathsOf(askSchema, { projectPath: nul, model: nul, prompt: nul })).toEqual([
      "projectPath",
      "model",
    ]);
    const completion = { model: nul, project_path: nul, messages: [{ role: "user", content: nul }] };
    expect(pathsOf(completionSchema, completion)).toEqual(["model", "project_path"]);
    for (const content of [nul, [{ type: "text", text: nul }]]) {
      const [path] = pathsOf(completionSchema, { model: "m", messages: [{ role: "system", content }] });
      expect(path).toMatch(/^messages\.0\.content/);
    }
  });
});
