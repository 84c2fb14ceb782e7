#include "graph/memory_saver.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <map>
#include <set>
#include <utility>

#include "base/thread_annotations.h"

namespace docmind::graph {
namespace {

struct StoredPiece {
  Piece piece{};
  std::uint64_t before = 0;  // The piece it adds to; 0: none.
};

struct Row {
  std::uint64_t order = 0;  // Of all puts.
  Checkpoint checkpoint{};
  std::map<std::string, std::uint64_t, std::less<>> channels{};  // The newest piece of each.
  std::map<std::pair<std::string, std::int64_t>, PendingWrite> writes{};
};

struct Space {
  std::vector<Row> rows{};  // Oldest first.
  std::map<std::uint64_t, StoredPiece> pieces{};

  std::string_view latest() const { return rows.empty() ? std::string_view() : rows.back().checkpoint.id; }

  Row* find(std::string_view id) {
    const auto found = std::ranges::find_if(rows, [&](const Row& row) { return row.checkpoint.id == id; });
    return found == rows.end() ? nullptr : &*found;
  }

  void drop_unreachable_pieces() {
    std::set<std::uint64_t> reached;
    for (const Row& row : rows) {
      for (const auto& [channel, newest] : row.channels) {
        for (std::uint64_t id = newest; id != 0 && reached.insert(id).second;) id = pieces.at(id).before;
      }
    }
    std::erase_if(pieces, [&](const auto& one) { return !reached.contains(one.first); });
  }
};

using Thread = std::map<std::string, Space, std::less<>>;

SavedCheckpoint without_values(const std::string& thread, const std::string& space, const Row& row) {
  SavedCheckpoint out{.place = {thread, space}, .checkpoint = row.checkpoint};
  for (const auto& [key, write] : row.writes) out.writes.push_back(write);
  return out;
}

}  // namespace

class MemorySaver::Impl {
 public:
  Result<> put(const NewCheckpoint& given) {
    const MutexLock lock(mutex_);
    Thread& thread = threads_[given.place.thread];
    Space& space = thread[given.place.space];
    if (space.find(given.checkpoint.id) != nullptr) {
      return Error{Code::kConflict, "there already is a checkpoint '" + given.checkpoint.id + "'"};
    }
    if (given.after == After::kLatest && space.latest() != given.checkpoint.parent) return gone_on(given.place.thread);
    Row row{.order = ++order_, .checkpoint = given.checkpoint};
    if (!given.checkpoint.parent.empty()) {
      Row* parent = space.find(given.checkpoint.parent);
      if (parent == nullptr) return not_there(given.checkpoint.parent);
      row.channels = parent->channels;
      parent->writes.clear();
    }
    for (const std::string& channel : given.removed) row.channels.erase(channel);
    for (const auto& [channel, piece] : given.changed) {
      std::uint64_t& newest = row.channels[channel];
      const std::uint64_t before = piece.kind == Piece::Kind::kAdded ? newest : 0;
      newest = ++piece_;
      space.pieces[newest] = {.piece = piece, .before = before};
    }
    space.rows.push_back(std::move(row));
    if (given.inner == Inner::kDrop) {
      std::erase_if(thread, [&](const auto& one) { return is_inside(one.first, given.place.space); });
    }
    return {};
  }

  Result<> put_writes(const Place& place, std::string_view id, const std::vector<PendingWrite>& writes) {
    const MutexLock lock(mutex_);
    Space* space = find(place);
    Row* row = space != nullptr ? space->find(id) : nullptr;
    if (row == nullptr) return not_there(id);
    for (const PendingWrite& write : writes) row->writes[{write.task, write.index}] = write;
    return {};
  }

  std::optional<SavedCheckpoint> get(const Place& place, std::string_view id) {
    const MutexLock lock(mutex_);
    Space* space = find(place);
    if (space == nullptr || space->rows.empty()) return std::nullopt;
    const Row* row = id.empty() ? &space->rows.back() : space->find(id);
    if (row == nullptr) return std::nullopt;
    SavedCheckpoint out = without_values(place.thread, place.space, *row);
    for (const auto& [channel, newest] : row->channels) {
      std::vector<Piece>& pieces = out.channels[channel];
      for (std::uint64_t piece = newest; piece != 0; piece = space->pieces.at(piece).before) {
        pieces.push_back(space->pieces.at(piece).piece);
      }
      std::ranges::reverse(pieces);
    }
    return out;
  }

