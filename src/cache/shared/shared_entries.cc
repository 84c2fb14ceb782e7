#include "cache/shared/shared_entries.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cache/shared/shared_store.h"

namespace docmind::cache {
namespace {

constexpr std::size_t kGivenKept = 1024;
constexpr auto kProbePatience = std::chrono::seconds(5);
constexpr auto kReturning = std::chrono::seconds(1);  // That one call spends on it at most.

// Whether the store is to blame, and not the call or who made it.
bool is_failure(const Error& error, const Deadline& deadline) {
  switch (error.code) {
    case Code::kInvalidArgument:
    case Code::kCancelled:
    case Code::kResourceExhausted:  // It has no room; what it holds it gives.
      return false;
    case Code::kDeadlineExceeded:
      return !deadline.expired();
    default:
      return true;
  }
}

}  // namespace

SharedEntries::SharedEntries(std::string place, const SharedEntriesDeps& deps)
    : place_(std::move(place)),
      deps_(deps),
      waiting_(deps.metrics.gauge("docmind_cache_purges_waiting", "Purges that the shared cache does not know of yet.",
                                  {})) {
  show_waiting();
}

Result<std::unique_ptr<SharedEntries>> SharedEntries::open(std::string place, SharedEntriesDeps deps) {
  std::unique_ptr<SharedEntries> out(new SharedEntries(std::move(place), deps));
  out->breaker_ = DM_TRY(
      resilience::Breaker::open("cache", breaker_of_shared_store(kProbePatience), {deps.clock, deps.metrics, {}}));
  return out;
}

void SharedEntries::show_waiting() { waiting_.set(static_cast<double>(deps_.journal.pending().size())); }

// ---- which store ----

bool SharedEntries::is_shared() const {
  const MutexLock lock(mutex_);
  return !away_ && deps_.journal.empty();
}

// The moment is taken together with the decision: what is put by it is dropped if the store is emptied meanwhile.
SharedEntries::Local SharedEntries::local_now() {
  const MutexLock lock(mutex_);
  const auto moment = deps_.local.moment();
  return {.usable = away_ && !stale_, .moment = moment ? *moment : 0, .era = era_};
}

void SharedEntries::take_local(Way& way) {
  way.shared.reset();
  way.local = local_now();
  way.era = way.local.era;
}

SharedEntries::Way SharedEntries::choose(const Deadline& deadline, const std::stop_token& stop) {
  Way out;
  auto permit = breaker_->admit();
  if (permit) {
    out.shared.emplace(*std::move(permit));
    const Result<bool> back = is_shared() ? Result<bool>(true) : come_back(deadline, stop);
    if (!back) (void)failed(out, back.error(), deadline);
    if (back && *back) {
      const MutexLock lock(mutex_);
      out.era = era_;
      if (!away_) return out;
    }
  } else {
    go_away(permit.error());
    (void)empty_local(deadline, stop);
  }
  take_local(out);
  return out;
}

// False: somebody else is at it.
Result<bool> SharedEntries::come_back(const Deadline& deadline, const std::stop_token& stop) {
  const std::unique_lock alone(returning_, std::try_to_lock);
  if (!alone) return false;
  const Deadline until = deadline.sooner(kReturning, deps_.clock);
  for (const PurgeJournal::Noted& one : deps_.journal.pending()) {
    (void)DM_TRY(deps_.shared.purge(one.tag, until, stop));
    DM_TRY(deps_.journal.done(one.id));
  }
  show_waiting();
  (void)DM_TRY(deps_.shared.get({}, until, stop));  // Whether it answers.
  {
    const MutexLock lock(mutex_);
    if (!deps_.journal.empty()) return false;
    if (!away_) return true;
    away_ = false;
    stale_ = true;
    ++era_;
  }
  deps_.log.event(obs::Level::kInfo, "shared_cache_back", {{"place", place_}});
  const auto purged = deps_.local.purge({}, deadline, stop);
  const MutexLock lock(mutex_);
  stale_ = !purged;
  return true;
}

// Makes up for what come_back() could not do.
bool SharedEntries::empty_local(const Deadline& deadline, const std::stop_token& stop) {
  {
    const MutexLock lock(mutex_);
    if (!stale_) return true;
  }
  const std::unique_lock alone(returning_, std::try_to_lock);
  if (!alone || !deps_.local.purge({}, deadline, stop)) return false;
  const MutexLock lock(mutex_);
  stale_ = false;
  return true;
}

void SharedEntries::go_away(const Error& why) {
  {
    const MutexLock lock(mutex_);
    if (why_.empty() || !away_) why_ = why.message;
    if (away_) return;
    away_ = true;
    ++era_;
  }
  deps_.log.failure(obs::Level::kWarn, "shared_cache_away", why, {{"place", place_}});
}

// Whether the call is to be made locally instead.
bool SharedEntries::failed(Way& way, const Error& error, const Deadline& deadline) {
  if (!way.shared || !is_failure(error, deadline)) return false;
  way.shared->failed(error.message);
  way.shared.reset();
  {
    const MutexLock lock(mutex_);
    why_ = error.message;
    last_ = Failure{error, deps_.clock.wall().time_since_epoch().count()};
  }
  go_away(error);
  return true;
}

// ---- the contract ----

// From the shared store or else the local one; nothing where neither may be read.
template <typename T>
Result<T> SharedEntries::read(const std::function<Result<T>(Entries&)>& from, const Deadline& deadline,
                              const std::stop_token& stop) {
  Way way = choose(deadline, stop);
  if (way.shared) {
    Result<T> got = from(deps_.shared);
    if (got) way.shared->succeeded();
    if (got || !failed(way, got.error(), deadline)) return got;
    take_local(way);
  }
  if (!way.local.usable) return T();
  return from(deps_.local);
}

Result<std::optional<std::string>> SharedEntries::get(std::string_view key, Deadline deadline, std::stop_token stop) {
  return read<std::optional<std::string>>([&](Entries& from) { return from.get(key, deadline, stop); }, deadline, stop);
}

Result<Entries::Values> SharedEntries::get_many(std::span<const std::string> keys, Deadline deadline,
                                                std::stop_token stop) {
  Values got = DM_TRY(read<Values>([&](Entries& from) { return from.get_many(keys, deadline, stop); }, deadline, stop));
  got.resize(keys.size());
  return got;
}

Result<> SharedEntries::put(std::string_view key, Put put, Deadline deadline, std::stop_token stop) {
  Way way = choose(deadline, stop);
  const bool since_given = put.since.has_value();
  if (since_given) {
    const MutexLock lock(mutex_);
    const auto known = std::ranges::find(given_, *put.since, &Given::token);
    if (known == given_.end() || known->era != way.era) {
      ++outrun_;
      return {};
    }
    put.since = known->moment;
  }
  if (way.shared) {
    const Result<> done = deps_.shared.put(key, put, deadline, stop);
    if (done) way.shared->succeeded();
    if (done || !failed(way, done.error(), deadline)) return done;
    take_local(way);
    if (since_given) return {};  // It counts purges of the other store.
  }
  if (!way.local.usable) return {};
  if (!since_given) put.since = way.local.moment;
  return deps_.local.put(key, std::move(put), deadline, stop);
}

Result<bool> SharedEntries::erase(std::string_view key, Deadline deadline, std::stop_token stop) {
  Way way = choose(deadline, stop);
  if (way.shared) {
    auto erased = deps_.shared.erase(key, deadline, stop);
    if (erased) way.shared->succeeded();
    if (erased || !failed(way, erased.error(), deadline)) return erased;
  }
  return deps_.local.erase(key, deadline, stop);
}

Result<std::uint64_t> SharedEntries::purge(std::string_view tag, Deadline deadline, std::stop_token stop) {
  const std::uint64_t here = DM_TRY(deps_.local.purge(tag, deadline, stop));
  Way way = choose(deadline, stop);
  if (way.shared) {
    const auto there = deps_.shared.purge(tag, deadline, stop);
    if (there) {
      way.shared->succeeded();
      return here + *there;
    }
    if (!failed(way, there.error(), deadline)) return there.error();
  }
  DM_TRY(deps_.journal.note(tag));
  show_waiting();
  go_away({Code::kUnavailable, "A purge has to be made there first."});
  return here;
}

Result<EntriesStats> SharedEntries::stats() {
  Way way = choose(Deadline::in(kReturning, deps_.clock), {});
  Result<EntriesStats> out = way.shared ? deps_.shared.stats() : deps_.local.stats();
  if (way.shared && !out && failed(way, out.error(), Deadline::never())) out = deps_.local.stats();
  if (!out) return out;
  if (way.shared) way.shared->succeeded();
  const MutexLock lock(mutex_);
  out->outrun += outrun_;
  out->place = way.shared ? place_ : "this machine";
  if (way.shared) return out;
  out->trouble = trouble();
  return out;
}

std::string SharedEntries::trouble() const {
  const std::size_t waiting = deps_.journal.pending().size();
  return fmt::format("The shared cache at {} is away: {} Answers are kept on this machine alone{}.", place_, why_,
                     waiting == 0 ? "" : fmt::format("; {} purges wait for it", waiting));
}

SharedEntries::Standing SharedEntries::standing() const {
  const MutexLock lock(mutex_);
  return {.trouble = away_ && !why_.empty() ? trouble() : "", .last = last_};
}

void SharedEntries::look(const Deadline& deadline, const std::stop_token& stop) { (void)get({}, deadline, stop); }

Result<std::uint64_t> SharedEntries::moment() {
  Way way = choose(Deadline::in(kReturning, deps_.clock), {});
  std::uint64_t moment = way.local.moment;
  if (way.shared) {
    const auto there = deps_.shared.moment();
    if (there) way.shared->succeeded();
    if (there) moment = *there;
    if (!there && failed(way, there.error(), Deadline::never())) {
      take_local(way);
      moment = way.local.moment;
    }
  }
  const MutexLock lock(mutex_);
  if (given_.empty() || given_.back().era != way.era || given_.back().moment != moment) {
    given_.push_back({++tokens_, way.era, moment});
    if (given_.size() > kGivenKept) given_.pop_front();
  }
  return given_.back().token;
}

}  // namespace docmind::cache
