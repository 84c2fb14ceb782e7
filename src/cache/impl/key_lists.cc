#include "cache/impl/key_lists.h"

#include <algorithm>

namespace docmind::cache {
namespace {

constexpr std::size_t kKeyBytes = 64;
constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string KeyLists::name_of_list(std::string_view key) const {
  return "answers " + library_ + " " + std::string(key.substr(0, 2));
}

// Whatever is no list counts as an empty one.
std::vector<std::string> KeyLists::read(std::string_view list, Deadline deadline, const std::stop_token& stop) {
  std::vector<std::string> keys;
  const auto got = entries_.get(list, deadline, stop);
  if (!got) return keys;
  const std::optional<std::string>& value = *got;
  if (!value) return keys;
  const std::string& bytes = *value;
  if (bytes.size() % kKeyBytes != 0 || bytes.find_first_not_of(kDigits) != std::string::npos) return keys;
  for (std::size_t at = 0; at < bytes.size(); at += kKeyBytes) keys.push_back(bytes.substr(at, kKeyBytes));
  return keys;
}

Result<> KeyLists::add(std::string_view key, Deadline deadline, std::stop_token stop) {
  const std::string list = name_of_list(key);
  const MutexLock lock(mutex_);
  std::vector<std::string> keys = read(list, deadline, stop);
  if (std::ranges::find(keys, key) != keys.end()) return {};
  if (keys.size() >= kLong) {
    std::erase_if(keys, [&](const std::string& one) {
      const auto answer = entries_.get(one, deadline, stop);
      return answer && !answer->has_value();
    });
  }
  keys.emplace_back(key);
  std::string bytes;
  for (const std::string& one : keys) bytes += one;
  return entries_.put(list, Put{.value = std::move(bytes), .ttl = kForever}, deadline, std::move(stop));
}

std::vector<std::string> KeyLists::all(Deadline deadline, const std::stop_token& stop) {
  std::vector<std::string> out;
  for (const char first : kDigits) {
    for (const char second : kDigits) {
      for (std::string& key : read(name_of_list(std::string{first, second}), deadline, stop)) {
        out.push_back(std::move(key));
      }
    }
  }
  return out;
}

}  // namespace docmind::cache
