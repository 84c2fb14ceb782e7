#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/utf8.h"
#include "driver.h"
#include "net/http.h"
#include "net/multipart.h"
#include "net/sse.h"

namespace docmind::fuzz {

// However the stream is cut, the same events come out, and all of them are UTF-8.
void fuzz_sse(std::string_view bytes) {
  const auto events = [&](std::size_t piece) {
    net::SseParser parser({.line = 1000, .event = 2000, .total = 1U << 20U});
    std::string out;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const std::string_view next = rest.substr(0, piece);
      rest.remove_prefix(next.size());
      const Result<> fed = parser.feed(next, [&](const net::SseEvent& event) -> Result<> {
        DM_CHECK(is_utf8(event.data) && is_utf8(event.name) && event.data.size() <= 2000);
        out += event.name + "|" + event.id + "|" + event.data + "\n";
        return {};
      });
      if (!fed) return out;
    }
    return out;
  };
  const std::string whole = events(bytes.size() + 1);
  DM_CHECK(whole == events(1));
  DM_CHECK(whole == events(7));
}

// The first line is the Content-Type, the rest the body. Parts lie inside the body.
void fuzz_multipart(std::string_view bytes) {
  const std::size_t end = std::min(bytes.find('\n'), bytes.size());
  const std::string_view body = bytes.substr(std::min(end + 1, bytes.size()));
  const auto parts = net::parse_multipart(bytes.substr(0, end), body, {.parts = 20, .header_bytes = 500});
  if (!parts) return;
  for (const net::FormPart& part : *parts) {
    DM_CHECK(is_utf8(part.name) && (!part.file_name || is_utf8(*part.file_name)));
    DM_CHECK(part.bytes.data() >= body.data() && part.bytes.data() + part.bytes.size() <= body.data() + body.size());
  }
}

// What parses is safe, and is written so that it parses to the same again.
void fuzz_target(std::string_view bytes) {
  const Result<net::Target> target = net::Target::parse(bytes);
  if (!target) return;
  DM_CHECK(is_utf8(target->path) && target->path.starts_with('/') && target->path.find("/../") == std::string::npos);
  const Result<net::Target> again = net::Target::parse(target->text());
  DM_CHECK(again && again->path == target->path && again->query == target->query);
  (void)net::error_of({.status = 500, .body = std::string(bytes)});
}

}  // namespace docmind::fuzz
