-- A state of version 12, with what a user may have in it.
CREATE TABLE submissions (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  endpoint TEXT NOT NULL,
  model TEXT,
  metadata TEXT NOT NULL,
  upload_name TEXT NOT NULL,
  stage TEXT NOT NULL,
  file_id TEXT,
  batch_id TEXT,
  reason TEXT,
  opened_at REAL NOT NULL,
  changed_at REAL NOT NULL
);
CREATE INDEX submissions_by_content ON submissions (account, sha256);
CREATE TABLE cancellations (
  account TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  asked_at REAL NOT NULL,
  outcome TEXT,
  message TEXT,
  told_at REAL
);
CREATE TABLE deletions (
  account TEXT NOT NULL,
  file_id TEXT NOT NULL,
  asked_at REAL NOT NULL,
  outcome TEXT,
  message TEXT,
  told_at REAL
);
CREATE TABLE batches (
  account TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at REAL NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX batches_by_age ON batches (account, created_at DESC);
CREATE INDEX batches_by_sight ON batches (account, seen_at);
CREATE TABLE verdicts (
  account TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  basis TEXT NOT NULL,
  doubted INTEGER NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (account, batch_id)
) WITHOUT ROWID;
CREATE TABLE estimates (
  submission_id TEXT PRIMARY KEY,
  requests INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER,
  low REAL,
  high REAL
) WITHOUT ROWID;
CREATE TABLE usages (
  account TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  model TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  PRIMARY KEY (account, batch_id)
) WITHOUT ROWID;
CREATE INDEX usages_by_model ON usages (account, model, created_at DESC);
CREATE TABLE prices (
  edition TEXT NOT NULL,
  base_url TEXT NOT NULL,
  model TEXT NOT NULL,
  day INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (edition, base_url, model, day, tokens)
) WITHOUT ROWID;
CREATE TABLE samples (
  account TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  samples TEXT NOT NULL,
  PRIMARY KEY (account, batch_id)
) WITHOUT ROWID;
CREATE TABLE queue (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  place INTEGER NOT NULL,
  path TEXT NOT NULL,
  identity TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  models TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  metadata TEXT NOT NULL,
  again INTEGER NOT NULL,
  expected TEXT,
  state TEXT NOT NULL,
  submission_id TEXT,
  file_id TEXT,
  batch_id TEXT,
  settled INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  added_at REAL NOT NULL,
  changed_at REAL NOT NULL
);
CREATE INDEX queue_by_place ON queue (account, place);
CREATE TABLE enqueued_limits (
  account TEXT NOT NULL,
  model TEXT NOT NULL,
  tokens INTEGER,
  requests INTEGER,
  refused_at REAL NOT NULL,
  refusals INTEGER NOT NULL,
  PRIMARY KEY (account, model)
) WITHOUT ROWID;
CREATE TABLE alarms (
  account TEXT PRIMARY KEY,
  told TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE awaited (
  account TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  PRIMARY KEY (account, batch_id)
) WITHOUT ROWID;
CREATE TABLE parted_uploads (
  submission_id TEXT PRIMARY KEY,
  upload_id TEXT NOT NULL,
  part_bytes INTEGER NOT NULL,
  expires_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE upload_parts (
  upload_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  part_id TEXT NOT NULL,
  PRIMARY KEY (upload_id, number)
) WITHOUT ROWID;
CREATE TABLE whole_only (
  account TEXT PRIMARY KEY,
  told_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE withdrawn_files (
  submission_id TEXT NOT NULL,
  file_id TEXT NOT NULL,
  key_hint TEXT NOT NULL,
  PRIMARY KEY (submission_id, file_id)
) WITHOUT ROWID;
CREATE TABLE preferences (
  name TEXT PRIMARY KEY,
  value
) WITHOUT ROWID;
INSERT INTO submissions VALUES ('s1', 'https://api.example/v1|||', 'aa', '/data/in.jsonl', 10, 2, '/v1/embeddings', 'm',
  '{"a": "b"}', 'in.s1.jsonl', 'created', 'file-1', 'batch_1', NULL, 1.0, 2.0);
INSERT INTO submissions VALUES ('s2', 'https://api.example/v1|||', 'bb', '/data/two.jsonl', 10, 2, '/v1/embeddings', 'm',
  '{}', 'two.s2.jsonl', 'creating', 'file-2', NULL, NULL, 3.0, 4.0);
INSERT INTO cancellations VALUES ('https://api.example/v1|||', 'batch_1', 5.0, 'refused', 'No.', 6.0);
INSERT INTO deletions VALUES ('https://api.example/v1|||', 'file-9', 5.0, 'deleted', NULL, 6.0);
INSERT INTO batches VALUES ('https://api.example/v1|||', 'batch_1', 7, 8.0, '{"id": "batch_1"}');
INSERT INTO verdicts VALUES ('https://api.example/v1|||', 'batch_1', '2 x', 1, '{}');
INSERT INTO queue (account, place, path, identity, sha256, bytes, requests, models, endpoint, metadata, again, state,
  added_at, changed_at) VALUES ('https://api.example/v1|||', 1, '/data/q.jsonl', '[1, 2, 3, 4]', 'cc', 10, 2, '{"m": 2}',
  '/v1/embeddings', '{}', 0, 'waiting', 1.0, 1.0);
INSERT INTO preferences VALUES ('sort', 'eta');
PRAGMA user_version=12;
