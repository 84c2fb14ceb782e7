#include "cache/entries/row.h"

#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace docmind::cache {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr int kLevel = 1;  // Its fastest regular one: a value is packed while somebody waits.
constexpr std::size_t kLengthBytes = 4;

void add_number(std::string& to, std::uint64_t number) { to.append(reinterpret_cast<const char*>(&number), 8); }

Error changed() { return {Code::kDataLoss, "A stored value is not what was stored."}; }

}  // namespace

KeyHash hash_of(std::string_view key) {
  const XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
  return {hash.low64, hash.high64};
}

std::uint64_t tag_hash(std::string_view tag) { return std::max<std::uint64_t>(1, XXH3_64bits(tag.data(), tag.size())); }

std::uint64_t head_sum(const RowHead& head) {
  std::string all;
  all.reserve(72 + head.key.size() + head.tags.size());
  add_number(all, static_cast<std::uint64_t>(head.id));
  add_number(all, static_cast<std::uint64_t>(head.stored));
  add_number(all, static_cast<std::uint64_t>(head.expires));
  add_number(all, std::bit_cast<std::uint64_t>(head.cost));
  add_number(all, static_cast<std::uint64_t>(head.form));
  add_number(all, head.size);
  add_number(all, head.bytes);
  add_number(all, head.key.size());
  all += head.key;
  all += head.tags;
  return XXH3_64bits(all.data(), all.size());
}

Sum value_sum(std::string_view stored, std::uint64_t head) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(stored.data(), stored.size(), head);
  Sum sum{};
  std::memcpy(sum.data(), &hash.low64, 8);
  std::memcpy(sum.data() + 8, &hash.high64, 8);
  return sum;
}

std::uint64_t gone_sum(std::string_view ids) { return XXH3_64bits_withSeed(ids.data(), ids.size(), ids.size() + 1); }

Packed pack(std::string_view value, std::uint64_t compress_from) {
  if (value.size() < compress_from || value.empty()) return {};
  std::string bytes(ZSTD_compressBound(value.size()), '\0');
  const std::size_t size = ZSTD_compress(bytes.data(), bytes.size(), value.data(), value.size(), kLevel);
  if (ZSTD_isError(size) != 0 || size > value.size() - value.size() / 8) return {};
  bytes.resize(size);
  bytes.shrink_to_fit();
  return {RowForm::kZstd, std::move(bytes)};
}

Result<std::string> unpack(RowForm form, std::string_view stored, std::uint64_t size) {
  if (form == RowForm::kPlain) {
    if (stored.size() != size) return changed();
    return std::string(stored);
  }
  if (form != RowForm::kZstd || ZSTD_getFrameContentSize(stored.data(), stored.size()) != size) return changed();
  std::string value(size, '\0');
  if (ZSTD_decompress(value.data(), value.size(), stored.data(), stored.size()) != size) return changed();
  return value;
}

std::string pack_tags(const std::vector<std::string>& tags) {
  std::string packed;
  for (const std::string& tag : tags) {
    const auto length = static_cast<std::uint32_t>(tag.size());
    packed.append(reinterpret_cast<const char*>(&length), kLengthBytes);
    packed += tag;
  }
  return packed;
}

std::vector<std::uint64_t> tag_hashes(std::string_view packed) {
  std::vector<std::uint64_t> hashes;
  while (packed.size() >= kLengthBytes) {
    std::uint32_t length = 0;
    std::memcpy(&length, packed.data(), kLengthBytes);
    packed.remove_prefix(kLengthBytes);
    if (length > packed.size()) break;
    hashes.push_back(tag_hash(packed.substr(0, length)));
    packed.remove_prefix(length);
  }
  return hashes;
}

}  // namespace docmind::cache
