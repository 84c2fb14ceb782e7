#include "base/sha256.h"

#include <sodium.h>

#include <algorithm>

namespace docmind {
namespace {

static_assert(sizeof(crypto_hash_sha256_state) <= 104 && alignof(crypto_hash_sha256_state) <= 8);

crypto_hash_sha256_state* as_state(std::array<unsigned char, 104>& bytes) {
  return reinterpret_cast<crypto_hash_sha256_state*>(bytes.data());
}

}  // namespace

Sha256::Sha256() { crypto_hash_sha256_init(as_state(state_)); }

Sha256& Sha256::add(std::string_view bytes) {
  crypto_hash_sha256_update(as_state(state_), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return *this;
}

std::string Sha256::hex() {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256_final(as_state(state_), hash.data());
  std::array<char, 2 * crypto_hash_sha256_BYTES + 1> out{};
  return sodium_bin2hex(out.data(), out.size(), hash.data(), hash.size());
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool same_digest(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace docmind
