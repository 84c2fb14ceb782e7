// What a request asks for, as a value: pure, so that every route and every refusal is tested without a socket.
//
// Routes: docs/cache-server.md. Keys in paths are percent-encoded and may be any bytes; in JSON they are text.
// Thread safety: functions on values; `normalise` is called by whoever routes.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cache/entries/entry_file.h"
#include "cache/server/impl/request.h"

namespace docmind::cache {

inline constexpr std::size_t kMostInBatch = 1000;

struct RouteOptions {
  std::uint64_t max_value_bytes = 16U << 20U;
  std::uint64_t max_batch_bytes = 64U << 20U;
  std::function<std::string(std::string_view question)> normalise{};  // Of the agents' view.
};

// A request is one of these.
struct AskReply {  // Known at once.
  net::Response response{};
};
struct AskValue {
  std::string key{};
};
struct AskValues {  // POST /v1/get
  std::vector<std::string> keys{};
};
struct AskChange {  // PUT or DELETE of one entry.
  Change change{};
};
struct AskChanges {  // POST /v1/put, POST /v1/purge
  std::vector<Change> changes{};
  bool purge = false;
};
enum class Page : std::uint8_t { kStats, kHealth, kMetrics, kMoment };
struct AskPage {
  Page page{};
};
using Asked = std::variant<AskReply, AskValue, AskValues, AskChange, AskChanges, AskPage>;

// Most bytes of a body to this target; known before the body is.
std::uint64_t body_limit(std::string_view target, const RouteOptions& options);

Asked route(const RequestHead& head, std::string_view body, const RouteOptions& options);

}  // namespace docmind::cache
