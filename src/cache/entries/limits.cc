#include "cache/entries/limits.h"

#include <fmt/format.h>

namespace docmind::cache {
namespace {

Error too_large(std::string_view what, std::uint64_t bytes, std::uint64_t most) {
  return {Code::kInvalidArgument, fmt::format("The {} has {} bytes; {} is the most.", what, bytes, most),
          "Store something smaller."};
}

}  // namespace

Result<> check_put(std::string_view key, const Put& put, std::uint64_t max_value_bytes) {
  if (key.size() > kMaxKeyBytes) return too_large("key", key.size(), kMaxKeyBytes);
  if (put.value.size() > max_value_bytes) return too_large("value", put.value.size(), max_value_bytes);
  if (put.tags.size() > kMaxTags) {
    return Error{Code::kInvalidArgument, fmt::format("An entry has at most {} tags.", kMaxTags), "Give it fewer tags."};
  }
  for (const std::string& tag : put.tags) {
    if (tag.empty()) return Error{Code::kInvalidArgument, "A tag is empty.", "Leave it out."};
    if (tag.size() > kMaxTagBytes) return too_large("tag", tag.size(), kMaxTagBytes);
  }
  return {};
}

std::optional<std::int64_t> ttl_in_ms(Duration ttl) {
  if (ttl == kForever) return std::nullopt;
  if (ttl <= Duration(0)) return 0;
  constexpr std::chrono::milliseconds kOne(1);
  return ttl / kOne + (ttl % kOne > Duration(0) ? 1 : 0);
}

}  // namespace docmind::cache
