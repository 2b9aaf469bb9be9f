import { z } from "zod";
import { modelSchema, projectPathSchema } from "../sessions/sessions.ts";
import { argumentSchema, textSchema } from "../text.ts";
import { conversationIdSchema } from "./conversations.ts";
import { readDataUrl } from "./inlineImage.ts";
import { unknownFields } from "./parameters.ts";
import { type SaidMessage, toolResultInWords, toolUseInWords } from "./saidMessage.ts";

const textPart = z.object({ type: z.literal("text"), text: textSchema });
const refusalPart = z.object({ type: z.literal("refusal"), refusal: textSchema });

/** A `data:` URL of an image. */
export const imageUrlSchema = z.string().transform((url, context) => {
  const image = readDataUrl(url);
  if (!("fault" in image)) return image;
  context.addIssue({ code: "custom", message: image.fault });
  return z.NEVER;
});

/** The address stands in an object; older programs write it as it is. */
const imagePart = z.object({
  type: z.literal("image_url"),
  image_url: z.union([imageUrlSchema, z.object({ url: imageUrlSchema }).transform(({ url }) => url)]),
});

// What the system says becomes an argument of the CLI.
const systemPart = textPart.extend({ text: argumentSchema });

const contentOf = <P extends z.ZodType>(part: P, kinds: string, plain = textSchema) =>
  z.union([plain, z.array(part).max(1_000)], {
    error: (issue) => {
      const isText = typeof issue.input === "string";
      return isText ? "must not hold a NUL character" : `must be text or a list of parts: ${kinds}`;
    },
  });

const calledFunction = z.object({ name: textSchema.nullish(), arguments: textSchema.nullish() });
/** The use of one of the client's own tools, of an earlier life of the conversation. */
const toolCall = z.object({
  function: calledFunction.nullish(),
  custom: z.object({ name: textSchema.nullish(), input: textSchema.nullish() }).nullish(),
});

const messageSchema = z.discriminatedUnion(
  "role",
  [
    z.object({
      role: z.enum(["system", "developer"]),
      content: contentOf(systemPart, "text", argumentSchema),
    }),
    z.object({
      role: z.literal("user"),
      content: contentOf(
        z.discriminatedUnion("type", [textPart, imagePart]),
        "text, image_url as a data: URL",
      ),
    }),
    z.object({
      role: z.literal("assistant"),
      content: contentOf(z.discriminatedUnion("type", [textPart, refusalPart]), "text, refusal").nullish(),
      tool_calls: z.array(toolCall).max(1_000).nullish(),
      function_call: calledFunction.nullish(),
    }),
    z.object({
      role: z.literal("tool"),
      content: contentOf(textPart, "text").nullish(),
      name: textSchema.nullish(),
    }),
    z.object({ role: z.literal("function"), content: textSchema.nullish(), name: textSchema.nullish() }),
  ],
  { error: "must have the role system, developer, user, assistant, tool or function" },
);
export type CompletionMessage = z.infer<typeof messageSchema>;

/** What the CLI cannot do, and a client that asked for it would miss. */
export const unsupportedParameters = [
  "tools",
  "tool_choice",
  "functions",
  "function_call",
  "response_format",
  "logprobs",
  "top_logprobs",
  "logit_bias",
  "audio",
] as const;

/** What the CLI cannot take, and a client can do without: named in `X-Daylong-Ignored`. */
export const ignoredParameters = [
  "temperature",
  "top_p",
  "max_tokens",
  "max_completion_tokens",
  "stop",
  "seed",
  "presence_penalty",
  "frequency_penalty",
  "reasoning_effort",
  "verbosity",
  "parallel_tool_calls",
  "prediction",
  "service_tier",
] as const;

/** A request for a completion, as OpenAI's clients write it, with `conversation_id` and `project_path` of our own. */
export const completionSchema = z.object({
  model: modelSchema,
  messages: z.array(messageSchema).min(1).max(10_000),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.number().int().positive().nullish(),
  user: z.string().nullish(),
  conversation_id: conversationIdSchema.nullish(),
  project_path: projectPathSchema.nullish(),
  wait_tasks: z.boolean().nullish().meta({
    description: "Ends when no task that the turn began runs any more; what Claude says of them is added.",
  }),
  ...unknownFields(unsupportedParameters),
  ...unknownFields(ignoredParameters),
});
export type CompletionRequest = z.infer<typeof completionSchema>;

/** What a message says, its parts joined, and the images in it. An assistant's refusal is what it said; uses of tools are words. */
export function saidIn(message: CompletionMessage): SaidMessage {
  switch (message.role) {
    case "system":
    case "developer":
      return { role: "system", text: textOf(message.content), images: [] };
    case "user": {
      const parts = typeof message.content === "string" ? [] : message.content;
      const images = parts.flatMap((part) => (part.type === "image_url" ? [part.image_url] : []));
      return { role: "user", text: textOf(message.content), images };
    }
    case "assistant": {
      const calls = (message.tool_calls ?? []).map(({ function: called, custom }) =>
        called ? toolUseInWords(called.name, called.arguments) : toolUseInWords(custom?.name, custom?.input),
      );
      const { function_call: called } = message;
      if (called) calls.push(toolUseInWords(called.name, called.arguments));
      const text = [textOf(message.content), ...calls].filter((part) => part !== "").join("\n");
      return { role: "assistant", text, images: [] };
    }
    case "tool":
    case "function": {
      const text = toolResultInWords(message.name ?? undefined, textOf(message.content));
      return { role: "tool", text, images: [] };
    }
  }
}

type Part = { type: "text"; text: string } | { type: "refusal"; refusal: string } | { type: "image_url" };

function textOf(content: string | readonly Part[] | null | undefined): string {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content;
  return content
    .flatMap((part) => (part.type === "text" ? [part.text] : part.type === "refusal" ? [part.refusal] : []))
    .join("\n");
}
