// Kept values in a map, for tests of what is kept: with tags, and told to fail or to bite a value.
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

#include "cache/entries/entries.h"

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

  Result<std::optional<std::string>> get(std::string_view key, Deadline, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    if (failing_) return broken();
    const auto found = kept_.find(std::string(key));
    return found == kept_.end() ? std::optional<std::string>() : found->second.value;
  }
  Result<> put(std::string_view key, Put put, Deadline, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    if (failing_) return broken();
    kept_.insert_or_assign(std::string(key), std::move(put));
    return {};
  }
  Result<bool> erase(std::string_view key, Deadline, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    if (failing_) return broken();
    return kept_.erase(std::string(key)) > 0;
  }
  Result<std::uint64_t> purge(std::string_view tag, Deadline, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    if (failing_) return broken();
    return std::erase_if(kept_, [tag](const auto& one) {
      return tag.empty() || std::ranges::find(one.second.tags, tag) != one.second.tags.end();
    });
  }
  Result<EntriesStats> stats() override {
    const std::lock_guard lock(mutex_);
    EntriesStats out;
    out.entries = kept_.size();
    for (const auto& [key, put] : kept_) out.bytes += put.value.size();
    return out;
  }

 private:
  static bool is_list(const std::string& key) { return key.starts_with("answers "); }
  static Error broken() { return {Code::kUnavailable, "The store does not work."}; }
  mutable std::mutex mutex_;
  bool failing_ = false;
  std::map<std::string, Put> kept_;
};

}  // namespace docmind::cache
