// Entries in a map, for tests of what is kept: told to fail or to bite a value, with a time of its own.
//
// Thread safety: any; the knobs, too.
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cache/entries/entries.h"
#include "cache/entries/limits.h"

namespace docmind::cache {

class FakeEntries final : public Entries {
 public:
  void fail(bool failing) {
    const std::lock_guard lock(mutex_);
    failing_ = failing;
  }
  // Every kept answer.
  std::vector<std::string> answers() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [key, put] : kept_) {
      if (!is_list(key)) out.push_back(put.value);
    }
    return out;
  }
  void lose_lists() {
    const std::lock_guard lock(mutex_);
    std::erase_if(kept_, [](const auto& one) { return is_list(one.first); });
  }
  void change(const std::function<void(std::string& value)>& how) {
    const std::lock_guard lock(mutex_);
    for (auto& [key, put] : kept_) {
      if (!is_list(key)) how(put.value);
    }
  }
  // Gives every value the name of another.
  void exchange_keys() {
    const std::lock_guard lock(mutex_);
    Put* last = nullptr;
    for (auto& [key, put] : kept_) {
      if (is_list(key)) continue;
      if (last != nullptr) std::swap(*last, put);
      last = &put;
    }
  }

  // Values that were asked for.
  std::uint64_t reads() const {
    const std::lock_guard lock(mutex_);
    return reads_;
  }

  void pass(Duration time) {
    const std::lock_guard lock(mutex_);
    clock_.advance(time);
  }

  Result<std::optional<std::string>> get(std::string_view key, Deadline, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    ++reads_;
    if (failing_) return broken();
    forget_ended();
    const auto found = kept_.find(std::string(key));
    return found == kept_.end() ? std::optional<std::string>() : found->second.value;
  }
  Result<> put(std::string_view key, Put put, Deadline, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    if (failing_) return broken();
    DM_TRY(check_put(key, put, kMaxValue));
    if (put.since && is_outrun(*put.since, put.tags)) {
      ++outrun_;
      return {};
    }
    kept_.erase(std::string(key));
    ends_.erase(std::string(key));
    if (put.ttl <= Duration::zero()) return {};
    if (put.ttl != kForever) ends_[std::string(key)] = clock_.now() + put.ttl;
    kept_.emplace(std::string(key), std::move(put));
    return {};
  }
  Result<bool> erase(std::string_view key, Deadline, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    if (failing_) return broken();
    forget_ended();
    return kept_.erase(std::string(key)) > 0;
  }
  Result<std::uint64_t> purge(std::string_view tag, Deadline, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    if (failing_) return broken();
    forget_ended();
    if (purged_.size() >= kPurgesKnown) {
      purged_.clear();
      horizon_ = moment_;
    }
    purged_[std::string(tag)] = ++moment_;
    return std::erase_if(kept_, [tag](const auto& one) {
      return tag.empty() || std::ranges::find(one.second.tags, tag) != one.second.tags.end();
    });
  }
  Result<EntriesStats> stats() override {
    const std::lock_guard lock(mutex_);
    forget_ended();
    EntriesStats out;
    out.entries = kept_.size();
    out.outrun = outrun_;
    for (const auto& [key, put] : kept_) out.bytes += put.value.size();
    return out;
  }
  Result<std::uint64_t> moment() override {
    const std::lock_guard lock(mutex_);
    return moment_;
  }

  static constexpr std::uint64_t kMaxValue = 1U << 20U;

 private:
  static constexpr std::size_t kPurgesKnown = 1024;
  void forget_ended() {
    std::erase_if(ends_, [&](const auto& one) {
      if (one.second > clock_.now()) return false;
      kept_.erase(one.first);
      return true;
    });
  }
  bool is_outrun(std::uint64_t since, const std::vector<std::string>& tags) const {
    const auto later = [&](const std::string& tag) {
      const auto found = purged_.find(tag);
      return found != purged_.end() && found->second > since;
    };
    return since < horizon_ || later({}) || std::ranges::any_of(tags, later);
  }
  static bool is_list(const std::string& key) { return key.starts_with("answers "); }
  static Error broken() { return {Code::kUnavailable, "The store does not work."}; }
  mutable std::mutex mutex_;
  bool failing_ = false;
  std::uint64_t reads_ = 0;
  ManualClock clock_;
  std::map<std::string, Put> kept_;
  std::map<std::string, TimePoint> ends_;
  std::map<std::string, std::uint64_t> purged_;  // Tags to the moment after it.
  std::uint64_t moment_ = 1;
  std::uint64_t horizon_ = 0;
  std::uint64_t outrun_ = 0;
};

}  // namespace docmind::cache
