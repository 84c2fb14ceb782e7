// The file's life, and what is read from it.
#include <shared_mutex>

#include "cache/entries/impl/state.h"

namespace docmind::cache {
namespace {

constexpr std::uint64_t kRenewedAtMost = 100;  // In one life: a disk that breaks each new file gets no more of them.

}  // namespace

// The caller has the gate, or nobody else knows of the file yet.
void EntryFile::State::load() {
  if (!disk.open()) {
    const MutexLock lock(mutex);
    ++stats.renewed;
  }
  read_rows();
}

void EntryFile::State::read_rows() {
  bool damaged = false;
  {
    const MutexLock lock(mutex);
    const Result<> scanned = disk.scan([&](RowHead head, RowState state) DM_REQUIRES(mutex) {
      next_id = std::max(next_id, head.id + 1);
      Known known = known_of(head, hash_of(head.key), tag_hashes(head.tags));
      if (state == RowState::kGone) return noted.add(known);
      if (state == RowState::kDamaged) {
        ++stats.quarantined;
        return garbage.add(known);
      }
      time.at_least(head.stored);
      if (const Index::Place old = index.find(known.hash); old != Index::kNone) {
        garbage.add(index.at(old));
        index.remove(old);
      }
      index.add(std::move(known));
    });
    damaged = !scanned && is_damage(scanned.error());
    if (!scanned) index.clear();
  }
  if (!damaged) return;
  const MutexLock lock(mutex);
  ++stats.renewed;
  garbage = noted = {};
  disk.renew(Disk::Old::kAside);
}

// A file that was found damaged is replaced once, however many have found it so.
bool EntryFile::State::renew(std::uint64_t seen, Disk::Old old) {
  const std::unique_lock alone(gate);
  if (generation != seen) return false;
  const MutexLock lock(mutex);
  if (stats.renewed >= kRenewedAtMost && old == Disk::Old::kAside) old = Disk::Old::kDelete;
  index.clear();
  garbage = noted = {};
  ++stats.renewed;
  ++generation;
  return disk.renew(old);
}

// Without a file, now and then: there may be room again. What was in memory alone goes.
void EntryFile::State::try_again() {
  if (clock.now() < next_try) return;
  next_try = clock.now() + kTryAgain;
  const std::unique_lock alone(gate);
  if (!disk.trouble()) return;
  {
    const MutexLock lock(mutex);
    index.clear();
    garbage = noted = {};
  }
  ++generation;
  load();
}

EntryFile::State::Seen EntryFile::State::look(std::string_view key, const KeyHash& hash) {
  const std::int64_t now = time.now();
  const MutexLock lock(mutex);
  const Index::Place place = index.find(hash);
  if (place == Index::kNone) {
    ++stats.misses;
    return {};
  }
  if (index.at(place).expires <= now) {
    garbage.add(index.at(place));
    index.remove(place);
    ++stats.misses;
    ++stats.expired;
    return {};
  }
  Hot hot = index.hot(place);
  if (hot == nullptr) return {.kind = Glance::Kind::kAskDisk, .id = index.at(place).id};
  if (hot->key != key) {  // Two keys with one hash.
    ++stats.misses;
    return {};
  }
  index.use(place);
  ++stats.hits_hot;
  return {.kind = Glance::Kind::kHit, .value = std::move(hot)};
}

// A row that is not what was stored is never given. False: the entry has changed meanwhile.
bool EntryFile::State::quarantine(const KeyHash& hash, std::int64_t id) {
  const MutexLock lock(mutex);
  const Index::Place place = index.find(hash);
  if (place == Index::kNone || index.at(place).id != id) return false;
  garbage.add(index.at(place));
  index.remove(place);
  ++stats.quarantined;
  ++stats.misses;
  return true;
}

Result<std::optional<std::string>> EntryFile::State::read(std::string_view key, const KeyHash& hash, Deadline deadline,
                                                          const std::stop_token& stop) {
  while (true) {
    std::shared_lock shared(gate);
    const std::uint64_t seen = generation;
    const Seen there = look(key, hash);
    if (there.kind == Glance::Kind::kMiss) return std::optional<std::string>();
    if (there.kind == Glance::Kind::kHit) return std::optional(there.value->value);
    auto row = disk.read(there.id, deadline, stop);
    if (!row && !is_damage(row.error())) return row.error();
    if (!row) {
      shared.unlock();
      renew(seen, Disk::Old::kAside);
      continue;
    }
    std::optional<ReadRow>& found = *row;
    if (!found || !found->whole) {
      if (quarantine(hash, there.id)) return std::optional<std::string>();
      continue;
    }
    const bool other = found->head.key != key;
    auto value = std::make_shared<HotValue>(HotValue{std::move(found->head.key), std::move(found->value)});
    const MutexLock lock(mutex);
    const Index::Place place = index.find(hash);
    if (place != Index::kNone && index.at(place).id == there.id) {
      index.use(place);
      index.warm(place, value);
    }
    ++(other ? stats.misses : stats.hits_disk);
    return other ? std::optional<std::string>() : std::optional(value->value);
  }
}

}  // namespace docmind::cache
