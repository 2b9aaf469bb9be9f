import type { NamedConversation } from "../../domain/sessions/conversation.ts";
import type { ConversationStore } from "../../domain/stores/sessions.ts";
import { type Connection, Statement } from "../statement.ts";

const columns =
  "conversation_id AS conversationId, session_id AS sessionId, created_at AS createdAt, earlier FROM conversations";

/** Names that tools of `/v1` gave to sessions, in SQLite. */
export class SqliteConversationStore implements ConversationStore {
  readonly #insert: Statement<[NamedConversation]>;
  readonly #get: Statement<[conversationId: string], NamedConversation>;
  readonly #ofSession: Statement<[sessionId: string], NamedConversation>;
  readonly #list: Statement<[{ after: string | null; limit: number }], NamedConversation>;
  readonly #deleteResponse: Statement<[turnId: string]>;
  readonly #deletedResponse: Statement<[turnId: string], { turnId: string }>;
  readonly #removeOf: Statement<[sessionId: string]>;

  constructor(connection: Connection) {
    this.#insert = new Statement(
      connection,
      `INSERT INTO conversations (conversation_id, session_id, created_at, earlier)
       VALUES (@conversationId, @sessionId, @createdAt, @earlier)`,
    );
    this.#get = new Statement(connection, `SELECT ${columns} WHERE conversation_id = ?`);
    this.#ofSession = new Statement(connection, `SELECT ${columns} WHERE session_id = ?`);
    // A name that is gone has nothing after it.
    this.#list = new Statement(
      connection,
      `SELECT ${columns}
       WHERE @after IS NULL OR ordinal < (SELECT ordinal FROM conversations WHERE conversation_id = @after)
       ORDER BY ordinal DESC LIMIT @limit`,
    );
    this.#deleteResponse = new Statement(
      connection,
      "INSERT INTO deleted_responses (turn_id) VALUES (?) ON CONFLICT DO NOTHING",
    );
    this.#deletedResponse = new Statement(
      connection,
      "SELECT turn_id AS turnId FROM deleted_responses WHERE turn_id = ?",
    );
    this.#removeOf = new Statement(connection, "DELETE FROM conversations WHERE session_id = ?");
  }

  insert(conversation: NamedConversation): void {
    this.#insert.run(conversation);
  }

  get(conversationId: string): NamedConversation | undefined {
    return this.#get.get(conversationId);
  }

  ofSession(sessionId: string): NamedConversation | undefined {
    return this.#ofSession.get(sessionId);
  }

  list(after: string | undefined, limit: number): NamedConversation[] {
    return this.#list.all({ after: after ?? null, limit });
  }

  deleteResponse(turnId: string): void {
    this.#deleteResponse.run(turnId);
  }

  isResponseDeleted(turnId: string): boolean {
    return this.#deletedResponse.get(turnId) !== undefined;
  }

  removeOf(sessionId: string): boolean {
    return this.#removeOf.run(sessionId) === 1;
  }
}
