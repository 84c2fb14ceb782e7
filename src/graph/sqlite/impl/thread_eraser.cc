// Deleting, pruning and copying whole threads.
#include <set>

#include "graph/sqlite/impl/checkpoint_table.h"

namespace docmind::graph::sqlite::impl {
namespace {

Result<std::set<std::int64_t>> reachable(store::Transaction& t, std::string_view thread,
                                         const std::map<std::int64_t, std::int64_t>& before) {
  std::set<std::int64_t> out;
  auto rows = DM_TRY(t.query("SELECT channels FROM checkpoint WHERE thread = ?", {thread}));
  while (DM_TRY(rows.step())) {
    for (const auto& [channel, head] : DM_TRY(heads_of(rows.text(0)))) {
      for (std::int64_t id = head; id != 0 && out.insert(id).second;) {
        const auto found = before.find(id);
        id = found == before.end() ? 0 : found->second;
      }
    }
  }
  return out;
}

Result<> drop_ownerless_writes(store::Transaction& t, std::string_view thread) {
  DM_TRY(
      t.run("DELETE FROM pending WHERE thread = ? AND NOT EXISTS (SELECT 1 FROM checkpoint AS c "
            "WHERE c.thread = pending.thread AND c.space = pending.space AND c.id = pending.checkpoint)",
            {thread}));
  return {};
}

Result<> copy_pieces(store::Transaction& t, std::string_view from, std::string_view to, std::int64_t shift) {
  DM_TRY(
      t.run("INSERT INTO piece(id, thread, space, before, value) "
            "SELECT id + ?1, ?2, space, before + ?1, value FROM piece WHERE thread = ?3",
            {shift, to, from}));
  return {};
}

Result<> copy_checkpoints(store::Transaction& t, std::string_view from, std::string_view to, std::int64_t shift) {
  std::vector<std::pair<std::int64_t, std::string>> rows;  // Read before writing: the copies are rows, too.
  {
    auto found = DM_TRY(t.query("SELECT seq, channels FROM checkpoint WHERE thread = ? ORDER BY seq", {from}));
    while (DM_TRY(found.step())) rows.emplace_back(found.integer(0), found.text(1));
  }
  for (const auto& [seq, text] : rows) {
    Heads heads = DM_TRY(heads_of(text));
    for (auto& [channel, piece] : heads) piece += shift;
    const std::string channels = text_of(heads);
    DM_TRY(
        t.run("INSERT INTO checkpoint(thread, space, id, parent, run, source, step, frontier, metadata, channels) "
              "SELECT ?, space, id, parent, run, source, step, frontier, metadata, ? FROM checkpoint WHERE seq = ?",
              {to, channels, seq}));
  }
  return {};
}

}  // namespace

Result<> drop_unreachable_pieces(store::Transaction& t, std::string_view thread) {
  std::map<std::int64_t, std::int64_t> before;
  {
    auto rows = DM_TRY(t.query("SELECT id, coalesce(before, 0) FROM piece WHERE thread = ?", {thread}));
    while (DM_TRY(rows.step())) before.emplace(rows.integer(0), rows.integer(1));
  }
  const std::set<std::int64_t> reached = DM_TRY(reachable(t, thread, before));
  for (const auto& [id, earlier] : before) {
    if (!reached.contains(id)) DM_TRY(t.run("DELETE FROM piece WHERE id = ?", {id}));
  }
  return {};
}

Result<> delete_thread(store::Transaction& t, std::string_view thread) {
  DM_TRY(t.run("DELETE FROM checkpoint WHERE thread = ?", {thread}));
  DM_TRY(t.run("DELETE FROM piece WHERE thread = ?", {thread}));
  DM_TRY(t.run("DELETE FROM pending WHERE thread = ?", {thread}));
  t.scrub_log();
  return {};
}

Result<> delete_runs(store::Transaction& t, const std::vector<std::string>& runs) {
  std::set<std::string> threads;
  for (const std::string& run : runs) {
    {
      auto rows = DM_TRY(t.query("SELECT DISTINCT thread FROM checkpoint WHERE run = ?", {run}));
      while (DM_TRY(rows.step())) threads.emplace(rows.text(0));
    }
    DM_TRY(t.run("DELETE FROM checkpoint WHERE run = ?", {run}));
  }
  for (const std::string& thread : threads) {
    DM_TRY(drop_ownerless_writes(t, thread));
    DM_TRY(drop_unreachable_pieces(t, thread));
  }
  t.scrub_log();
  return {};
}

Result<> keep_latest(store::Transaction& t, std::string_view thread) {
  DM_TRY(
      t.run("DELETE FROM checkpoint WHERE thread = ?1 AND seq NOT IN "
            "(SELECT max(seq) FROM checkpoint WHERE thread = ?1 GROUP BY space)",
            {thread}));
  DM_TRY(drop_ownerless_writes(t, thread));
  return drop_unreachable_pieces(t, thread);
}

Result<> copy_thread(store::Transaction& t, std::string_view from, std::string_view to) {
  std::int64_t shift = 0;
  {
    auto taken = DM_TRY(t.query("SELECT 1 FROM checkpoint WHERE thread = ? LIMIT 1", {to}));
    if (DM_TRY(taken.step())) {
      return Error{Code::kConflict, "there already is a thread '" + std::string(to) + "'", "Choose a new name."};
    }
    auto last = DM_TRY(t.query("SELECT coalesce(max(id), 0) FROM piece"));
    DM_TRY(last.step());
    shift = last.integer(0);
  }
  DM_TRY(copy_pieces(t, from, to, shift));
  DM_TRY(copy_checkpoints(t, from, to, shift));
  DM_TRY(
      t.run("INSERT INTO pending(thread, space, checkpoint, task, idx, path, value) "
            "SELECT ?, space, checkpoint, task, idx, path, value FROM pending WHERE thread = ?",
            {to, from}));
  return {};
}

}  // namespace docmind::graph::sqlite::impl
