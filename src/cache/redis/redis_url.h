// Where a Redis is, as people write it: "redis://[user:password@]host[:port][/database]". A value.
//
// Only redis://, which is not encrypted: hiredis 0.14 has no TLS, so rediss:// is refused rather than spoken in the
// clear. A password for the default user alone: "redis://:password@host". User and password may be percent-encoded.
// Source of the form: https://www.iana.org/assignments/uri-schemes/prov/redis
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind::cache {

struct RedisUrl {
  std::string host{};
  std::uint16_t port = 6379;
  std::string user{};
  std::string password{};
  std::uint32_t database = 0;

  // For people and logs: without user and password.
  std::string shown() const;
};

// kInvalidArgument when it is none; the message does not hold the text, which may have a password in it.
Result<RedisUrl> redis_url_of(std::string_view text);

}  // namespace docmind::cache
