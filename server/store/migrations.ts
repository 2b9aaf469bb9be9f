import { randomUUID } from "node:crypto";
import { existsSync, renameSync } from "node:fs";
import { basename } from "node:path";
import { DaylongError } from "../domain/errors.ts";
import { copyInto } from "./copyInto.ts";
import { firstSchema } from "./firstSchema.ts";
import type { Connection } from "./statement.ts";

/** One step from version `version - 1` of the schema. Never edited after a release: a new step goes below. */
export interface Migration {
  version: number;
  apply(connection: Connection): void;
}

/**
 * A claimed delivery is marked, so that after a crash it is known which pushes may have been on their way; and the instant
 * of a device's last silent push is kept, so that a restart sends it no other one.
 */
const claims = `
ALTER TABLE deliveries ADD COLUMN claimed_at INTEGER;
ALTER TABLE devices ADD COLUMN synced_at INTEGER;
`;

/** Files that come with messages; `used_at` is when a message last took one. */
const attachments = `
CREATE TABLE attachments (
  attachment_id TEXT PRIMARY KEY,
  device_id TEXT NOT NULL,
  name TEXT NOT NULL,
  mime_type TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX attachments_waiting ON attachments (device_id) WHERE used_at IS NULL;
`;

/** A conversation of Claude's is looked up for each row of a list. */
const conversations = `
CREATE INDEX sessions_by_conversation ON sessions (coalesce(claude_session_id, session_id));
`;

/** Permission rules kept from answers "always", project by project. */
const rules = `
CREATE TABLE project_rules (
  project_path TEXT NOT NULL,
  rule TEXT NOT NULL,
  kept_at INTEGER NOT NULL,
  PRIMARY KEY (project_path, rule)
) STRICT, WITHOUT ROWID;
`;

/** The sizes of a device's kept attachments are summed up with every piece of an upload. */
const keptAttachments = `
DROP INDEX attachments_waiting;
CREATE INDEX attachments_kept ON attachments (device_id, size_bytes);
`;

/** A name is given up when its session is closed. */
const namesOfClosed = `
DELETE FROM conversations WHERE session_id IN (SELECT session_id FROM sessions WHERE state = 'closed');
`;

/** Scheduled turns are counted apart, with every one that is added. */
const scheduledTurns = `
CREATE INDEX turns_scheduled ON turns (device_id, send_at) WHERE state = 'queued' AND send_at IS NOT NULL;
`;

/** What was seen below a CLI process, where nothing else would tell after a crash of the server; JSON. */
const seenDescendants = "ALTER TABLE processes ADD COLUMN seen TEXT";

/** Permission rules kept from answers "session": a session's processes come and go, a rule stays until it is closed. */
const sessionRules = `
CREATE TABLE session_rules (
  session_id TEXT NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
  rule TEXT NOT NULL,
  kept_at INTEGER NOT NULL,
  PRIMARY KEY (session_id, rule)
) STRICT, WITHOUT ROWID;
`;

/** The badge of a push counts them all, and a phone that is never opened has thousands. To the letter as in the outbox. */
const unackedAlerts = `
CREATE INDEX deliveries_unacked ON deliveries (device_id, cursor)
  WHERE state <> 'acked' AND kind NOT IN ('activity-start', 'activity-end');
`;

/** Turns that Claude begins by itself have an origin of their own; subagents ask for permissions too. */
const ownTurns = `
ALTER TABLE turns ADD COLUMN origin TEXT NOT NULL DEFAULT 'user';
ALTER TABLE permissions ADD COLUMN agent TEXT;
`;

/** Work of Claude's that outlives a turn. */
const tasks = `
CREATE TABLE tasks (
  session_id TEXT NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
  task_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  description TEXT NOT NULL,
  agent_type TEXT,
  parent_task_id TEXT,
  turn_id TEXT,
  state TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  due_at INTEGER,
  last_tool TEXT,
  summary TEXT,
  tokens INTEGER,
  output TEXT,
  PRIMARY KEY (session_id, task_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_running ON tasks (session_id) WHERE state = 'running';
`;

/** Permissions say what of them is hidden or cut, how long they can hold, and which form an MCP server asks for. */
const shownPermissions = `
ALTER TABLE permissions ADD COLUMN tool_use_id TEXT;
ALTER TABLE permissions ADD COLUMN server TEXT;
ALTER TABLE permissions ADD COLUMN form TEXT;
ALTER TABLE permissions ADD COLUMN scopes TEXT;
ALTER TABLE permissions ADD COLUMN look_first INTEGER NOT NULL DEFAULT 0;
ALTER TABLE permissions ADD COLUMN truncated INTEGER NOT NULL DEFAULT 0;
`;

