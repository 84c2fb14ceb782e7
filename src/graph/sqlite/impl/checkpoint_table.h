// The tables of a file of sessions, and everything that is asked of them. docs/formats/sessions.md describes them.
//
// Free functions on a transaction or a snapshot; nothing here holds state.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "graph/checkpoint.h"
#include "store/database.h"

namespace docmind::graph::sqlite::impl {

std::vector<store::Migration> migrations();

// A checkpoint's JSON as text.
struct Row {
  std::string frontier{};
  std::string metadata{};
  std::vector<std::string> changed{};  // In the order of NewCheckpoint::changed.
};
Row row_of(const NewCheckpoint& checkpoint);

Result<> put(store::Transaction& t, const NewCheckpoint& checkpoint, const Row& row);
Result<> put_writes(store::Transaction& t, const Place& place, std::string_view checkpoint,
                    const std::vector<PendingWrite>& writes);
Result<std::optional<SavedCheckpoint>> get(store::Source& source, const Place& place, std::string_view id);
Result<std::vector<SavedCheckpoint>> list(store::Source& source, const ListFilter& filter);
Result<std::vector<std::string>> threads(store::Source& source, std::string_view after, std::size_t limit);

Result<> delete_thread(store::Transaction& t, std::string_view thread);
Result<> delete_runs(store::Transaction& t, const std::vector<std::string>& runs);
Result<> keep_latest(store::Transaction& t, std::string_view thread);
Result<> copy_thread(store::Transaction& t, std::string_view from, std::string_view to);

// Pieces that no checkpoint of the thread needs any more.
Result<> drop_unreachable_pieces(store::Transaction& t, std::string_view thread);

// {"channel": piece}, as it stands in a row.
using Heads = std::map<std::string, std::int64_t, std::less<>>;
Result<Heads> heads_of(std::string_view text);
std::string text_of(const Heads& heads);

}  // namespace docmind::graph::sqlite::impl
