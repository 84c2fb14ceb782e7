#include "cache/redis/impl/reply.h"

#include <hiredis/hiredis.h>

#include <utility>

namespace docmind::cache {
namespace {

constexpr int kMaxItems = 1024;

// Where the parser puts what it has read: the reply itself, or its place in the list around it. Lists have their size
// before they get items, so places do not move.
Reply* place_of(const redisReadTask* task) {
  if (task->parent == nullptr) return new Reply;
  return &static_cast<Reply*>(task->parent->obj)->items.at(static_cast<std::size_t>(task->idx));
}

void* put_text(const redisReadTask* task, char* text, std::size_t size) {
  Reply* const reply = place_of(task);
  reply->kind = task->type == REDIS_REPLY_ERROR ? Reply::Kind::kError : Reply::Kind::kText;
  reply->text.assign(text, size);
  return reply;
}
void* put_list(const redisReadTask* task, int size) {
  if (size < 0 || size > kMaxItems) return nullptr;  // Which the parser takes for an error.
  Reply* const reply = place_of(task);
  reply->kind = Reply::Kind::kList;
  reply->items.resize(static_cast<std::size_t>(size));
  return reply;
}
void* put_number(const redisReadTask* task, long long number) {
  Reply* const reply = place_of(task);
  reply->kind = Reply::Kind::kNumber;
  reply->number = number;
  return reply;
}
void* put_nil(const redisReadTask* task) { return place_of(task); }
void drop(void* root) { delete static_cast<Reply*>(root); }

redisReplyObjectFunctions makers = {put_text, put_list, put_number, put_nil, drop};

}  // namespace

struct ReplyReader::State {
  std::uint64_t max_bytes = 0;
  std::uint64_t fed = 0;
  std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader{redisReaderCreateWithFunctions(&makers),
                                                                  redisReaderFree};
};

ReplyReader::ReplyReader(std::uint64_t max_bytes) : state_(std::make_unique<State>()) {
  state_->max_bytes = max_bytes;
  DM_CHECK(state_->reader != nullptr);
}
ReplyReader::~ReplyReader() = default;

Result<std::optional<Reply>> ReplyReader::feed(std::string_view bytes) {
  const Error wrong{Code::kUnavailable, "What answers there is no Redis.", "Look whether the address is that of one."};
  redisReader* const reader = state_->reader.get();
  state_->fed += bytes.size();
  if (state_->fed > state_->max_bytes) {
    return Error{Code::kUnavailable, "The answer is larger than any that was asked for.",
                 "Look what else writes there."};
  }
  void* whole = nullptr;
  if (redisReaderFeed(reader, bytes.data(), bytes.size()) != REDIS_OK) return wrong;
  if (redisReaderGetReply(reader, &whole) != REDIS_OK) return wrong;
  if (whole == nullptr) return std::optional<Reply>();
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(whole));
  if (reader->pos != reader->len) return wrong;  // Nothing else was asked for.
  state_->fed = 0;
  return std::optional(std::move(*reply));
}

std::string command_of(const std::vector<std::string_view>& words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n";
    out += word;
    out += "\r\n";
  }
  return out;
}

}  // namespace docmind::cache
