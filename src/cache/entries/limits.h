// What an entry may be at most, wherever it is kept. Pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cache/entries/entries.h"

namespace docmind::cache {

inline constexpr std::size_t kMaxKeyBytes = 4096;
inline constexpr std::size_t kMaxTags = 256;
inline constexpr std::size_t kMaxTagBytes = 512;

// kInvalidArgument, with what is too much.
Result<> check_put(std::string_view key, const Put& put, std::uint64_t max_value_bytes);

// A time to live in whole milliseconds, rounded up: 0 for one that is over, nothing for kForever.
std::optional<std::int64_t> ttl_in_ms(Duration ttl);

}  // namespace docmind::cache
