#include "library/impl/schema.h"

namespace docmind::library {
namespace {

constexpr const char* kDocuments = R"sql(
CREATE TABLE library_state(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  generation INTEGER NOT NULL,
  next_unit INTEGER NOT NULL,
  next_chunk INTEGER NOT NULL,
  documents INTEGER NOT NULL,
  units INTEGER NOT NULL,
  chunks INTEGER NOT NULL,
  text_bytes INTEGER NOT NULL,
  unit_terms INTEGER NOT NULL,
  chunk_terms INTEGER NOT NULL,
  terms_version TEXT NOT NULL,
  erase_after INTEGER NOT NULL
) STRICT;
INSERT INTO library_state VALUES(1, 0, 1, 1, 0, 0, 0, 0, 0, 0, '', 0);

CREATE TABLE document(
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  path TEXT NOT NULL UNIQUE,
  version TEXT NOT NULL,
  type TEXT NOT NULL,
  title TEXT NOT NULL,
  size INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  added_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  parser_version TEXT NOT NULL,
  chunker_version TEXT NOT NULL,
  model_hash TEXT NOT NULL,
  text_bytes INTEGER NOT NULL,
  page_count INTEGER NOT NULL,
  block_count INTEGER NOT NULL,
  section_count INTEGER NOT NULL,
  unit_count INTEGER NOT NULL,
  chunk_count INTEGER NOT NULL,
  first_unit INTEGER NOT NULL,
  first_chunk INTEGER NOT NULL,
  warnings TEXT NOT NULL
) STRICT;
)sql";

constexpr const char* kLayout = R"sql(
CREATE TABLE text_piece(
  document INTEGER NOT NULL REFERENCES document(key) ON DELETE CASCADE,
  piece INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY(document, piece)
) STRICT;

CREATE TABLE page(
  document INTEGER NOT NULL REFERENCES document(key) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  label TEXT NOT NULL,
  width REAL NOT NULL,
  height REAL NOT NULL,
  words BLOB NOT NULL,
  PRIMARY KEY(document, position)
) STRICT;

CREATE TABLE block(
  document INTEGER NOT NULL REFERENCES document(key) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  level INTEGER NOT NULL,
  source INTEGER NOT NULL,
  header INTEGER,
  page INTEGER,
  locator TEXT NOT NULL,
  PRIMARY KEY(document, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE section(
  document INTEGER NOT NULL REFERENCES document(key) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  title TEXT NOT NULL,
  path TEXT NOT NULL,
  level INTEGER NOT NULL,
  parent INTEGER,
  embedding BLOB REFERENCES embedding(key),
  PRIMARY KEY(document, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX section_embedding ON section(embedding) WHERE embedding IS NOT NULL;
)sql";

constexpr const char* kPassages = R"sql(
CREATE TABLE embedding(
  key BLOB NOT NULL UNIQUE,
  model_hash TEXT NOT NULL,
  dimensions INTEGER NOT NULL,
  vector BLOB NOT NULL,
  spans BLOB NOT NULL,
  writes INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE chunk(
  id INTEGER PRIMARY KEY,
  document INTEGER NOT NULL REFERENCES document(key) ON DELETE CASCADE,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  page INTEGER,
  heading TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  first_unit INTEGER NOT NULL,
  end_unit INTEGER NOT NULL,
  embedding BLOB NOT NULL REFERENCES embedding(key)
) STRICT;
CREATE INDEX chunk_document ON chunk(document);
CREATE INDEX chunk_embedding ON chunk(embedding);

CREATE TABLE unit(
  id INTEGER PRIMARY KEY,
  document INTEGER NOT NULL REFERENCES document(key) ON DELETE CASCADE,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  block INTEGER NOT NULL,
  page INTEGER,
  section INTEGER,
  ordinal INTEGER NOT NULL,
  lead_in INTEGER,
  source INTEGER NOT NULL,
  chunk INTEGER,
  position INTEGER NOT NULL
) STRICT;
CREATE INDEX unit_document ON unit(document);
)sql";

// Contentless: the text is in text_piece already. Deleting buries the row number under a tombstone, whatever the row's
// size; merging the index (the Eraser) then leaves the words out. FTS5's other ways to delete were tried: its delete
// marks repeat every word and were seen to survive a full merge; secure-delete took eleven times as long as marks.
constexpr const char* kTerms = R"sql(
CREATE VIRTUAL TABLE chunk_terms USING fts5(heading, body, content='', contentless_delete=1, tokenize='docmind');
CREATE VIRTUAL TABLE unit_terms USING fts5(body, content='', contentless_delete=1, tokenize='docmind');
CREATE VIRTUAL TABLE chunk_vocabulary USING fts5vocab(chunk_terms, 'row');
CREATE VIRTUAL TABLE unit_vocabulary USING fts5vocab(unit_terms, 'row');
)sql";

constexpr const char* kRecords = R"sql(
CREATE TABLE trace(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  created_ms INTEGER NOT NULL,
  json TEXT NOT NULL
) STRICT;
CREATE TABLE trace_document(
  trace INTEGER NOT NULL REFERENCES trace(number) ON DELETE CASCADE,
  document INTEGER NOT NULL,
  PRIMARY KEY(document, trace)
) STRICT, WITHOUT ROWID;
CREATE INDEX trace_document_trace ON trace_document(trace);

CREATE TABLE job(
  id TEXT PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  payload TEXT NOT NULL CHECK(json_valid(payload)),
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions(
  id TEXT PRIMARY KEY NOT NULL,
  user_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  data TEXT NOT NULL CHECK(json_valid(data))
) STRICT;
CREATE TABLE chat_history(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  content TEXT NOT NULL,
  timestamp INTEGER NOT NULL,
  metadata TEXT CHECK(metadata IS NULL OR json_valid(metadata))
) STRICT;
CREATE INDEX chat_history_session ON chat_history(session_id);

CREATE TABLE performance_logs(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  operation TEXT NOT NULL,
  latency_ms REAL NOT NULL,
  tokens_processed INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  metrics TEXT CHECK(metrics IS NULL OR json_valid(metrics))
) STRICT;

CREATE VIEW document_cache(file_hash, file_name, processed_at, chunks, metadata) AS
SELECT version, path, updated_ms,
  (SELECT json_group_array(lower(hex(embedding))) FROM chunk WHERE chunk.document = document.key),
  json_object('parser', parser_version, 'chunker', chunker_version, 'model', model_hash)
FROM document;
)sql";

constexpr const char* kDropAll = R"sql(
DROP VIEW document_cache;
DROP TABLE performance_logs; DROP TABLE chat_history; DROP TABLE sessions; DROP TABLE job;
DROP TABLE trace_document; DROP TABLE trace;
DROP TABLE chunk_vocabulary; DROP TABLE unit_vocabulary; DROP TABLE chunk_terms; DROP TABLE unit_terms;
DROP TABLE unit; DROP TABLE chunk; DROP TABLE section; DROP TABLE embedding;
DROP TABLE block; DROP TABLE page; DROP TABLE text_piece; DROP TABLE document; DROP TABLE library_state;
)sql";

// Drawn by SQLite, in the transaction that makes the column: every file has one, and its copies have the same.
constexpr const char* kIdentity = R"sql(
ALTER TABLE library_state ADD COLUMN identity TEXT NOT NULL DEFAULT '';
UPDATE library_state SET identity = lower(hex(randomblob(16)));
)sql";

}  // namespace

std::vector<store::Migration> migrations() {
  return {{.version = 1,
           .up = std::string(kDocuments) + kLayout + kPassages + kTerms + kRecords,
           .down = kDropAll,
           .min_reader = 1},
          {.version = 2, .up = kIdentity, .down = "ALTER TABLE library_state DROP COLUMN identity;", .min_reader = 1}};
}

}  // namespace docmind::library
