import type { Clock } from "../../../server/domain/ports.ts";
import type { RecordEntry } from "../../../server/domain/processes/handoff.ts";
import type { ConversationLook, ConversationWatch } from "../../../server/domain/processes/process.ts";

/** Conversations whose records other programs write into as the test says; an offset is a number of entries. */
export class ScriptedWatch implements ConversationWatch {
  readonly #clock: Clock;
  readonly #records = new Map<string, RecordEntry[]>();
  readonly holders = new Map<string, number>();
  /** Looks so far. */
  looks = 0;
  /** Whether it looks at once when it is asked to, as on a disk of the machine's own. */
  isQuick = false;
  /** What a look waits for, as on a disk that is slow. */
  before: () => Promise<void> = async () => {};

  constructor(parts: { clock: Clock }) {
    this.#clock = parts.clock;
  }

  async look(claudeSessionId: string, from: number): Promise<ConversationLook> {
    this.looks += 1;
    await this.before();
    return this.#found(claudeSessionId, from);
  }

  lookNow(claudeSessionId: string, from: number): ConversationLook | undefined {
    if (!this.isQuick) return undefined;
    this.looks += 1;
    return this.#found(claudeSessionId, from);
  }

  #found(claudeSessionId: string, from: number): ConversationLook {
    const record = this.#records.get(claudeSessionId) ?? [];
    return {
      heldBy: this.holders.get(claudeSessionId),
      entries: record.slice(from),
      endOffset: record.length,
    };
  }

  /** A prompt in the record; it follows the newest entry unless another one is named. */
  prompt(sessionId: string, entryId: string, text = entryId, parentId?: string): void {
    this.#add(sessionId, { entryId, parentId, kind: "prompt", text, isLast: false });
  }

  answer(sessionId: string, entryId: string, text: string, parentId?: string, isLast = true): void {
    this.#add(sessionId, { entryId, parentId, kind: "answer", text, isLast });
  }

  /** A whole turn of a terminal. */
  turn(sessionId: string, entryId: string, text = `${entryId}?`): void {
    this.prompt(sessionId, entryId, text);
    this.answer(sessionId, `${entryId}-answer`, `${text} Yes.`);
  }

  #add(sessionId: string, entry: Omit<RecordEntry, "at">): void {
    const record = this.#records.get(sessionId) ?? [];
    const parentId = entry.parentId ?? record.at(-1)?.entryId;
    this.#records.set(sessionId, [...record, { ...entry, parentId, at: this.#clock.now() }]);
  }
}
