// Replies as they go over the wire.
//
// Thread safety: functions on values; Pages from one thread.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cache/entries/entry_file.h"
#include "cache/server/impl/routes.h"
#include "net/http.h"
#include "obs/metrics.h"

namespace docmind::cache {

// What of a request its reply has to know.
struct ReplyForm {
  bool head_only = false;
  bool keep_alive = true;
};

// Each appends one whole reply.
void append(std::string& out, const net::Response& response, ReplyForm form);
void append_value(std::string& out, std::string_view value, ReplyForm form);
void append_miss(std::string& out, ReplyForm form);
void append_done(std::string& out, ReplyForm form);  // 204

// Of one change: 204, 404 for an erase of nothing, an error.
void append_changed(std::string& out, const Change::Kind kind, const Result<std::uint64_t>& answer, ReplyForm form);

// Of POST /v1/put: {"stored", "failed": [{"index", "error"}]}; of POST /v1/purge: {"purged"}.
net::Response changed_together(const EntryFile::Answers& answers, bool purge);

// Of POST /v1/get: {"entries": [{"key", "value" or "value_base64"}]}, missing ones left out.
net::Response values_together(const std::vector<std::string>& keys,
                              const std::vector<std::optional<std::string>>& values);

std::string stats_json(const EntriesStats& stats, double uptime_seconds, std::uint64_t connections);
net::Response health(const EntriesStats& stats);

// The metrics of a cache, brought up to date whenever they are asked for.
class CacheMetrics {
 public:
  std::string text(const EntriesStats& stats);

 private:
  void count(std::string_view name, std::string_view help, const obs::Labels& labels, std::uint64_t value);
  void show(std::string_view name, std::string_view help, double value);
  obs::Metrics metrics_;
};

}  // namespace docmind::cache
