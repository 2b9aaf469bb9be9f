import { z } from "zod";
import { modelSchema, projectPathSchema } from "../sessions/sessions.ts";
import { argumentSchema, textSchema } from "../text.ts";
import { conversationIdSchema } from "./conversations.ts";

/** The images Claude takes (Anthropic's documentation, "Vision"). */
const imageUrl = /^data:(image\/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/]+={0,2})$/;

const textPart = z.object({ type: z.literal("text"), text: textSchema });
const refusalPart = z.object({ type: z.literal("refusal"), refusal: textSchema });
const imagePart = z.object({
  type: z.literal("image_url"),
  image_url: z.object({
    url: z
      .string()
      .regex(
        imageUrl,
        "must be a data: URL of a PNG, JPEG, GIF or WebP in base64; this server fetches nothing",
      ),
  }),
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
    }),
  ],
  { error: "must have the role system, developer, user or assistant; Claude runs its tools by itself" },
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

const unknownFields = <N extends string>(names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, z.unknown().optional()])) as Record<
    N,
    z.ZodOptional<z.ZodUnknown>
  >;

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

/** An image that came in a message. */
export interface InlineImage {
  mimeType: string;
  base64: string;
}

/** What a message says, its parts joined, and the images in it. An assistant's refusal is what it said. */
export function contentsOf(message: CompletionMessage): { text: string; images: InlineImage[] } {
  const { content } = message;
  if (content === null || content === undefined) return { text: "", images: [] };
  if (typeof content === "string") return { text: content, images: [] };
  const texts: string[] = [];
  const images: InlineImage[] = [];
  for (const part of content) {
    switch (part.type) {
      case "text":
        texts.push(part.text);
        break;
      case "refusal":
        texts.push(part.refusal);
        break;
      case "image_url": {
        const [, mimeType = "", base64 = ""] = imageUrl.exec(part.image_url.url) ?? [];
        images.push({ mimeType, base64 });
        break;
      }
    }
  }
  return { text: texts.join("\n"), images };
}
