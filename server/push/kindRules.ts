import type { PushContent, PushKind, PushRequest } from "../domain/delivery/push.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** What the contract's table says of a kind, whatever push service carries it. */
export interface KindRule {
  category: "REPLY" | "PERMISSION" | "QUESTION" | "EXPIRING" | "SESSION";
  level: "active" | "time-sensitive";
  /** Whether the push is worthless after the subject's own end, or simply after a day. */
  endsWith: "subject" | "day";
  /** Pushes of the same name replace each other. */
  collapse(content: PushContent): string;
}

// A turn has one result, a permission one prompt, a lease one warning: the newer push replaces the older.
const byTurn = (content: PushContent): string =>
  content.turnId === undefined ? bySession(content) : `turn-${content.turnId}`;
const byPermission = (content: PushContent): string =>
  content.permissionId === undefined ? bySession(content) : `perm-${content.permissionId}`;
const byLease = (content: PushContent): string => `lease-${content.sessionId}`;
const bySession = (content: PushContent): string => `${content.kind}-${content.sessionId}`;

const reply: KindRule = { category: "REPLY", level: "active", endsWith: "day", collapse: byTurn };
const permission: KindRule = {
  category: "PERMISSION",
  level: "time-sensitive",
  endsWith: "subject",
  collapse: byPermission,
};
const session: KindRule = { category: "SESSION", level: "active", endsWith: "day", collapse: bySession };

export const kindRules: Readonly<Record<PushKind, KindRule>> = {
  reply,
  failed: reply,
  permission,
  // A plan is allowed or denied like a tool; a question has answers of its own.
  plan: permission,
  question: { ...permission, category: "QUESTION" },
  expiring: { category: "EXPIRING", level: "time-sensitive", endsWith: "subject", collapse: byLease },
  expired: session,
  crashed: session,
  limit: session,
  login: session,
  resource: session,
};

/** The instant after which nobody wants the push any more, ms. */
export function worthlessAt(request: PushRequest): number {
  const { content, at } = request;
  const ownEndAt = kindRules[content.kind].endsWith === "subject" ? content.expiresAt : undefined;
  return ownEndAt ?? at + dayMs;
}

/** The `daylong` object of every alert; JSON.stringify leaves out the ids the event does not have. */
export function describeEvent(content: PushContent, truncated: boolean): Record<string, unknown> {
  return {
    v: 1,
    kind: content.kind,
    cursor: content.cursor,
    sessionId: content.sessionId,
    turnId: content.turnId,
    messageId: content.messageId,
    permissionId: content.permissionId,
    expiresAt: content.expiresAt,
    truncated,
  };
}
