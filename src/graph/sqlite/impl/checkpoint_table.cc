#include "graph/sqlite/impl/checkpoint_table.h"

#include <boost/json/object.hpp>
#include <utility>

namespace docmind::graph::sqlite::impl {
namespace {

constexpr const char* kUp = R"sql(
CREATE TABLE checkpoint(
  seq INTEGER PRIMARY KEY, thread TEXT NOT NULL, space TEXT NOT NULL, id TEXT NOT NULL, parent TEXT NOT NULL,
  run TEXT NOT NULL, source TEXT NOT NULL, step INTEGER NOT NULL, frontier TEXT NOT NULL, metadata TEXT NOT NULL,
  channels TEXT NOT NULL, UNIQUE(thread, space, id)) STRICT;
CREATE INDEX checkpoint_run ON checkpoint(run);
CREATE INDEX checkpoint_latest ON checkpoint(thread, space, seq);
CREATE TABLE piece(
  id INTEGER PRIMARY KEY, thread TEXT NOT NULL, space TEXT NOT NULL, before INTEGER, value TEXT NOT NULL) STRICT;
CREATE INDEX piece_place ON piece(thread, space);
CREATE TABLE pending(
  thread TEXT NOT NULL, space TEXT NOT NULL, checkpoint TEXT NOT NULL, task TEXT NOT NULL, idx INTEGER NOT NULL,
  path TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(thread, space, checkpoint, task, idx)) STRICT, WITHOUT ROWID;
)sql";
constexpr const char* kDown = "DROP TABLE pending; DROP TABLE piece; DROP TABLE checkpoint;";

// Everything that is read was written by put(): larger and deeper is damage.
Result<boost::json::value> json(std::string_view text) {
  return parse_json(text, {.depth = 64, .bytes = std::size_t{1} << 30U}).with("read a session");
}

Result<boost::json::object> json_object(std::string_view text) {
  boost::json::value value = DM_TRY(json(text));
  if (!value.is_object()) return Error{Code::kDataLoss, "a stored checkpoint is damaged", "Delete its thread."};
  return std::move(value.get_object());
}

Result<> drop_inner(store::Transaction& t, const Place& place) {
  // '}' is the character after '|', and no text begins with the byte FF.
  const std::string from = place.space.empty() ? std::string(1, '\0') : place.space + "|";
  const std::string to = place.space.empty() ? std::string("\xff") : place.space + "}";
  DM_TRY(t.run("DELETE FROM checkpoint WHERE thread = ? AND space >= ? AND space < ?", {place.thread, from, to}));
  DM_TRY(t.run("DELETE FROM piece WHERE thread = ? AND space >= ? AND space < ?", {place.thread, from, to}));
  DM_TRY(t.run("DELETE FROM pending WHERE thread = ? AND space >= ? AND space < ?", {place.thread, from, to}));
  return {};
}

Result<std::vector<PendingWrite>> pending(store::Source& source, const Place& place, std::string_view checkpoint) {
  auto rows = DM_TRY(source.query(
      "SELECT task, idx, path, value FROM pending WHERE thread = ? AND space = ? AND checkpoint = ? ORDER BY task, idx",
      {place.thread, place.space, checkpoint}));
  std::vector<PendingWrite> out;
  while (DM_TRY(rows.step())) {
    out.push_back({.task = std::string(rows.text(0)),
                   .index = rows.integer(1),
                   .path = std::string(rows.text(2)),
                   .value = DM_TRY(json(rows.text(3)))});
  }
  return out;
}

constexpr const char* kColumns = "thread, space, id, parent, run, source, step, frontier, metadata, channels";

// Columns in the order of kColumns.
Result<SavedCheckpoint> saved_at(const store::Statement& row) {
  SavedCheckpoint out;
  out.place = {std::string(row.text(0)), std::string(row.text(1))};
  out.checkpoint.id = row.text(2);
  out.checkpoint.parent = row.text(3);
  out.checkpoint.run = row.text(4);
  out.checkpoint.source = DM_TRY(source_named(row.text(5)));
  out.checkpoint.step = row.integer(6);
  out.checkpoint.frontier = DM_TRY(json_object(row.text(7)));
  out.checkpoint.metadata = DM_TRY(json_object(row.text(8)));
  return out;
}

// From the newest piece back to the last whole one.
Result<std::vector<Piece>> chain(store::Statement& piece, std::int64_t head) {
  std::vector<Piece> out;
  for (std::int64_t id = head; id != 0;) {
    piece.reset();
    DM_TRY(piece.bind(1, id));
    if (!DM_TRY(piece.step())) {
      return Error{Code::kDataLoss, "a stored checkpoint lacks a part of its values", "Delete its thread."};
    }
    const bool whole = piece.is_null(0);
    out.push_back({.kind = whole ? Piece::Kind::kWhole : Piece::Kind::kAdded, .value = DM_TRY(json(piece.text(1)))});
    id = whole ? 0 : piece.integer(0);
  }
  return std::vector<Piece>(std::make_move_iterator(out.rbegin()), std::make_move_iterator(out.rend()));
}

}  // namespace

