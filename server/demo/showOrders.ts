import type { OrderAnswer } from "./factOrders.ts";
import { text } from "./messages.ts";

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

/** Questions of everyday work, with answers in Markdown: what a newcomer sees of a conversation, and what pictures show. */
export const showOrders: Array<[RegExp, OrderAnswer]> = [
  [/^why does (?:the )?login fail/i, () => text(loginAnswer, readingPaceMs)],
  [/^do (?:all )?the links work/i, () => text(linksAnswer, readingPaceMs)],
];
