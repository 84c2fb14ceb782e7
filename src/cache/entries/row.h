// One entry as a row of the file: packed, and sealed so that a changed bit anywhere in it is seen.
//
// Two checksums (XXH3, https://github.com/Cyan4973/xxHash): `head` over everything but the value, read for every row at
// the start; `sum` over the value's bytes, seeded with `head`, so that a value under another head does not pass.
// Values of some size are compressed with Zstandard (RFC 8878) where that saves at least an eighth.
// Thread safety: functions on values.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::cache {

inline constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();

struct KeyHash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const KeyHash&) const = default;
};
KeyHash hash_of(std::string_view key);
std::uint64_t tag_hash(std::string_view tag);  // Never 0.

enum class RowForm : std::int64_t { kPlain = 0, kZstd = 1 };

struct RowHead {
  std::int64_t id = 0;
  std::string key{};
  std::int64_t stored = 0;   // Milliseconds (kept_time.h).
  std::int64_t expires = 0;  // The same; kNoEnd: never.
  double cost = 0;
  std::string tags{};  // Packed, see below.
  RowForm form = RowForm::kPlain;
  std::uint64_t size = 0;   // Of the value.
  std::uint64_t bytes = 0;  // Of the value as it is stored.
};
std::uint64_t head_sum(const RowHead& head);

using Sum = std::array<char, 16>;
Sum value_sum(std::string_view stored, std::uint64_t head);

std::uint64_t gone_sum(std::string_view ids);  // Of a list of rows that are gone.

// Bytes of a value as they are stored, and how.
struct Packed {
  RowForm form = RowForm::kPlain;
  std::string bytes{};  // Empty when plain: the value itself.
};
Packed pack(std::string_view value, std::uint64_t compress_from);

// The value again; kDataLoss when it is not what was packed.
Result<std::string> unpack(RowForm form, std::string_view stored, std::uint64_t size);

// Each tag with its length before it.
std::string pack_tags(const std::vector<std::string>& tags);
std::vector<std::uint64_t> tag_hashes(std::string_view packed);

}  // namespace docmind::cache
