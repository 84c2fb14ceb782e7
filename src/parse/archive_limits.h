// What a zip container may cost before it is refused. Sizes are counted while unpacking; declared sizes are not
// trusted.
#pragma once
#include <cstdint>

namespace docmind::parse {

struct ArchiveLimits {
  std::uint64_t max_entries = 2'000;
  std::uint64_t max_entry_bytes = 128U << 20U;  // Unpacked, of one entry.
  std::uint64_t max_total_bytes = 512U << 20U;  // Unpacked, of all entries that are read.
  std::uint64_t max_ratio = 200;                // Unpacked to packed, looked at above ratio_from bytes.
  std::uint64_t ratio_from = 10U << 20U;
};

}  // namespace docmind::parse
