// What a Redis says of itself, and whether a cache can be kept there.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cache/redis/redis_entries.h"

namespace docmind::cache {

// Of the text that INFO answers with. kUnavailable, with what to do, when it is none of a Redis that takes values.
Result<RedisReport> read_info(std::string_view info);

// The server's word on a command as an Error. NOAUTH and the like are kUnauthorized, OOM is kResourceExhausted, a value
// of another kind under a key of ours is kDataLoss, the rest kUnavailable.
Error error_of_reply(std::string_view text);

}  // namespace docmind::cache
