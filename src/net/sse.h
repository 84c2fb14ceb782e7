// Server-sent events: writing them, and a strict, bounded parser for the side that reads them.
//
// Source: WHATWG HTML, section 9.2 (text/event-stream). Stricter than it: a stream that is not UTF-8 or passes a limit
// is an error, since what sends it may be broken or hostile. Thread safety: values; a parser belongs to one thread.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind::net {

struct SseEvent {
  std::string name = "message";
  std::string data{};  // Lines joined by "\n".
  std::string id{};
};

// The wire form, blank line included. Line breaks in data become several data lines; name and id must have none.
std::string sse_text(const SseEvent& event);
std::string sse_text(std::string_view name, std::string_view data);

struct SseLimits {
  std::uint64_t line = 1U << 20U;   // Bytes of one line.
  std::uint64_t event = 4U << 20U;  // Bytes of one event's data.
  std::uint64_t total = 1U << 30U;  // Bytes of the whole stream.
};

class SseParser {
 public:
  using OnEvent = std::function<Result<>(const SseEvent&)>;
  explicit SseParser(SseLimits limits = {}) : limits_(limits) {}

  // Takes the next bytes, however cut, and calls on_event for each event they complete. Its Error ends the feeding.
  // kDataLoss when the stream is not UTF-8, kResourceExhausted past a limit.
  Result<> feed(std::string_view bytes, const OnEvent& on_event);

 private:
  Result<> take_line(std::string_view line, const OnEvent& on_event);
  Result<> dispatch(const OnEvent& on_event);

  SseLimits limits_;
  std::uint64_t total_ = 0;
  std::string line_;
  bool after_cr_ = false;  // A "\n" right after "\r" ends no second line.
  bool first_line_ = true;
  bool has_data_ = false;
  SseEvent event_;
  std::string last_id_;
};

}  // namespace docmind::net
