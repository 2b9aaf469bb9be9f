import type { Handoff, HandoffStore } from "../../domain/stores/sessions.ts";
import { type Connection, Statement } from "../statement.ts";

interface HandoffRow {
  session_id: string;
  claude_session_id: string;
  read_offset: number;
  held_by: number | null;
  untold: string;
}

/** Hand-offs of sessions to other programs and back, in SQLite. */
export class SqliteHandoffStore implements HandoffStore {
  readonly #set: Statement<[Omit<Handoff, "heldBy"> & { heldBy: number | null }]>;
  readonly #get: Statement<[sessionId: string], HandoffRow>;
  readonly #held: Statement<[], { session_id: string }>;

  constructor(connection: Connection) {
    this.#set = new Statement(
      connection,
      `INSERT INTO handoffs (session_id, claude_session_id, read_offset, held_by, untold)
       VALUES (@sessionId, @claudeSessionId, @readOffset, @heldBy, @untold)
       ON CONFLICT (session_id) DO UPDATE SET claude_session_id = excluded.claude_session_id,
         read_offset = excluded.read_offset, held_by = excluded.held_by, untold = excluded.untold`,
    );
    this.#get = new Statement(connection, "SELECT * FROM handoffs WHERE session_id = ?");
    this.#held = new Statement(connection, "SELECT session_id FROM handoffs WHERE held_by IS NOT NULL");
  }

  get(sessionId: string): Handoff | undefined {
    const row = this.#get.get(sessionId);
    return (
      row && {
        sessionId,
        claudeSessionId: row.claude_session_id,
        readOffset: row.read_offset,
        heldBy: row.held_by ?? undefined,
        untold: row.untold,
      }
    );
  }

  set(handoff: Handoff): void {
    this.#set.run({ ...handoff, heldBy: handoff.heldBy ?? null });
  }

  held(): string[] {
    return this.#held.all().map((row) => row.session_id);
  }
}
