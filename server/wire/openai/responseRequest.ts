import { z } from "zod";
import { modelSchema, projectPathSchema } from "../sessions/sessions.ts";
import { argumentSchema, textSchema } from "../text.ts";
import { imageUrlSchema } from "./completionRequest.ts";
import { conversationIdSchema } from "./conversations.ts";
import { unknownFields } from "./parameters.ts";
import { type SaidMessage, toolResultInWords, toolUseInWords } from "./saidMessage.ts";

/** What the CLI cannot do, and a client that asked for it would miss. */
export const unsupportedResponseParameters = [
  "tools",
  "tool_choice",
  "background",
  "prompt",
  "top_logprobs",
] as const;

/** What the CLI cannot take, and a client can do without: named in `X-Daylong-Ignored`. */
export const ignoredResponseParameters = [
  "temperature",
  "top_p",
  "max_output_tokens",
  "max_tool_calls",
  "reasoning",
  "truncation",
  "service_tier",
  "parallel_tool_calls",
] as const;

const inputText = z.object({ type: z.enum(["input_text", "text"]), text: textSchema });
const outputText = z.object({ type: z.literal("output_text"), text: textSchema });
const refusal = z.object({ type: z.literal("refusal"), refusal: textSchema });
const inputImage = z.object({
  type: z.literal("input_image"),
  image_url: imageUrlSchema,
});

const contentPart = z.discriminatedUnion("type", [inputText, outputText, refusal, inputImage], {
  error: "must be input_text, or input_image with a data: URL; files are uploaded to /api/attachments",
});
const contentSchema = z.union([textSchema, z.array(contentPart).max(1_000)]);

const messageItem = z.object({
  type: z.literal("message").optional(),
  role: z.enum(["user", "assistant", "system", "developer"]),
  content: contentSchema,
});
const toolItem = z.object({
  type: z.enum(["function_call", "custom_tool_call"]),
  name: textSchema,
  arguments: textSchema.nullish(),
  input: textSchema.nullish(),
});
const toolOutputItem = z.object({
  type: z.enum(["function_call_output", "custom_tool_call_output"]),
  output: contentSchema,
});
/** A message of an earlier response, by its id: what the AI SDK sends instead of the text. */
const referenceItem = z.object({ type: z.literal("item_reference"), id: z.string().min(1).max(200) });
/** What a model thought is the model's own. */
const reasoningItem = z.object({ type: z.literal("reasoning") });

const itemSchema = z.discriminatedUnion(
  "type",
  [
    messageItem.extend({ type: z.literal("message") }),
    toolItem,
    toolOutputItem,
    referenceItem,
    reasoningItem,
  ],
  { error: "must be a message, an item_reference, or a function_call with its output" },
);
type InputItem = z.infer<typeof itemSchema>;

/** A message may leave its type out. */
const inputItem = z.preprocess(
  (item) =>
    typeof item === "object" && item !== null && !("type" in item) ? { type: "message", ...item } : item,
  itemSchema,
);

/** A request for a response, as OpenAI's clients write it, with `project_path` and `wait_tasks` of our own. */
export const responseRequestSchema = z.object({
  model: modelSchema,
  input: z.union([textSchema, z.array(inputItem).min(1).max(10_000)]),
  instructions: argumentSchema.nullish(),
  stream: z.boolean().nullish(),
  previous_response_id: z.string().min(1).max(200).nullish(),
  conversation: z.union([conversationIdSchema, z.object({ id: conversationIdSchema })]).nullish(),
  metadata: z.record(textSchema, textSchema).nullish(),
  store: z.boolean().nullish(),
  text: z.object({ format: z.unknown().optional(), verbosity: z.unknown().optional() }).nullish(),
  user: z.string().nullish(),
  project_path: projectPathSchema.nullish(),
  wait_tasks: z.boolean().nullish().meta({
    description: "Ends when no task that the turn began runs any more; what Claude says of them is added.",
  }),
  ...unknownFields(unsupportedResponseParameters),
  ...unknownFields(ignoredResponseParameters),
});
export type ResponseRequest = z.infer<typeof responseRequestSchema>;

/** The messages of an input; `textOfItem` finds what an earlier item said. */
export function saidInInput(
  input: ResponseRequest["input"],
  textOfItem: (id: string) => string,
): SaidMessage[] {
  if (typeof input === "string") return [{ role: "user", text: input, images: [] }];
  return input.flatMap((item) => saidInItem(item, textOfItem));
}

function saidInItem(item: InputItem, textOfItem: (id: string) => string): SaidMessage[] {
  switch (item.type) {
    case "message": {
      const role = item.role === "developer" ? "system" : item.role;
      return [{ role, ...contentOf(item.content) }];
    }
    case "function_call":
    case "custom_tool_call":
      return [
        {
          role: "assistant",
          text: toolUseInWords(item.name, item.arguments ?? item.input ?? undefined),
          images: [],
        },
      ];
    case "function_call_output":
    case "custom_tool_call_output": {
      const { text, images } = contentOf(item.output);
      return [{ role: "tool", text: toolResultInWords(undefined, text), images }];
    }
    case "item_reference":
      return [{ role: "assistant", text: textOfItem(item.id), images: [] }];
    case "reasoning":
      return [];
  }
}

function contentOf(content: z.infer<typeof contentSchema>): Pick<SaidMessage, "text" | "images"> {
  if (typeof content === "string") return { text: content, images: [] };
  const texts = content.flatMap((part) => {
    if (part.type === "input_image") return [];
    return [part.type === "refusal" ? part.refusal : part.text];
  });
  const images = content.flatMap((part) => (part.type === "input_image" ? [part.image_url] : []));
  return { text: texts.join("\n"), images };
}