/** What the owner has not read yet. Sessions that were there before count as read. */
const readState = `
ALTER TABLE sessions ADD COLUMN read_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN last_text TEXT;
ALTER TABLE sessions ADD COLUMN last_error TEXT;
UPDATE sessions SET read_seq = last_seq;
CREATE TABLE unread (
  cursor INTEGER PRIMARY KEY,
  session_id TEXT REFERENCES sessions (session_id) ON DELETE CASCADE,
  seq INTEGER
) STRICT;
CREATE INDEX unread_of_session ON unread (session_id, seq);
`;

/** Facts that Claude reports beside its turns, and use and cost by day, which outlive the events. */
const factsAndUse = `
CREATE TABLE session_facts (
  session_id TEXT PRIMARY KEY REFERENCES sessions (session_id) ON DELETE CASCADE,
  todos TEXT,
  context TEXT,
  suggested_prompts TEXT,
  compacting INTEGER,
  git_branch TEXT,
  command_list_id TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX session_facts_compacting ON session_facts (session_id) WHERE compacting = 1;
CREATE TABLE command_lists (
  list_id TEXT PRIMARY KEY,
  commands TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE daily_use (
  day TEXT NOT NULL,
  project_path TEXT NOT NULL,
  model TEXT NOT NULL,
  cost_usd REAL NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  turns INTEGER NOT NULL,
  PRIMARY KEY (day, project_path, model)
) STRICT, WITHOUT ROWID;
CREATE TABLE plan_use (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  plan TEXT NOT NULL
) STRICT;
`;

/** Wake-ups that Claude scheduled are given to it by the server when its process is gone. */
const wakeups = `
ALTER TABLE tasks ADD COLUMN wakeup TEXT;
CREATE INDEX tasks_due ON tasks (due_at) WHERE state = 'running' AND due_at IS NOT NULL;
`;

/** Which device let a session do something without asking: it loses that when the device is revoked. */
const allowances = `
CREATE TABLE allowances (
  session_id TEXT NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  device_id TEXT NOT NULL,
  PRIMARY KEY (session_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX allowances_device ON allowances (device_id);
`;

/** Other programs go on with sessions' conversations. */
const handoffs = `
CREATE TABLE handoffs (
  session_id TEXT PRIMARY KEY REFERENCES sessions (session_id) ON DELETE CASCADE,
  claude_session_id TEXT NOT NULL,
  read_offset INTEGER NOT NULL,
  held_by INTEGER,
  untold TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX handoffs_held ON handoffs (session_id) WHERE held_by IS NOT NULL;
`;

/** The lifecycle log is read from its end, and most events are no part of it. To the letter as in the store of events. */
const lifecycle = `
CREATE INDEX events_lifecycle ON events (cursor) WHERE type IN ('session.created', 'session.renewed', 'session.expiring',
  'session.expired', 'session.parked', 'session.woken', 'session.crashed', 'session.recovered', 'session.recycled',
  'session.quarantined', 'session.closed', 'turn.failed', 'resource.warning', 'limit.reached', 'limit.warning',
  'limit.lifted', 'login.required', 'device.paired', 'device.revoked', 'device.push_lost');
`;

/** Turns that a tool took out of the Responses API; they stay in their sessions. */
const deletedResponses = `
CREATE TABLE deleted_responses (
  turn_id TEXT PRIMARY KEY REFERENCES turns (turn_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
`;

/** How long a turn may run, and the files of the project that are given with its message. */
const turnLimits = `
ALTER TABLE turns ADD COLUMN timeout_ms INTEGER;
ALTER TABLE turns ADD COLUMN context_files TEXT;
`;

/** Which device gave a rule, made a pairing code, and paired another with it. Of older ones it is not known. */
const givers = `
ALTER TABLE project_rules ADD COLUMN device_id TEXT;
ALTER TABLE session_rules ADD COLUMN device_id TEXT;
ALTER TABLE pairing_codes ADD COLUMN device_id TEXT;
ALTER TABLE devices ADD COLUMN paired_by TEXT;
`;

/** Where a background command writes its output, which is read there when its process is gone. */
const outputFiles = `
ALTER TABLE tasks ADD COLUMN output_file TEXT;
`;

/**
 * What an event's reading, its erasure or its age settles is found by its cursor. The index of unacknowledged alerts is read by nothing
 * any more, and each push rewrote an entry of it.
 */
const deliveriesOfEvents = `
DROP INDEX deliveries_unacked;
CREATE INDEX deliveries_of_event ON deliveries (cursor);
`;

/**
 * An ack settles what lies between the cursor of the ack before and its own, which the table's own index by device and cursor finds.
 * Of this index each push wrote an entry and moved it, because its condition reads `state`.
 */
const acksByCursor = "DROP INDEX deliveries_unsettled;";