  std::vector<SavedCheckpoint> list(const ListFilter& filter) {
    const MutexLock lock(mutex_);
    std::uint64_t before = filter.before.empty() ? order_ + 1 : 0;
    std::vector<std::pair<std::uint64_t, SavedCheckpoint>> found;
    const auto each = [&](const auto& visit) DM_REQUIRES(mutex_) {
      for (const auto& [thread, spaces] : threads_) {
        if (filter.thread && *filter.thread != thread) continue;
        for (const auto& [name, space] : spaces) {
          if (filter.space && *filter.space != name) continue;
          for (const Row& row : space.rows) visit(thread, name, row);
        }
      }
    };
    each([&](const auto&, const auto&, const Row& row) {
      if (row.checkpoint.id == filter.before) before = std::max(before, row.order);
    });
    each([&](const auto& thread, const auto& name, const Row& row) {
      if (row.order >= before || !matches(filter.metadata, row.checkpoint)) return;
      found.emplace_back(row.order, without_values(thread, name, row));
    });
    std::ranges::sort(found, [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<SavedCheckpoint> out;
    for (auto& [order, saved] : found) {
      if (out.size() == filter.limit) break;
      out.push_back(std::move(saved));
    }
    return out;
  }

  std::vector<std::string> threads(std::string_view after, std::size_t limit) {
    const MutexLock lock(mutex_);
    std::vector<std::string> out;
    for (auto at = threads_.upper_bound(after); at != threads_.end() && out.size() < limit; ++at) {
      const bool empty = std::ranges::all_of(at->second, [](const auto& one) { return one.second.rows.empty(); });
      if (!empty) out.push_back(at->first);
    }
    return out;
  }

  void delete_thread(std::string_view thread) {
    const MutexLock lock(mutex_);
    if (const auto found = threads_.find(thread); found != threads_.end()) threads_.erase(found);
  }

  void delete_runs(const std::vector<std::string>& runs) {
    const MutexLock lock(mutex_);
    const std::set<std::string> gone(runs.begin(), runs.end());
    for (auto& [name, thread] : threads_) {
      for (auto& [id, space] : thread) {
        std::erase_if(space.rows, [&](const Row& row) { return gone.contains(row.checkpoint.run); });
        space.drop_unreachable_pieces();
      }
    }
  }

  Result<> copy_thread(std::string_view from, std::string_view to) {
    const MutexLock lock(mutex_);
    const auto source = threads_.find(from);
    if (source == threads_.end()) return {};
    Thread& copy = threads_[std::string(to)];
    const bool taken = std::ranges::any_of(copy, [](const auto& one) { return !one.second.rows.empty(); });
    if (taken)
      return Error{Code::kConflict, "there already is a thread '" + std::string(to) + "'", "Choose a new name."};
    copy = threads_.find(from)->second;
    std::vector<Row*> rows;  // New places in the order of all, the copies in the order of their originals.
    for (auto& [name, space] : copy) {
      for (Row& row : space.rows) rows.push_back(&row);
    }
    std::ranges::sort(rows, {}, [](const Row* row) { return row->order; });
    for (Row* row : rows) row->order = ++order_;
    return {};
  }

  void prune(const std::vector<std::string>& threads, Prune what) {
    const MutexLock lock(mutex_);
    for (const std::string& name : threads) {
      const auto thread = threads_.find(name);
      if (thread == threads_.end()) continue;
      if (what == Prune::kDeleteAll) {
        threads_.erase(thread);
        continue;
      }
      for (auto& [id, space] : thread->second) {
        if (space.rows.size() > 1) space.rows.erase(space.rows.begin(), space.rows.end() - 1);
        space.drop_unreachable_pieces();
      }
    }
  }

  std::size_t pieces() const {
    const MutexLock lock(mutex_);
    std::size_t sum = 0;
    for (const auto& [name, thread] : threads_) {
      for (const auto& [id, space] : thread) sum += space.pieces.size();
    }
    return sum;
  }

 private:
  Space* find(const Place& place) DM_REQUIRES(mutex_) {
    const auto thread = threads_.find(place.thread);
    if (thread == threads_.end()) return nullptr;
    const auto space = thread->second.find(place.space);
    return space == thread->second.end() ? nullptr : &space->second;
  }

  mutable Mutex mutex_;
  std::map<std::string, Thread, std::less<>> threads_ DM_GUARDED_BY(mutex_);
  std::uint64_t order_ DM_GUARDED_BY(mutex_) = 0;
  std::uint64_t piece_ DM_GUARDED_BY(mutex_) = 0;
};

MemorySaver::MemorySaver() : impl_(std::make_unique<Impl>()) {}
MemorySaver::~MemorySaver() = default;

Result<> MemorySaver::put(const NewCheckpoint& checkpoint, Waiting) { return impl_->put(checkpoint); }

Result<> MemorySaver::put_writes(const Place& place, std::string_view checkpoint,
                                 const std::vector<PendingWrite>& writes, Waiting) {
  return impl_->put_writes(place, checkpoint, writes);
}

Result<std::optional<SavedCheckpoint>> MemorySaver::get(const Place& place, std::string_view id, Waiting) {
  return impl_->get(place, id);
}

Result<std::vector<SavedCheckpoint>> MemorySaver::list(const ListFilter& filter, Waiting) {
  return impl_->list(filter);
}

Result<std::vector<std::string>> MemorySaver::threads(std::string_view after, std::size_t limit, Waiting) {
  return impl_->threads(after, limit);
}

Result<> MemorySaver::delete_thread(std::string_view thread, Waiting) {
  impl_->delete_thread(thread);
  return {};
}

Result<> MemorySaver::delete_runs(const std::vector<std::string>& runs, Waiting) {
  impl_->delete_runs(runs);
  return {};
}

Result<> MemorySaver::copy_thread(std::string_view from, std::string_view to, Waiting) {
  return impl_->copy_thread(from, to);
}

Result<> MemorySaver::prune(const std::vector<std::string>& threads, Prune what, Waiting) {
  impl_->prune(threads, what);
  return {};
}

std::size_t MemorySaver::pieces() const { return impl_->pieces(); }

}  // namespace docmind::graph
