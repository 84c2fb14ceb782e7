// Content hashes and ids.
//
// ContentHash is BLAKE2b-256 (RFC 7693) through libsodium: two byte strings with the same hash are taken to be equal.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/rng.h"

namespace docmind {

struct ContentHash {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const ContentHash&) const = default;

  std::string hex() const;  // 64 lower-case digits.
  static Result<ContentHash> from_hex(std::string_view hex);
  static Result<ContentHash> from_bytes(std::string_view bytes);  // Exactly 32.
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

// Hashes what it is fed in pieces. Not thread-safe; finish() once.
class Hasher {
 public:
  Hasher();
  Hasher& add(std::string_view bytes);
  // A length-prefixed field, so that ("ab","c") and ("a","bc") differ.
  Hasher& field(std::string_view bytes);
  ContentHash finish();

 private:
  alignas(64) std::array<unsigned char, 384> state_{};
};

ContentHash content_hash(std::string_view bytes);

// A fresh id: 26 characters of Crockford base 32, the first 10 from the wall time in ms, so ids sort by age (ULID).
class Clock;
std::string new_id(const Clock& clock, Rng& rng);

}  // namespace docmind
