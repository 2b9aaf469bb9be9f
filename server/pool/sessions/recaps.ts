import { unlessLate } from "../../domain/deadline.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { ProcessHost } from "../../domain/processes/process.ts";
import type { Session } from "../../domain/sessions/session.ts";
import type { Recap } from "../port.ts";
import type { FactWriter } from "../turns/factWriter.ts";

/** The prompt of a recap; it runs on a fork, so the conversation never contains it. */
export const recapPrompt =
  "Write a short recap of this conversation for its owner, who comes back to it on a phone: what was asked, " +
  "what was done, what is open. At most 120 words, plain text.";

/** A fork has to start and answer; a real model takes seconds for it. */
const recapDeadlineMs = 120_000;

/** Recaps on a fork of the conversation, kept until the next turn; one fork at a time. */
export class Recaps {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #host: ProcessHost;
  readonly #facts: Pick<FactWriter, "addUseOf">;
  readonly #newId: () => string;
  readonly #checkProject: (path: string) => Promise<void>;
  #last: Promise<unknown> = Promise.resolve();
  readonly #underWay = new Map<string, Promise<Recap>>();

  constructor(parts: {
    store: Store;
    clock: Clock;
    host: ProcessHost;
    facts: Pick<FactWriter, "addUseOf">;
    newId: () => string;
    checkProject(path: string): Promise<void>;
  }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#host = parts.host;
    this.#facts = parts.facts;
    this.#newId = parts.newId;
    this.#checkProject = parts.checkProject;
  }

  async recap(session: Session): Promise<Recap> {
    const { sessionId, turnCount } = session;
    if (session.state === "closed") throw new DaylongError("session_closed", "The session is closed.");
    if (turnCount === 0) throw new DaylongError("nothing_to_recap", "Nothing was said in this session yet.");
    const kept = this.#store.sessions.recap(sessionId);
    if (kept?.turnCount === turnCount) return { ...kept, cached: true };
    const key = `${sessionId}:${turnCount}`;
    const same = this.#underWay.get(key);
    if (same) return same;
    const work = this.#last.then(
      () => this.#ask(session),
      () => this.#ask(session),
    );
    this.#last = work;
    this.#underWay.set(key, work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #ask(session: Session): Promise<Recap> {
    const { sessionId, turnCount, projectPath, model } = session;
    const late = () =>
      new DaylongError("recap_failed", `The project did not answer within ${recapDeadlineMs} ms.`);
    // Other recaps wait for this one; a directory on a dead mount never answers.
    await unlessLate(this.#checkProject(projectPath), {
      clock: this.#clock,
      deadlineMs: recapDeadlineMs,
      late,
    });
    const text = await this.#host.askFork(
      {
        claudeSessionId: session.claudeSessionId ?? sessionId,
        processId: this.#newId(),
        sessionId,
        projectPath,
        model,
        permissionMode: "default",
        options: {},
      },
      recapPrompt,
      recapDeadlineMs,
      (models) => this.#facts.addUseOf(projectPath, models, 0),
    );
    const recap = { text, createdAt: this.#clock.now(), turnCount };
    this.#store.transaction(() => {
      this.#store.sessions.setRecap(sessionId, recap);
      this.#store.events.append({ sessionId, type: "session.recap", data: { text, turnCount } });
    });
    return { ...recap, cached: false };
  }
}
