#include "cache/impl/key_lists.h"

#include <algorithm>
#include <optional>
#include <set>

namespace docmind::cache {
namespace {

constexpr std::size_t kKeyBytes = 64;
constexpr std::size_t kTogether = 256;  // Values in memory at once.
constexpr std::string_view kDigits = "0123456789abcdef";

// Whatever is no list counts as an empty one.
std::vector<std::string> keys_in(const std::optional<std::string>& list) {
  std::vector<std::string> keys;
  if (!list || list->size() % kKeyBytes != 0 || list->find_first_not_of(kDigits) != std::string::npos) return keys;
  for (std::size_t at = 0; at < list->size(); at += kKeyBytes) keys.push_back(list->substr(at, kKeyBytes));
  return keys;
}

}  // namespace

std::string KeyLists::name_of_list(std::string_view key) const {
  return "answers " + library_ + " " + std::string(key.substr(0, 2));
}

// Those that cannot be read just now are passed over.
void KeyLists::read_each(std::span<const std::string> keys, const Each& each, const Deadline& deadline,
                         const std::stop_token& stop) {
  for (std::size_t from = 0; from < keys.size(); from += kTogether) {
    const auto some = keys.subspan(from, std::min(kTogether, keys.size() - from));
    const auto values = entries_.get_many(some, deadline, stop);
    for (std::size_t i = 0; values && i < some.size(); ++i) each(some[i], (*values)[i]);
  }
}

Result<> KeyLists::add(std::string_view key, Deadline deadline, std::stop_token stop) {
  const std::string list = name_of_list(key);
  const MutexLock lock(mutex_);
  std::vector<std::string> keys = keys_in(DM_TRY(entries_.get(list, deadline, stop)));
  if (std::ranges::find(keys, key) != keys.end()) return {};
  std::size_t& tidy_at = tidy_at_.try_emplace(list, kLong).first->second;
  if (keys.size() >= tidy_at) {
    std::set<std::string> gone;
    const auto note = [&](const std::string& one, const auto& value) {
      if (!value) gone.insert(one);
    };
    read_each(keys, note, deadline, stop);
    std::erase_if(keys, [&](const std::string& one) { return gone.contains(one); });
    tidy_at = std::max(kLong, 2 * keys.size());
  }
  keys.emplace_back(key);
  std::string bytes;
  for (const std::string& one : keys) bytes += one;
  return entries_.put(list, Put{.value = std::move(bytes), .ttl = kForever}, deadline, std::move(stop));
}

void KeyLists::read_all(const Take& take, Deadline deadline, const std::stop_token& stop) {
  std::vector<std::string> lists;
  for (const char first : kDigits) {
    for (const char second : kDigits) lists.push_back(name_of_list(std::string{first, second}));
  }
  std::vector<std::string> keys;
  const auto note = [&](const std::string& list, const auto& value) {
    std::vector<std::string> its = keys_in(value);
    const MutexLock lock(mutex_);
    tidy_at_[list] = std::max(kLong, 2 * its.size());
    std::ranges::move(its, std::back_inserter(keys));
  };
  read_each(lists, note, deadline, stop);
  const auto give = [&](const std::string& key, const auto& value) {
    if (value) take(key, *value);
  };
  read_each(keys, give, deadline, stop);
}

}  // namespace docmind::cache
