#include "cache/entries/entry_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <shared_mutex>
#include <utility>

#include "cache/entries/impl/state.h"

namespace docmind::cache {

EntryFile::EntryFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
EntryFile::~EntryFile() {
  state_->closing = true;
  (void)change({}, Deadline::never(), {});  // Rows that are no longer needed.
}

Result<std::unique_ptr<EntryFile>> EntryFile::open(EntryFileOptions options, EntryFileDeps deps) {
  const std::filesystem::path folder = options.path.parent_path();
  const auto there = deps.files.stat(folder.empty() ? "." : folder);
  if (!there || there->kind != sys::FileKind::kFolder) {
    return Error{Code::kInvalidArgument, fmt::format("There is no folder {}.", sys::printable(folder)),
                 "Make it, or name another one."};
  }
  std::filesystem::path lock_path = options.path;
  lock_path += ".lock";
  auto held = DM_TRY(sys::LockFile::try_lock(lock_path));
  auto state = std::make_unique<State>(std::move(options), deps, std::move(held));
  state->load();
  std::unique_ptr<EntryFile> file(new EntryFile(std::move(state)));
  (void)DM_TRY(file->change({}, Deadline::never(), {}));  // Erases what was found bad, makes room for less.
  return file;
}

EntryFile::Glance EntryFile::glance(std::string_view key) {
  const State::Seen seen = state_->look(key, hash_of(key));
  if (seen.kind != Glance::Kind::kHit) return {.kind = seen.kind};
  return {.kind = seen.kind, .value = {seen.value, &seen.value->value}};
}

Result<std::optional<std::string>> EntryFile::get(std::string_view key, Deadline deadline, std::stop_token stop) {
  const KeyHash hash = hash_of(key);
  const State::Seen seen = state_->look(key, hash);
  if (seen.kind == Glance::Kind::kMiss) return std::optional<std::string>();
  if (seen.kind == Glance::Kind::kHit) return std::optional(seen.value->value);
  return state_->read(key, hash, deadline, stop);
}

Result<EntryFile::Answers> EntryFile::change(std::vector<Change> changes, Deadline deadline, std::stop_token stop) {
  const std::uint64_t now = DM_TRY(moment());
  auto job = std::make_shared<State::Job>();
  Answers answers;
  std::vector<bool> refused;
  for (Change& change : changes) {
    auto ready = state_->ready(std::move(change), now);
    refused.push_back(!ready);
    if (ready) {
      job->changes.push_back(*std::move(ready));
    } else {
      answers.emplace_back(std::move(ready).error());
    }
  }
  DM_TRY(state_->wait_for(job, deadline, stop));
  if (answers.empty()) return std::move(job->answers);
  Answers all;
  std::size_t of_refused = 0;
  std::size_t of_job = 0;
  for (const bool was_refused : refused) {
    all.push_back(was_refused ? std::move(answers[of_refused++]) : std::move(job->answers[of_job++]));
  }
  return all;
}

Result<> EntryFile::put(std::string_view key, Put put, Deadline deadline, std::stop_token stop) {
  std::vector<Change> one;
  one.push_back({Change::Kind::kPut, std::string(key), std::move(put)});
  Answers answers = DM_TRY(change(std::move(one), deadline, std::move(stop)));
  if (!answers.front()) return answers.front().error();
  return {};
}

Result<bool> EntryFile::erase(std::string_view key, Deadline deadline, std::stop_token stop) {
  std::vector<Change> one;
  one.push_back({Change::Kind::kErase, std::string(key), {}});
  Answers answers = DM_TRY(change(std::move(one), deadline, std::move(stop)));
  if (!answers.front()) return answers.front().error();
  return *answers.front() > 0;
}

Result<std::uint64_t> EntryFile::purge(std::string_view tag, Deadline deadline, std::stop_token stop) {
  std::vector<Change> one;
  one.push_back({Change::Kind::kPurge, std::string(tag), {}});
  Answers answers = DM_TRY(change(std::move(one), deadline, std::move(stop)));
  return std::move(answers.front());
}

Result<std::uint64_t> EntryFile::moment() {
  const MutexLock lock(state_->mutex);
  return state_->purges.moment();
}

Result<EntriesStats> EntryFile::stats() {
  const std::shared_lock shared(state_->gate);
  const MutexLock lock(state_->mutex);
  EntriesStats out = state_->stats;
  const Index& index = state_->index;
  out.entries = index.entries();
  out.bytes = index.bytes();
  out.value_bytes = index.value_bytes();
  out.stored_bytes = index.stored_bytes();
  out.hot_entries = index.hot_entries();
  out.hot_bytes = index.hot_bytes();
  out.puts = state_->counted.puts;
  out.outrun = state_->counted.outrun;
  out.evicted = state_->counted.evicted;
  out.erased = state_->counted.erased;
  out.purged = state_->counted.purged;
  out.commits = state_->disk.commits();
  if (const auto trouble = state_->disk.trouble()) out.trouble = *trouble;
  std::vector<double> times = state_->evictions;
  if (!times.empty()) {
    const auto at = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) * 99 / 100);
    std::ranges::nth_element(times, at);
    out.eviction_p99_seconds = *at;
  }
  return out;
}

}  // namespace docmind::cache