/** Every version of the schema, oldest first, without gaps. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    apply(connection) {
      connection.exec(firstSchema);
      connection.prepare("INSERT INTO meta (id, epoch) VALUES (1, ?)").run(randomUUID());
    },
  },
  { version: 2, apply: (connection) => void connection.exec(claims) },
  { version: 3, apply: (connection) => void connection.exec(attachments) },
  { version: 4, apply: (connection) => void connection.exec(conversations) },
  { version: 5, apply: (connection) => void connection.exec(rules) },
  {
    version: 6,
    apply: (connection) => void connection.exec(keptAttachments + namesOfClosed + scheduledTurns),
  },
  { version: 7, apply: (connection) => void connection.exec(sessionRules) },
  { version: 8, apply: (connection) => void connection.exec(unackedAlerts) },
  { version: 9, apply: (connection) => void connection.exec(ownTurns) },
  { version: 10, apply: (connection) => void connection.exec(tasks) },
  { version: 11, apply: (connection) => void connection.exec(shownPermissions) },
  { version: 12, apply: (connection) => void connection.exec(readState) },
  { version: 13, apply: (connection) => void connection.exec(factsAndUse) },
  { version: 14, apply: (connection) => void connection.exec(wakeups) },
  { version: 15, apply: (connection) => void connection.exec(allowances) },
  { version: 16, apply: (connection) => void connection.exec(lifecycle) },
  { version: 17, apply: (connection) => void connection.exec(handoffs) },
  { version: 18, apply: (connection) => void connection.exec(givers) },
  { version: 19, apply: (connection) => void connection.exec(turnLimits) },
  { version: 20, apply: (connection) => void connection.exec(seenDescendants) },
  { version: 21, apply: (connection) => void connection.exec(outputFiles) },
  { version: 22, apply: (connection) => void connection.exec(deletedResponses) },
  { version: 23, apply: (connection) => void connection.exec(deliveriesOfEvents) },
  { version: 24, apply: (connection) => void connection.exec(acksByCursor) },
];

/** The version of the schema that this program makes. */
export const newestVersion = migrations.at(-1)?.version ?? 0;

/**
 * Brings a database to the newest version, forward only, from a copy of the file that is left beside it. A file of a newer
 * version is refused (`storage_failed`). The version of a database is SQLite's own `user_version`, written in the step's transaction.
 */
export function migrate(connection: Connection, path: string, migrations: readonly Migration[]): void {
  const version = Number(connection.pragma("user_version", { simple: true }));
  const newest = migrations.at(-1)?.version ?? 0;
  if (version > newest) {
    throw new DaylongError(
      "storage_failed",
      `${basename(path)} has version ${version}; this program knows versions up to ${newest}. ` +
        `Start the newer program again, or go back to the copy that it made before its upgrade: ${wayBack(path, newest)}.`,
    );
  }
  if (version < newest && hasTables(connection)) copyBefore(connection, path, newest);
  // A step that rebuilds a table must not trip over references to it: https://www.sqlite.org/lang_altertable.html#otheralter
  connection.pragma("foreign_keys = OFF");
  const due = migrations.filter((migration) => migration.version > version);
  // A new database is made in one step: there is nothing between two versions of it that could be lost.
  if (hasTables(connection)) for (const migration of due) step(connection, [migration]);
  else step(connection, due);
  connection.pragma("foreign_keys = ON");
}

/** How to go back to the copy that a newer program left; the newest one that this program can open. */
function wayBack(path: string, newest: number): string {
  const copies = Array.from({ length: 50 }, (_, index) => `${path}.before-v${newest + 1 + index}`);
  const copy = copies.find((one) => existsSync(one));
  if (copy === undefined) return "there is none beside it, so restore a backup (daylong restore FILE)";
  const name = basename(path);
  return `move ${name}, ${name}-wal and ${name}-shm away and rename ${basename(copy)} to ${name}. What came after the upgrade is not in it`;
}

/** Applies migrations in one transaction. */
function step(connection: Connection, migrations: readonly Migration[]): void {
  const version = migrations.at(-1)?.version;
  if (version === undefined) return;
  connection
    .transaction(() => {
      for (const migration of migrations) migration.apply(connection);
      const broken = connection.pragma("foreign_key_check") as unknown[];
      if (broken.length > 0) {
        throw new Error(`Migration ${version} leaves ${broken.length} rows that refer to nothing.`);
      }
      connection.pragma(`user_version = ${version}`);
    })
    .immediate();
}

function hasTables(connection: Connection): boolean {
  return connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' LIMIT 1").get() !== undefined;
}

/** Leaves a whole copy beside the database: `daylong.db.before-v2` is what a return to the older program needs. */
function copyBefore(connection: Connection, path: string, version: number): void {
  const copy = `${path}.before-v${version}`;
  const unfinished = `${copy}.unfinished`;
  // The copy must be on disk before the original changes.
  copyInto(connection, unfinished);
  renameSync(unfinished, copy);
}
