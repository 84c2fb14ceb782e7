// What a Redis answers (RESP2, https://redis.io/docs/latest/develop/reference/protocol-spec/), read by hiredis' parser.
//
// The bytes come from another program and are believed in nothing: a reply has at most so many bytes and elements, and
// whatever is no reply is kUnavailable. Thread safety: none.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::cache {

struct Reply {
  enum class Kind : std::uint8_t { kNil, kText, kError, kNumber, kList };
  Kind kind = Kind::kNil;
  std::string text{};  // kText, kError.
  std::int64_t number = 0;
  std::vector<Reply> items{};
};

class ReplyReader {
 public:
  explicit ReplyReader(std::uint64_t max_bytes);  // Of one reply.
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  // More bytes. The reply once it is whole, nothing before. After an error the reader is of no use.
  Result<std::optional<Reply>> feed(std::string_view bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A command as bytes.
std::string command_of(const std::vector<std::string_view>& words);

}  // namespace docmind::cache
