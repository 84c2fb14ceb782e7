#include "cache/shared_questions.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "cache/shared/shared_store.h"

namespace docmind::cache {
namespace {

constexpr std::size_t kTagDigits = 32;
constexpr auto kProbePatience = std::chrono::seconds(10);
constexpr auto kDay = std::chrono::hours(24);

// Whether the store is to blame, and not who called.
bool is_failure(const Error& error, const Deadline& deadline) {
  return error.code != Code::kCancelled && !(error.code == Code::kDeadlineExceeded && deadline.expired());
}

// A tag may hold a name; two that hash alike would be purged together, which is a miss.
std::string hashed(std::string_view tag) { return content_hash(tag).hex().substr(0, kTagDigits); }

// The first 63 bits of a key's 256.
std::optional<std::int64_t> id_of(std::string_view key) {
  std::uint64_t bits = 0;
  if (key.size() < 16) return std::nullopt;
  const auto [end, failed] = std::from_chars(key.data(), key.data() + 16, bits, 16);
  if (failed != std::errc() || end != key.data() + 16) return std::nullopt;
  return static_cast<std::int64_t>(bits >> 1U);
}

}  // namespace

vectors::Collection collection_of_questions() {
  return {.name = "questions",
          .fields = {{"key", vectors::FieldKind::kText},
                     {"scope", vectors::FieldKind::kText},
                     {"tags", vectors::FieldKind::kTexts},
                     {"day", vectors::FieldKind::kInteger}}};
}

Result<std::unique_ptr<SharedQuestions>> SharedQuestions::open(Duration ttl, SharedQuestionsDeps deps) {
  std::unique_ptr<SharedQuestions> out(new SharedQuestions(ttl, deps));
  out->breaker_ = DM_TRY(
      resilience::Breaker::open("vectors", breaker_of_shared_store(kProbePatience), {deps.clock, deps.metrics, {}}));
  return out;
}

std::int64_t SharedQuestions::today() const {
  return std::chrono::duration_cast<std::chrono::hours>(deps_.clock.wall().time_since_epoch()).count() / kDay.count();
}

// ---- whether it may be used ----

Result<> SharedQuestions::ready(std::uint32_t dimensions, const Deadline& deadline, const std::stop_token& stop) {
  const auto is_ready = [&] {
    const MutexLock lock(mutex_);
    return dimensions_ == dimensions && tidied_ == today() && deps_.journal.empty();
  };
  if (is_ready()) return {};
  const std::lock_guard alone(returning_);
  if (is_ready()) return {};
  DM_TRY(settle(deadline, stop));
  DM_TRY(deps_.store.ensure(dimensions, deadline, stop));
  DM_TRY(remove_expired(deadline, stop));
  const MutexLock lock(mutex_);
  dimensions_ = dimensions;
  tidied_ = today();
  return {};
}

// Where there is no collection, there is nothing of what was purged.
Result<> SharedQuestions::settle(const Deadline& deadline, const std::stop_token& stop) {
  for (const PurgeJournal::Noted& one : deps_.journal.pending()) {
    vectors::Filter filter;
    if (!one.tag.empty()) filter.all = {{"tags", vectors::Texts{hashed(one.tag)}}};
    Result<> removed = deps_.store.remove_where(filter, deadline, stop);
    if (!removed && removed.error().code != Code::kNotFound) return removed;
    DM_TRY(deps_.journal.done(one.id));
  }
  return {};
}

Result<> SharedQuestions::remove_expired(const Deadline& deadline, const std::stop_token& stop) {
  const std::int64_t oldest = today() - std::chrono::duration_cast<std::chrono::hours>(ttl_).count() / kDay.count() - 1;
  std::vector<std::int64_t> gone;
  for (const vectors::Count& one : DM_TRY(deps_.store.counts("day", deadline, stop))) {
    const auto* day = std::get_if<std::int64_t>(&one.value);
    if (day != nullptr && *day < oldest) gone.push_back(*day);
  }
  if (gone.empty()) return {};
  return deps_.store.remove_where({.all = {{"day", std::move(gone)}}}, deadline, stop);
}

void SharedQuestions::went(resilience::Breaker::Permit& permit, const Result<>& done, const Deadline& deadline) {
  std::string before;
  {
    const MutexLock lock(mutex_);
    before = why_;
    if (done) why_.clear();
    if (!done && is_failure(done.error(), deadline)) {
      why_ = done.error().message;
      dimensions_ = 0;
    }
  }
  if (done) {
    permit.succeeded();
    if (!before.empty()) deps_.log.event(obs::Level::kInfo, "shared_questions_back", {{"place", deps_.store.where()}});
    return;
  }
  if (!is_failure(done.error(), deadline)) return;
  permit.failed(done.error().message);
  if (before.empty()) deps_.log.failure(obs::Level::kWarn, "shared_questions_away", done.error());
}

std::string SharedQuestions::trouble() const {
  const MutexLock lock(mutex_);
  if (why_.empty()) return {};
  const std::size_t waiting = deps_.journal.pending().size();
  return fmt::format("Questions of other machines are not found by their meaning: {}{}", why_,
                     waiting == 0 ? "" : fmt::format(" ({} purges wait for it)", waiting));
}

// ---- the calls ----

void SharedQuestions::add(const Record& record, std::span<const std::string> tags, Deadline deadline,
                          const std::stop_token& stop) {
  const auto id = id_of(record.key);
  if (!id || record.vector.empty()) return;
  auto permit = breaker_->admit();
  if (!permit) return;
  vectors::Texts hashes;
  for (const std::string& tag : tags) hashes.push_back(hashed(tag));
  const vectors::Point point{
      *id,
      record.vector,
      {{"key", record.key}, {"scope", record.scope.hex()}, {"tags", std::move(hashes)}, {"day", today()}}};
  Result<> done = ready(static_cast<std::uint32_t>(record.vector.size()), deadline, stop);
  if (done) done = deps_.store.upsert({&point, 1}, deadline, stop);
  went(*permit, done, deadline);
}

void SharedQuestions::remove(const std::string& key, Deadline deadline, const std::stop_token& stop) {
  const auto id = id_of(key);
  if (!id) return;
  auto permit = breaker_->admit();
  if (!permit) return;
  went(*permit, deps_.store.remove({&*id, 1}, deadline, stop), deadline);
}

std::vector<SharedQuestions::Near> SharedQuestions::nearest(const ContentHash& scope, std::span<const float> vector,
                                                            std::size_t k, Deadline deadline,
                                                            const std::stop_token& stop) {
  std::vector<Near> out;
  if (vector.empty()) return out;
  auto permit = breaker_->admit();
  if (!permit) return out;
  Result<> done = ready(static_cast<std::uint32_t>(vector.size()), deadline, stop);
  if (done) {
    const vectors::NearestQuery query{
        .vector = vector, .k = k, .filter = {.all = {{"scope", vectors::Texts{scope.hex()}}}}, .payload = {"key"}};
    auto found = deps_.store.nearest(query, deadline, stop);
    if (!found) done = found.error();
    for (const vectors::Nearest& one : found ? *found : std::vector<vectors::Nearest>()) {
      const auto key = one.payload.find("key");
      if (key == one.payload.end()) continue;
      out.push_back({std::get<std::string>(key->second), one.cosine});
    }
  }
  went(*permit, done, deadline);
  return out;
}

Result<> SharedQuestions::purge(std::string_view tag, Deadline deadline, const std::stop_token& stop) {
  // Noted first, so that no failure in between can lose it; a question that is added meanwhile has no answer.
  DM_TRY(deps_.journal.note(tag));
  auto permit = breaker_->admit();
  if (!permit) return {};
  Result<> done;
  {
    const std::lock_guard alone(returning_);
    done = settle(deadline, stop);
  }
  went(*permit, done, deadline);
  return {};
}

}  // namespace docmind::cache
