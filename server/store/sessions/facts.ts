import { noFacts, type SessionCommand, type SessionFacts } from "../../domain/sessions/facts.ts";
import type { FactStore } from "../../domain/stores/facts.ts";
import { asInteger, type Connection, jsonOrNull, parsedOrUndefined, Statement } from "../statement.ts";

interface FactRow {
  todos: string | null;
  context: string | null;
  suggested_prompts: string | null;
  compacting: number | null;
  git_branch: string | null;
  command_list_id: string | null;
}
type Named = Record<string, string | number | null>;

/** The last known facts of sessions, in SQLite. A list of commands that no session names any more is removed. */
export class SqliteFactStore implements FactStore {
  readonly #get: Statement<[sessionId: string], FactRow>;
  readonly #set: Statement<[Named]>;
  readonly #compacting: Statement<[], { session_id: string }>;
  readonly #keepCommands: Statement<[listId: string, commands: string]>;
  readonly #commands: Statement<[listId: string], { commands: string }>;
  readonly #dropUnnamed: Statement<[except: string]>;

  constructor(connection: Connection) {
    this.#get = new Statement(
      connection,
      "SELECT todos, context, suggested_prompts, compacting, git_branch, command_list_id FROM session_facts WHERE session_id = ?",
    );
    this.#set = new Statement(
      connection,
      `INSERT INTO session_facts (session_id, todos, context, suggested_prompts, compacting, git_branch, command_list_id)
       VALUES (@sessionId, @todos, @context, @suggestedPrompts, @compacting, @gitBranch, @commandListId)
       ON CONFLICT (session_id) DO UPDATE SET todos = coalesce(excluded.todos, todos),
         context = coalesce(excluded.context, context),
         suggested_prompts = coalesce(excluded.suggested_prompts, suggested_prompts),
         compacting = coalesce(excluded.compacting, compacting),
         git_branch = coalesce(excluded.git_branch, git_branch),
         command_list_id = coalesce(excluded.command_list_id, command_list_id)`,
    );
    this.#compacting = new Statement(
      connection,
      "SELECT session_id FROM session_facts WHERE compacting = 1 ORDER BY session_id",
    );
    this.#keepCommands = new Statement(
      connection,
      "INSERT INTO command_lists (list_id, commands) VALUES (?, ?) ON CONFLICT (list_id) DO NOTHING",
    );
    this.#commands = new Statement(connection, "SELECT commands FROM command_lists WHERE list_id = ?");
    this.#dropUnnamed = new Statement(
      connection,
      `DELETE FROM command_lists WHERE list_id <> ?
         AND list_id NOT IN (SELECT command_list_id FROM session_facts WHERE command_list_id IS NOT NULL)`,
    );
  }

  get(sessionId: string): SessionFacts {
    const row = this.#get.get(sessionId);
    if (row === undefined) return noFacts;
    const context = parsedOrUndefined<NonNullable<SessionFacts["context"]>>(row.context);
    return {
      todos: parsedOrUndefined<SessionFacts["todos"]>(row.todos) ?? [],
      suggestedPrompts: parsedOrUndefined<string[]>(row.suggested_prompts) ?? [],
      compacting: row.compacting === 1,
      ...(context !== undefined && { context }),
      // An empty name is that of no branch.
      ...(row.git_branch !== null && { gitBranch: row.git_branch || null }),
      ...(row.command_list_id !== null && { commandListId: row.command_list_id }),
    };
  }

  set(sessionId: string, change: Partial<SessionFacts>): void {
    this.#set.run({
      sessionId,
      todos: jsonOrNull(change.todos),
      context: jsonOrNull(change.context),
      suggestedPrompts: jsonOrNull(change.suggestedPrompts),
      compacting: change.compacting === undefined ? null : asInteger(change.compacting),
      gitBranch: change.gitBranch === undefined ? null : (change.gitBranch ?? ""),
      commandListId: change.commandListId ?? null,
    });
  }

  compacting(): string[] {
    return this.#compacting.all().map((row) => row.session_id);
  }

  keepCommands(listId: string, commands: SessionCommand[]): void {
    if (this.#keepCommands.run(listId, JSON.stringify(commands)) > 0) this.#dropUnnamed.run(listId);
  }

  commands(listId: string): SessionCommand[] {
    const row = this.#commands.get(listId);
    return row === undefined ? [] : (JSON.parse(row.commands) as SessionCommand[]);
  }
}