std::vector<store::Migration> migrations() { return {{.version = 1, .up = kUp, .down = kDown}}; }

Result<Heads> heads_of(std::string_view text) {
  Heads out;
  const boost::json::object object = DM_TRY(json_object(text));
  for (const auto& [channel, piece] : object) {
    if (!piece.is_int64()) return Error{Code::kDataLoss, "a stored checkpoint is damaged", "Delete its thread."};
    out.emplace(channel, piece.get_int64());
  }
  return out;
}

std::string text_of(const Heads& heads) {
  boost::json::object object;
  for (const auto& [channel, piece] : heads) object[channel] = piece;
  return to_text(object);
}

Row row_of(const NewCheckpoint& checkpoint) {
  Row out{.frontier = to_text(checkpoint.checkpoint.frontier), .metadata = to_text(checkpoint.checkpoint.metadata)};
  for (const auto& [channel, piece] : checkpoint.changed) out.changed.push_back(to_text(piece.value));
  return out;
}

namespace {

Result<Heads> parent_heads(store::Transaction& t, const NewCheckpoint& given) {
  if (given.after == After::kLatest) {
    auto latest =
        DM_TRY(t.query("SELECT channels, id FROM checkpoint WHERE thread = ? AND space = ? ORDER BY seq DESC LIMIT 1",
                       {given.place.thread, given.place.space}));
    const bool any = DM_TRY(latest.step());
    if ((any ? latest.text(1) : std::string_view()) != given.checkpoint.parent) return gone_on(given.place.thread);
    return any ? heads_of(latest.text(0)) : Heads{};
  }
  if (given.checkpoint.parent.empty()) return Heads{};
  auto parent = DM_TRY(t.query("SELECT channels FROM checkpoint WHERE thread = ? AND space = ? AND id = ?",
                               {given.place.thread, given.place.space, given.checkpoint.parent}));
  if (!DM_TRY(parent.step())) return not_there(given.checkpoint.parent);
  return heads_of(parent.text(0));
}

Result<> put_pieces(store::Transaction& t, const NewCheckpoint& given, const Row& row, Heads& heads) {
  for (const std::string& channel : given.removed) heads.erase(channel);
  std::size_t i = 0;
  for (const auto& [channel, piece] : given.changed) {
    const auto known = heads.find(channel);
    std::optional<std::int64_t> before;
    if (piece.kind == Piece::Kind::kAdded && known != heads.end()) before = known->second;
    DM_TRY(t.run("INSERT INTO piece(thread, space, before, value) VALUES(?, ?, ?, ?)",
                 {given.place.thread, given.place.space, before, row.changed[i++]}));
    heads[channel] = t.last_row_id();
  }
  return {};
}

}  // namespace

