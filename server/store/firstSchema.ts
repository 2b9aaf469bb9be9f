/**
 * Instants are integer milliseconds since the epoch; columns with JSON are TEXT. STRICT tables refuse a value of
 * another type instead of storing it. Partial indexes keep live rows (queued turns, open permissions, unsettled
 * deliveries) cheap to find however long the history grows; a query must repeat an index's WHERE to the letter to use it.
 */
export const firstSchema = `
CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch TEXT NOT NULL,
  floor_cursor INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE sessions (
  session_id TEXT PRIMARY KEY,
  project_path TEXT NOT NULL,
  title TEXT NOT NULL,
  state TEXT NOT NULL,
  model TEXT,
  permission_mode TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_activity_at INTEGER NOT NULL,
  lease_term INTEGER NOT NULL,
  lease_due_at INTEGER,
  turn_count INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  cli_cost_usd REAL NOT NULL DEFAULT 0,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  muted INTEGER NOT NULL,
  auto_keep_alive INTEGER NOT NULL,
  options TEXT NOT NULL,
  claude_session_id TEXT
) STRICT;
CREATE INDEX sessions_by_activity ON sessions (last_activity_at, session_id);
CREATE INDEX sessions_by_state ON sessions (state);
CREATE INDEX sessions_by_lease_due ON sessions (lease_due_at)
  WHERE state <> 'closed' AND lease_due_at IS NOT NULL;

CREATE TABLE leases (
  session_id TEXT NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
  term INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  warn_at INTEGER NOT NULL,
  final_warn_at INTEGER,
  expires_at INTEGER NOT NULL,
  warned_at INTEGER,
  final_warned_at INTEGER,
  ended_at INTEGER,
  PRIMARY KEY (session_id, term)
) STRICT, WITHOUT ROWID;

CREATE TABLE turns (
  ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
  turn_id TEXT NOT NULL UNIQUE,
  session_id TEXT NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
  device_id TEXT NOT NULL,
  client_message_id TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  message TEXT NOT NULL,
  attachment_ids TEXT NOT NULL,
  state TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  send_at INTEGER,
  given_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  reply TEXT,
  error TEXT,
  UNIQUE (device_id, client_message_id)
) STRICT;
CREATE INDEX turns_queued ON turns (session_id, ordinal) WHERE state = 'queued';
CREATE INDEX turns_live ON turns (state, ordinal) WHERE state = 'queued' OR state = 'running';

CREATE TABLE events (
  cursor INTEGER PRIMARY KEY AUTOINCREMENT,
  session_id TEXT,
  seq INTEGER,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  turn_id TEXT,
  data TEXT NOT NULL,
  UNIQUE (session_id, seq)
) STRICT;
CREATE INDEX events_by_message ON events (json_extract(data, '$.messageId'))
  WHERE type IN ('message', 'turn.accepted');
CREATE INDEX events_transcript ON events (session_id, cursor)
  WHERE type IN ('message', 'turn.accepted');

CREATE TABLE permissions (
  permission_id TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
  turn_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  tool_name TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT,
  input TEXT NOT NULL,
  plan TEXT,
  questions TEXT,
  suggestions TEXT NOT NULL,
  requested_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  decision TEXT
) STRICT;
CREATE INDEX permissions_open ON permissions (session_id) WHERE state = 'open';

CREATE TABLE devices (
  device_id TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  platform TEXT NOT NULL,
  scope TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  acked_cursor INTEGER,
  push TEXT,
  preferences TEXT NOT NULL,
  revoked_at INTEGER
) STRICT;

CREATE TABLE pairing_codes (
  code_hash TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
  delivery_id TEXT PRIMARY KEY,
  device_id TEXT NOT NULL REFERENCES devices (device_id) ON DELETE CASCADE,
  cursor INTEGER NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  next_attempt_at INTEGER,
  attempt_count INTEGER NOT NULL,
  UNIQUE (device_id, cursor, kind)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (next_attempt_at)
  WHERE state = 'pending' AND next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_unsettled ON deliveries (device_id, cursor)
  WHERE state IN ('pending', 'sent');

CREATE TABLE attempts (
  delivery_id TEXT NOT NULL REFERENCES deliveries (delivery_id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  status INTEGER,
  reason TEXT,
  latency_ms INTEGER NOT NULL,
  PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE push_to_start (
  device_id TEXT PRIMARY KEY REFERENCES devices (device_id) ON DELETE CASCADE,
  token TEXT NOT NULL,
  registered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE live_activities (
  device_id TEXT NOT NULL REFERENCES devices (device_id) ON DELETE CASCADE,
  session_id TEXT NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
  turn_id TEXT NOT NULL,
  token TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  PRIMARY KEY (session_id, turn_id, device_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE processes (
  process_id TEXT PRIMARY KEY,
  session_id TEXT NOT NULL,
  pid INTEGER,
  start_ticks TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX processes_unended ON processes (started_at) WHERE ended_at IS NULL;

CREATE TABLE recaps (
  session_id TEXT PRIMARY KEY REFERENCES sessions (session_id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  turn_count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE trusted_projects (
  project_path TEXT PRIMARY KEY,
  trusted_at INTEGER NOT NULL,
  device_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE conversations (
  ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation_id TEXT NOT NULL UNIQUE,
  session_id TEXT NOT NULL UNIQUE REFERENCES sessions (session_id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  earlier TEXT NOT NULL
) STRICT;

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  audit_id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  device_id TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
`;
