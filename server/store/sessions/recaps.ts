import { type Connection, Statement } from "../statement.ts";

export interface Recap {
  text: string;
  createdAt: number;
  /** Turns the session had when it was made: with more, the recap is stale. */
  turnCount: number;
}

/** The last recap of each session, in SQLite. */
export class SqliteRecapStore {
  readonly #get: Statement<[sessionId: string], Recap>;
  readonly #set: Statement<[Recap & { sessionId: string }]>;

  constructor(connection: Connection) {
    this.#get = new Statement(
      connection,
      "SELECT text, created_at AS createdAt, turn_count AS turnCount FROM recaps WHERE session_id = ?",
    );
    this.#set = new Statement(
      connection,
      `INSERT INTO recaps (session_id, text, created_at, turn_count) VALUES (@sessionId, @text, @createdAt, @turnCount)
       ON CONFLICT (session_id) DO UPDATE SET text = excluded.text, created_at = excluded.created_at,
         turn_count = excluded.turn_count`,
    );
  }

  get(sessionId: string): Recap | undefined {
    return this.#get.get(sessionId);
  }

  set(sessionId: string, recap: Recap): void {
    this.#set.run({ ...recap, sessionId });
  }
}
