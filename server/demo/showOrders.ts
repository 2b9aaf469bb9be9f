import type { OrderAnswer } from "./factOrders.ts";
import { type DemoReply, type ModelMessage, text, typedBlocks } from "./messages.ts";

/** A pause between words at which reading keeps up. */
const readingPaceMs = 12;

const loginAnswer = `Login fails because the token is read **before** it is refreshed: \`loadUser\` runs first and sees the old one.

1. \`auth.ts\` keeps the token in a module variable.
2. \`session.ts\` refreshes it, but only after the first request.

The smallest fix waits for the refresh:

\`\`\`ts
export async function currentToken(): Promise<string> {
  if (isStale(token)) token = await refresh(token);
  return token.value; // never the old one
}
\`\`\`

| file | change | lines |
|---|---|---|
| auth.ts | wait for the refresh | +12 −3 |
| session.ts | no second timer | −8 |

> The tests of \`session.ts\` pass with it; two of \`auth.ts\` have to be told about the wait.

See [RFC 6749, section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6).`;

const linksAnswer =
  "All 214 links work. Two of them lead to pages that have moved; the new addresses are in `links.md`.";

const use = (say: string, name: string, input: Record<string, unknown>): DemoReply => ({
  kind: "tool",
  say,
  name,
  input,
});

/** Paragraphs, lists, code and tables until the length is reached. */
function longAnswer(chars: number): string {
  let answer = "";
  for (let part = 1; answer.length < chars; part += 1)
    answer += `## Part ${part}\n\n${loginAnswer.replaceAll("auth.ts", `auth${part}.ts`)}\n\n`;
  return `${answer}That is all of it.`;
}

const fixedAnswer = `Fixed: \`currentToken\` waits for the refresh, so no request leaves with a token that is about to end.

\`\`\`ts
export async function currentToken(): Promise<string> {
  if (isStale(token)) token = await refresh(token);
  return token.value;
}
\`\`\`

One file changed. Shall I add a test that lets an hour pass?`;

const formsAnswer = `I go through the forms one by one.

**Sign-up**: \`Field<string>\` where it had \`any\`; the e-mail is checked where it is typed, no longer where it is sent.

**Profile**: the date of birth was a string here and a \`Date\` in the API. It is a \`PlainDate\` on both sides now, and the two conversions between them are gone.

**Payment**: the amount is in cents everywhere; \`toFixed(2)\` is called in one place, where it is shown. The three currencies without cents have tests of their own.

**Search**: its filters are a union now, so that a new one that is forgotten somewhere does not compile. Next come the two forms of the settings, which share a file with the address book.`;

const reviewAnswer = `The review found two things worth doing:

1. \`signup.ts\` checks the e-mail only when the form is sent.
2. \`payment.ts\` rounds twice, which loses a cent at 10.005.

Everything else is as the guide asks.`;

/** Work of several steps: each use of a tool is followed by the next step, the last step is the answer. */
const stories: Array<[RegExp, DemoReply[]]> = [
  [
    /^fix the login/i,
    [
      use("I will look at how the token is kept.", "Read", { file_path: "auth.ts" }),
      use("The refresh has to come first.", "Edit", {
        file_path: "auth.ts",
        old_string: "export const currentToken = () => token.value;",
        new_string:
          "export async function currentToken() {\n  if (isStale(token)) token = await refresh(token);\n  return token.value;\n}",
      }),
      use("Now the difference.", "Bash", { command: "git diff --stat", description: "See what has changed" }),
      text(fixedAnswer, readingPaceMs),
    ],
  ],
  [
    /^build it for production/i,
    [
      use("The old build has to go first, or its files stay beside the new ones.", "Bash", {
        command: "rm -r dist && npm run build -- --mode production && cp -r public dist/public",
        description: "Rebuild dist from nothing",
      }),
      text("The build is clean: 14 files, 212 kB.", readingPaceMs),
    ],
  ],
  [
    /^write the guide/i,
    [
      use("One thing decides how all of it sounds.", "AskUserQuestion", {
        questions: [
          {
            question: "Which voice should the guide have?",
            header: "Voice",
            options: [
              { label: "You", description: "Speaks to the reader, step by step" },
              { label: "We", description: "Goes through it together" },
              { label: "Neutral", description: "Describes, like a reference" },
            ],
            multiSelect: false,
          },
        ],
      }),
      text("Good. I begin with the first chapter.", readingPaceMs),
    ],
  ],
  [
    /^review the forms/i,
    [
      use("A second pair of eyes reads them.", "Agent", {
        description: "Review of the forms",
        prompt: "Do all the links work?",
        subagent_type: "general-purpose",
        run_in_background: false,
      }),
      text(reviewAnswer, readingPaceMs),
    ],
  ],
  [
    /^move the forms to the new types/i,
    [
      use("I let the type checker run beside it.", "Bash", {
        command: "node typecheck.js --watch",
        description: "Check the types while the forms move",
        run_in_background: true,
      }),
      text(formsAnswer, 900),
    ],
  ],
];

/** How many tools were used since the person's newest words, and these words. */
function progressOf(messages: readonly ModelMessage[]): { words: string; steps: number } {
  const at = messages.findLastIndex((message) => message.role === "user" && typedBlocks(message).length > 0);
  const asked = messages[at];
  const steps = messages
    .slice(at + 1)
    .filter(
      ({ role, content }) =>
        role === "assistant" &&
        typeof content !== "string" &&
        content.some(({ type }) => type === "tool_use"),
    ).length;
  return { words: asked === undefined ? "" : (typedBlocks(asked).at(-1) ?? ""), steps };
}

/** What follows a tool in work of several steps; `undefined`: the tool was none of such work. */
export function nextStep(messages: readonly ModelMessage[]): DemoReply | undefined {
  const { words, steps } = progressOf(messages);
  return stories.find(([pattern]) => pattern.test(words))?.[1][steps];
}

/** Questions of everyday work, with answers in Markdown: what a newcomer sees of a conversation, and what pictures show. */
export const showOrders: Array<[RegExp, OrderAnswer]> = [
  [/^why does (?:the )?login fail/i, () => text(loginAnswer, readingPaceMs)],
  [/^do (?:all )?the links work/i, () => text(linksAnswer, readingPaceMs)],
  // A long answer in Markdown, as fast as it can be said a word at a time.
  [/^write (\d{1,3}) kilobytes/i, (match) => text(longAnswer(Number(match[1]) * 1_000), 1)],
  ...stories.map(([pattern, steps]): [RegExp, OrderAnswer] => [pattern, () => steps[0] ?? text("")]),
];
