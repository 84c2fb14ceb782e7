// How changes that come together become one commit.
#include <cmath>
#include <shared_mutex>

#include "cache/entries/impl/state.h"
#include "cache/entries/limits.h"
#include "exec/wait.h"

namespace docmind::cache {
namespace {

constexpr std::size_t kWaiting = 8192;  // Changes at most.
constexpr std::size_t kTogether = 2048;
constexpr std::size_t kEvictionsTimed = 1024;
constexpr std::size_t kNotedRows = 32'768;
constexpr std::uint64_t kNotedBytes = 32U << 20U;  // And a quarter of the budget.

ChangeKind kind_of(Change::Kind kind) {
  if (kind == Change::Kind::kPut) return ChangeKind::kPut;
  return kind == Change::Kind::kErase ? ChangeKind::kErase : ChangeKind::kPurge;
}

// When it ends.
std::int64_t end_of(std::int64_t now, Duration ttl) {
  const auto ms = ttl_in_ms(ttl);
  return !ms || *ms > kNoEnd - now ? kNoEnd : now + *ms;
}

}  // namespace

Result<ReadyChange> EntryFile::State::ready(Change change, std::uint64_t now) {
  ReadyChange out{.kind = kind_of(change.kind), .moment = change.put.since.value_or(now)};
  if (change.kind == Change::Kind::kPurge) {
    out.tag = change.key.empty() ? 0 : tag_hash(change.key);
    return out;
  }
  out.hash = hash_of(change.key);
  if (change.kind == Change::Kind::kErase) return out;
  DM_TRY(check_put(change.key, change.put, options.max_value_bytes));
  Put& put = change.put;
  out.stores = put.ttl > Duration(0);
  out.packed = pack(put.value, options.compress_from);
  out.head.key = change.key;
  out.head.stored = time.now();
  out.head.expires = end_of(out.head.stored, put.ttl);
  out.head.cost = std::isfinite(put.cost) ? put.cost : 0;
  out.head.tags = pack_tags(put.tags);
  out.head.form = out.packed.form;
  out.head.size = put.value.size();
  out.tags = tag_hashes(out.head.tags);
  out.value = std::make_shared<HotValue>(HotValue{std::move(change.key), std::move(put.value)});
  out.head.bytes = out.stored().size();
  return out;
}

EntryFile::State::Batch EntryFile::State::take_batch() {
  Batch batch;
  std::size_t taken = 0;
  while (!queue.empty() && (batch.empty() || taken + queue.front()->changes.size() <= kTogether)) {
    queue.front()->taken = true;
    taken += queue.front()->changes.size();
    batch.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  waiting -= taken;
  return batch;
}

// Until the job is done; writes for all who wait when nobody does.
Result<> EntryFile::State::wait_for(const std::shared_ptr<Job>& job, const Deadline& deadline,
                                    const std::stop_token& stop) {
  MutexLock lock(queue_mutex);
  if (waiting + job->changes.size() > kWaiting && !queue.empty()) {
    return Error{Code::kResourceExhausted, "Too many changes to the cache are waiting.", "Try again in a moment."};
  }
  waiting += job->changes.size();
  queue.push_back(job);
  while (!job->done) {
    if (!leading) {
      leading = true;
      const Batch batch = take_batch();
      lock.unlock();
      run(batch);
      lock.lock();
      leading = false;
      for (const auto& one : batch) one->done = true;
      changed.notify_all();
      continue;
    }
    // Once it is taken the commit decides, whatever the time.
    const auto waited = exec::wait_until(changed, lock, job->taken ? Deadline::never() : deadline,
                                         job->taken ? std::stop_token() : stop,
                                         [&]() DM_REQUIRES(queue_mutex) { return job->done || !leading; });
    if (waited == exec::Waited::kReady || job->taken) continue;
    std::erase(queue, job);
    waiting -= job->changes.size();
    return exec::error_of(waited, "a change to the cache");
  }
  return {};
}

Plan EntryFile::State::plan(const Batch& batch) {
  const MutexLock lock(mutex);
  Plan plan(index, purges, counted, next_id);
  for (const auto& job : batch) {
    for (ReadyChange& change : job->changes) job->answers.emplace_back(plan.add(change));
  }
  const TimePoint start = clock.now();
  if (plan.make_room({options.max_entries, options.max_bytes})) {
    const double seconds = std::chrono::duration<double>(clock.now() - start).count();
    if (evictions.size() < kEvictionsTimed) {
      evictions.push_back(seconds);
    } else {
      evictions[next_eviction++ % kEvictionsTimed] = seconds;
    }
  }
  return plan;
}

// What is erased or purged leaves the file at once, and with it whatever else is gone: it might be of the same key, and
// nothing but the note would keep it from coming back.
Disk::Removal EntryFile::State::removal_of(const Plan& plan, const Garbage& removed) {
  if (plan.purges()) return Disk::Removal::kScrub;
  const std::uint64_t most = std::min(kNotedBytes, options.max_bytes / 4);
  const bool enough = noted.ids.size() + removed.ids.size() > kNotedRows || noted.bytes + removed.bytes > most;
  return plan.erases() || closing || enough ? Disk::Removal::kErase : Disk::Removal::kNote;
}

// Commits, and says under which generation.
Result<> EntryFile::State::commit(Plan& plan, std::uint64_t* seen) {
  const std::shared_lock shared(gate);
  *seen = generation;
  Garbage removed;
  Garbage gone;
  Disk::Removal removal{};
  {
    const MutexLock lock(mutex);
    removed = std::exchange(garbage, {});
    removed.add(plan.removed());
    gone = plan.replaced();  // Until what is put has been installed they are still read.
    removal = removal_of(plan, removed);
    if (removal == Disk::Removal::kNote) {
      gone.add(std::exchange(removed, {}));
    } else {
      removed.add(std::exchange(noted, {}));
    }
  }
  std::vector<NewRow> rows;
  for (const ReadyChange* put : plan.puts()) rows.push_back({put->head, put->stored()});
  Result<> stored;
  if (!rows.empty() || !gone.ids.empty() || !removed.ids.empty() || plan.purges()) {
    if (plan.purges()) disk.delete_aside();
    std::ranges::sort(removed.ids);
    stored = disk.commit(rows, gone.ids, removed.ids, removal);
  }
  const MutexLock lock(mutex);
  if (stored) {
    stats.trouble.clear();
    noted.add(gone);
    plan.install(Plan::Kept::kFile);
    return {};
  }
  garbage.add(removed);
  garbage.add(gone);
  if (is_damage(stored.error())) return stored;
  stats.unstored += rows.size();
  stats.trouble = stored.error().message;
  plan.install(Plan::Kept::kMemory);
  return stored;
}

// Again with a new file when this one turns out to be damaged. The index of before is gone with it.
Result<> EntryFile::State::store(Plan& plan) {
  std::uint64_t seen = 0;
  Result<> stored = commit(plan, &seen);
  if (!stored && is_damage(stored.error())) {
    renew(seen, plan.purges() ? Disk::Old::kDelete : Disk::Old::kAside);
    plan.forget_removed();
    stored = commit(plan, &seen);
    if (!stored && is_damage(stored.error())) {
      const MutexLock lock(mutex);
      stats.trouble = stored.error().message;
      stats.unstored += plan.puts().size();
      plan.install(Plan::Kept::kMemory);
    }
  }
  return stored;
}

// A purge that the disk has no room for takes the whole file: that needs none.
void EntryFile::State::answer_failed(const Batch& batch, const Plan& plan, const Error& error) {
  if (plan.purges()) {
    if (renew(generation, Disk::Old::kDelete)) return;
  }
  for (const auto& job : batch) {
    for (std::size_t i = 0; i < job->changes.size(); ++i) {
      if (job->changes[i].kind != ChangeKind::kPut) job->answers[i] = error;
    }
  }
}

void EntryFile::State::run(const Batch& batch) {
  try_again();
  Plan planned = plan(batch);
  const Result<> stored = store(planned);
  if (!stored && (planned.purges() || planned.erases())) answer_failed(batch, planned, stored.error());
}

}  // namespace docmind::cache
