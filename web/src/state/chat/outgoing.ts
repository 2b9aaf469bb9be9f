import type { KeptMessage } from "../../../../client/src/index.ts";

/** A message that the server has not told of yet. */
export interface Outgoing {
  /** Its clientMessageId. */
  key: string;
  text: string;
  attachments: string[];
  at: number;
  state: "waiting" | "accepted" | "refused";
  /** Why the server refused it. */
  detail?: string;
}

/** A message of an earlier visit to the page that was not sent. */
export const outgoingOf = ({ clientMessageId, message }: KeptMessage, at: number): Outgoing => ({
  key: clientMessageId,
  text: message.message,
  attachments: (message.attachments ?? []).map((one) => ("name" in one ? one.name : "a file")),
  at,
  state: "waiting",
});
