import { describe, expect, test } from "@jest/globals";
import { promptOf as promptOfSaid } from "../../../../server/http/openai/prompt.ts";
import {
  type CompletionMessage,
  completionSchema,
  saidIn,
} from "../../../../server/wire/openai/completionRequest.ts";

/** As a request is read. */
const promptOf = (messages: readonly CompletionMessage[]) =>
  promptOfSaid(completionSchema.shape.messages.parse(messages).map(saidIn));

const url = "data:image/png;base64,AAAA";
const image = { type: "image_url" as const, image_url: { url } };
const text = (said: string) => ({ type: "text" as const, text: said });
const user = (content: string | object[]) => ({ role: "user", content }) as CompletionMessage;
const assistant = (content: string) => ({ role: "assistant", content }) as CompletionMessage;
const system = (content: string, role = "system") => ({ role, content }) as CompletionMessage;
const kib = 1_024;
const tooLarge = (message: RegExp) =>
  expect.objectContaining({ code: "message_too_large", message: expect.stringMatching(message) });

describe("C03: a list of messages as a prompt", () => {
  test("C03: what stands after the last word of the assistant is the message, what stands before it the transcript", () => {
    const prompt = promptOf([
      user("One?"),
      assistant("One."),
      user("Two?"),
      assistant("Two."),
      user("Three?"),
      user("And four?"),
    ]);
    expect(prompt.message).toBe("Three?\n\nAnd four?");
    expect(prompt.earlier.split("\n\n")).toEqual([
      "<earlier-conversation>",
      "What follows was said before, outside this session. Go on from there.",
      "User: One?",
      "Assistant: One.",
      "User: Two?",
      "Assistant: Two.",
      "</earlier-conversation>",
    ]);
    expect(promptOf([user("One?")])).toEqual({ system: "", earlier: "", message: "One?", images: [] });
  });

  test("C03: instructions are gathered from wherever they stand, without empty ones", () => {
    const prompt = promptOf([system("A"), user("Hi"), system("", "developer"), system("B", "developer")]);
    expect(prompt).toMatchObject({ system: "A\n\nB", message: "Hi", earlier: "" });
  });

  test("C03: images of the message go along; of those before it, it is told that there was one", () => {
    const prompt = promptOf([
      user([text("Look"), image, image]),
      assistant("I see."),
      user([image, text("And this?")]),
    ]);
    expect(prompt.images).toEqual([{ mimeType: "image/png", base64: "AAAA" }]);
    expect(prompt.earlier).toContain("User: Look\n[image]\n[image]");
    expect(prompt.message).toBe("And this?");
    expect(promptOf([user([image])])).toMatchObject({ message: "See the image.", images: [{}] });
    expect(promptOf([user([image]), assistant("I see."), user("Well?")]).earlier).toContain("User: [image]");
  });

  test("C03: nothing that the user says at the end is an invalid request", () => {
    for (const messages of [[user("Hi"), assistant("Ho")], [user("  \n")], [user([])]])
      expect(() => promptOf(messages)).toThrow(
        expect.objectContaining({
          code: "invalid_request",
          faults: [expect.objectContaining({ path: "messages" })],
        }),
      );
  });

  test("C03: a message has 256 KiB of UTF-8 at most, and so has what stands before it", () => {
    const longest = "ü".repeat(128 * kib);
    expect(promptOf([user(longest)]).message).toHaveLength(128 * kib);
    expect(() => promptOf([user(`${longest}x`)])).toThrow(
      tooLarge(/^What follows the last assistant message has 262145 bytes of UTF-8; 262144 is the most\./),
    );
    const frame = Buffer.byteLength(promptOf([user("x"), assistant(""), user("Hi")]).earlier) - 1;
    const priorOf = (bytes: number) => [user("x".repeat(bytes - frame)), assistant(""), user("Hi")];
    expect(Buffer.byteLength(promptOf(priorOf(256 * kib)).earlier)).toBe(256 * kib);
    expect(() => promptOf(priorOf(256 * kib + 1))).toThrow(
      tooLarge(/^What stands before it has 262145 bytes/),
    );
  });

  test("C03: instructions have 65,536 characters at most", () => {
    expect(promptOf([system("x".repeat(65_536)), user("Hi")]).system).toHaveLength(65_536);
    expect(() => promptOf([system("x".repeat(65_537)), user("Hi")])).toThrow(
      tooLarge(/^The system messages have 65537 characters; 65536 is the most\.$/),
    );
  });

  test("C03: the shapes that are used here are those of the wire", () => {
    const messages = [system("A"), user([text("Look"), image]), assistant("I see."), user("Well?")];
    expect(completionSchema.safeParse({ model: "default", messages }).success).toBe(true);
  });
});