Result<> put(store::Transaction& t, const NewCheckpoint& given, const Row& row) {
  const Checkpoint& checkpoint = given.checkpoint;
  Heads heads = DM_TRY(parent_heads(t, given));
  DM_TRY(put_pieces(t, given, row, heads));
  const std::string channels = text_of(heads);
  const std::int64_t added =
      DM_TRY(t.run("INSERT INTO checkpoint(thread, space, id, parent, run, source, step, frontier, metadata, channels) "
                   "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                   {given.place.thread, given.place.space, checkpoint.id, checkpoint.parent, checkpoint.run,
                    name(checkpoint.source), checkpoint.step, row.frontier, row.metadata, channels}));
  if (added == 0) return Error{Code::kConflict, "there already is a checkpoint '" + checkpoint.id + "'"};
  DM_TRY(t.run("DELETE FROM pending WHERE thread = ? AND space = ? AND checkpoint = ?",
               {given.place.thread, given.place.space, checkpoint.parent}));
  return given.inner == Inner::kDrop ? drop_inner(t, given.place) : Result<>();
}

Result<> put_writes(store::Transaction& t, const Place& place, std::string_view checkpoint,
                    const std::vector<PendingWrite>& writes) {
  auto there = DM_TRY(t.query("SELECT 1 FROM checkpoint WHERE thread = ? AND space = ? AND id = ?",
                              {place.thread, place.space, checkpoint}));
  if (!DM_TRY(there.step())) return not_there(checkpoint);
  for (const PendingWrite& write : writes) {
    const std::string value = to_text(write.value);
    DM_TRY(
        t.run("INSERT OR REPLACE INTO pending(thread, space, checkpoint, task, idx, path, value) "
              "VALUES(?, ?, ?, ?, ?, ?, ?)",
              {place.thread, place.space, checkpoint, write.task, write.index, write.path, value}));
  }
  return {};
}

Result<std::optional<SavedCheckpoint>> get(store::Source& source, const Place& place, std::string_view id) {
  const std::string sql = std::string("SELECT ") + kColumns + " FROM checkpoint WHERE thread = ? AND space = ?" +
                          (id.empty() ? " AND ? = '' ORDER BY seq DESC LIMIT 1" : " AND id = ?");
  auto row = DM_TRY(source.query(sql, {place.thread, place.space, id}));
  if (!DM_TRY(row.step())) return std::optional<SavedCheckpoint>();
  SavedCheckpoint out = DM_TRY(saved_at(row));
  const Heads heads = DM_TRY(heads_of(row.text(9)));
  auto piece = DM_TRY(source.query("SELECT before, value FROM piece WHERE id = ?", {0}));
  for (const auto& [channel, head] : heads) out.channels[channel] = DM_TRY(chain(piece, head));
  out.writes = DM_TRY(pending(source, place, out.checkpoint.id));
  return std::optional(std::move(out));
}

Result<std::vector<SavedCheckpoint>> list(store::Source& source, const ListFilter& filter) {
  const std::string sql = std::string("SELECT ") + kColumns +
                          " FROM checkpoint WHERE (?1 IS NULL OR thread = ?1) AND (?2 IS NULL OR space = ?2) "
                          "AND (?3 = '' OR seq < (SELECT max(seq) FROM checkpoint WHERE id = ?3)) ORDER BY seq DESC";
  auto rows = DM_TRY(source.query(sql, {filter.thread, filter.space, filter.before}));
  std::vector<SavedCheckpoint> out;
  while (out.size() < filter.limit && DM_TRY(rows.step())) {
    SavedCheckpoint saved = DM_TRY(saved_at(rows));
    if (!matches(filter.metadata, saved.checkpoint)) continue;
    saved.writes = DM_TRY(pending(source, saved.place, saved.checkpoint.id));
    out.push_back(std::move(saved));
  }
  return out;
}

Result<std::vector<std::string>> threads(store::Source& source, std::string_view after, std::size_t limit) {
  auto rows = DM_TRY(
      source.query("SELECT DISTINCT thread FROM checkpoint WHERE thread > ? ORDER BY thread LIMIT ?", {after, limit}));
  std::vector<std::string> out;
  while (DM_TRY(rows.step())) out.emplace_back(rows.text(0));
  return out;
}

}  // namespace docmind::graph::sqlite::impl
