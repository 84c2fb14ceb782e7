#include "base/hash.h"

#include <sodium.h>

#include <cstring>

#include "base/clock.h"

namespace docmind {
namespace {

static_assert(sizeof(crypto_generichash_state) <= 384 && alignof(crypto_generichash_state) <= 64);

crypto_generichash_state* as_state(std::array<unsigned char, 384>& bytes) {
  return reinterpret_cast<crypto_generichash_state*>(bytes.data());
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

}  // namespace

std::string ContentHash::hex() const {
  std::array<char, 65> out{};
  return sodium_bin2hex(out.data(), out.size(), bytes.data(), bytes.size());
}

Result<ContentHash> ContentHash::from_hex(std::string_view hex) {
  ContentHash out;
  if (hex.size() != 64) return Error{Code::kInvalidArgument, "a content hash has 64 digits", ""};
  for (std::size_t i = 0; i < 32; ++i) {
    const int high = digit(hex[2 * i]);
    const int low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return Error{Code::kInvalidArgument, "a content hash is written in lower-case hex", ""};
    out.bytes.at(i) = static_cast<std::uint8_t>(high * 16 + low);
  }
  return out;
}

Result<ContentHash> ContentHash::from_bytes(std::string_view bytes) {
  ContentHash out;
  if (bytes.size() != out.bytes.size()) return Error{Code::kInvalidArgument, "a content hash has 32 bytes", ""};
  std::memcpy(out.bytes.data(), bytes.data(), bytes.size());
  return out;
}

Hasher::Hasher() { crypto_generichash_init(as_state(state_), nullptr, 0, 32); }

Hasher& Hasher::add(std::string_view bytes) {
  crypto_generichash_update(as_state(state_), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return *this;
}

Hasher& Hasher::field(std::string_view bytes) {
  std::array<char, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i) length.at(i) = static_cast<char>((bytes.size() >> (8 * i)) & 0xffU);
  return add({length.data(), length.size()}).add(bytes);
}

ContentHash Hasher::finish() {
  ContentHash out;
  crypto_generichash_final(as_state(state_), out.bytes.data(), out.bytes.size());
  return out;
}

ContentHash content_hash(std::string_view bytes) { return Hasher().add(bytes).finish(); }

std::string new_id(const Clock& clock, Rng& rng) {
  auto ms = static_cast<std::uint64_t>(clock.wall().time_since_epoch().count());
  std::string out(26, '0');
  for (std::size_t i = 10; i-- > 0; ms >>= 5U) out[i] = kCrockford[ms & 31U];
  std::uint64_t bits = 0;
  for (std::size_t i = 10; i < 26; ++i) {
    if ((i - 10) % 8 == 0) bits = rng.next();
    out[i] = kCrockford[bits & 31U];
    bits >>= 5U;
  }
  return out;
}

}  // namespace docmind
