import type { Caller } from "../../domain/delivery/device.ts";
import type { Clock, LiveFeed, Store } from "../../domain/ports.ts";
import type { ProcessHost } from "../../domain/processes/process.ts";
import type { AttachmentStorage } from "../../domain/sessions/attachment.ts";
import { refuseHeld } from "../../domain/sessions/conversation.ts";
import type { Session } from "../../domain/sessions/session.ts";
import type { Termination } from "../processes/termination.ts";
import { refuseRevoked } from "../turns/submitRules.ts";

export interface ErasureParts {
  store: Store;
  host: Pick<ProcessHost, "heldElsewhere" | "eraseConversation">;
  attachments: Pick<AttachmentStorage, "letGo">;
  feed: LiveFeed;
  clock: Clock;
  termination: Pick<Termination, "close">;
}

/**
 * Erasure of sessions: closes one and removes its turns, events, texts and attachments; for an admin also Claude's own
 * transcript. One event is left of it, which tells every device to forget the session, whenever it comes back; the cursors
 * of the events that are gone are not used again.
 */
export class Erasure {
  readonly #parts: ErasureParts;

  constructor(parts: ErasureParts) {
    this.#parts = parts;
  }

  /** Throws `conversation_held` when a terminal would go on writing the transcript that is to be removed. */
  async erase(session: Session, caller: Caller): Promise<void> {
    const { store, host, termination, attachments, feed, clock } = this.#parts;
    const { sessionId } = session;
    const conversations = new Set([session.claudeSessionId ?? sessionId, sessionId]);
    const isAdmin = caller.scope === "admin";
    if (isAdmin) {
      const held = await host.heldElsewhere();
      for (const id of conversations) refuseHeld(held, id);
    }
    refuseRevoked(store, caller);
    if (store.sessions.get(sessionId)?.state !== "closed") await termination.close(session, caller);
    const unused = store.transaction(() => {
      refuseRevoked(store, caller);
      // Erased by another request in the meantime.
      if (store.sessions.get(sessionId) === undefined) return [];
      const released = store.erasures.removeEvents(sessionId);
      for (const attachmentId of released) store.attachments.release(attachmentId);
      const by = caller.deviceId;
      store.events.append({ sessionId, type: "session.closed", data: { by, erased: true } });
      store.erasures.removeSession(sessionId);
      const detail = isAdmin ? "with Claude's transcript" : "";
      store.audit.add({ at: clock.now(), deviceId: by, action: "session.erase", target: sessionId, detail });
      return released;
    });
    feed.flush(sessionId);
    attachments.letGo(unused);
    // Last, because it can fail: what is Daylong's is gone by now, and the same order again finds the rest.
    for (const id of isAdmin ? conversations : []) {
      // Another session may have gone on with it since this one was closed.
      if (store.sessions.ofConversation(id) === undefined) await host.eraseConversation(id);
    }
  }
}
