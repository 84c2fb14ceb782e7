// SHA-256 (FIPS 180-4) through libsodium: for checking what others published a checksum of. Hashes of our own are
// ContentHash (base/hash.h).
//
// Not thread-safe; hex() once.
#pragma once
#include <array>
#include <string>
#include <string_view>

namespace docmind {

class Sha256 {
 public:
  Sha256();
  Sha256& add(std::string_view bytes);
  std::string hex();  // 64 lower-case digits.

 private:
  alignas(8) std::array<unsigned char, 104> state_{};
};

// 64 lower-case hexadecimal digits.
bool is_sha256(std::string_view text);

// Whether two digests are the same, in a time that does not tell where they differ.
bool same_digest(std::string_view a, std::string_view b);

}  // namespace docmind
