#include "cache/server/impl/replies.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/base64.h"
#include "base/json.h"
#include "base/utf8.h"

namespace docmind::cache {
namespace {

void append_body(std::string& out, std::string_view body, ReplyForm form) {
  if (!form.keep_alive) out += "Connection: close\r\n";
  out += "Content-Length: ";
  out += std::to_string(body.size());
  out += "\r\n\r\n";
  if (!form.head_only) out += body;
}

}  // namespace

void append(std::string& out, const net::Response& response, ReplyForm form) {
  out += "HTTP/1.1 " + std::to_string(response.status) + " ";
  out += net::reason(response.status);
  out += "\r\n";
  for (const auto& [name, value] : response.headers.fields())
    out.append(name).append(": ").append(value).append("\r\n");
  append_body(out, response.body, form);
}

void append_value(std::string& out, std::string_view value, ReplyForm form) {
  out += "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n";
  append_body(out, value, form);
}

void append_miss(std::string& out, ReplyForm form) {
  static const std::string kBody = net::error_body({Code::kNotFound, "there is no entry under this key", "Put one."});
  out += "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n";
  append_body(out, kBody, form);
}

void append_done(std::string& out, ReplyForm form) {
  out += form.keep_alive ? "HTTP/1.1 204 No Content\r\n\r\n" : "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
}

void append_changed(std::string& out, const Change::Kind kind, const Result<std::uint64_t>& answer, ReplyForm form) {
  if (!answer) {
    append(out, net::error_response(answer.error()), form);
  } else if (kind == Change::Kind::kErase && *answer == 0) {
    append_miss(out, form);
  } else {
    append_done(out, form);
  }
}

net::Response changed_together(const EntryFile::Answers& answers, bool purge) {
  boost::json::object out;
  if (purge) {
    if (!answers.front()) return net::error_response(answers.front().error());
    out["purged"] = *answers.front();
    return net::json_response(200, to_text(out));
  }
  std::uint64_t stored = 0;
  boost::json::array failed;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i]) {
      ++stored;
    } else {
      failed.push_back(boost::json::object{{"index", i}, {"error", answers[i].error().message}});
    }
  }
  out["stored"] = stored;
  out["failed"] = std::move(failed);
  return net::json_response(200, to_text(out));
}

net::Response values_together(const std::vector<std::string>& keys,
                              const std::vector<std::optional<std::string>>& values) {
  boost::json::array entries;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::optional<std::string>& value = values[i];
    if (!value) continue;
    boost::json::object entry{{"key", keys[i]}};
    if (is_utf8(*value)) {
      entry["value"] = *value;
    } else {
      entry["value_base64"] = to_base64(*value);
    }
    entries.push_back(std::move(entry));
  }
  return net::json_response(200, to_text(boost::json::object{{"entries", std::move(entries)}}));
}

std::string stats_json(const EntriesStats& s, double uptime_seconds, std::uint64_t connections) {
  const auto ratio = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  const std::uint64_t hits = s.hits_hot + s.hits_disk;
  return to_text(boost::json::object{{"entries", s.entries},
                                     {"bytes", s.bytes},
                                     {"value_bytes", s.value_bytes},
                                     {"stored_bytes", s.stored_bytes},
                                     {"compression_ratio", ratio(s.value_bytes, s.stored_bytes)},
                                     {"hot_entries", s.hot_entries},
                                     {"hot_bytes", s.hot_bytes},
                                     {"hits", hits},
                                     {"hits_hot", s.hits_hot},
                                     {"hits_disk", s.hits_disk},
                                     {"misses", s.misses},
                                     {"hit_rate", ratio(hits, hits + s.misses)},
                                     {"expired", s.expired},
                                     {"puts", s.puts},
                                     {"outrun", s.outrun},
                                     {"evicted", s.evicted},
                                     {"eviction_p99_seconds", s.eviction_p99_seconds},
                                     {"erased", s.erased},
                                     {"purged", s.purged},
                                     {"quarantined", s.quarantined},
                                     {"renewed", s.renewed},
                                     {"unstored", s.unstored},
                                     {"commits", s.commits},
                                     {"trouble", s.trouble.empty() ? boost::json::value() : s.trouble.c_str()},
                                     {"connections", connections},
                                     {"uptime_seconds", uptime_seconds}});
}

net::Response health(const EntriesStats& stats) {
  boost::json::object out{{"status", stats.trouble.empty() ? "ok" : "degraded"}};
  if (!stats.trouble.empty()) out["trouble"] = stats.trouble;
  return net::json_response(200, to_text(out));
}

void CacheMetrics::count(std::string_view name, std::string_view help, const obs::Labels& labels, std::uint64_t value) {
  obs::Counter& counter = metrics_.counter(name, help, labels);
  counter.add(static_cast<double>(value) - counter.value());
}

void CacheMetrics::show(std::string_view name, std::string_view help, double value) {
  metrics_.gauge(name, help).set(value);
}

std::string CacheMetrics::text(const EntriesStats& s) {
  constexpr std::string_view kHits = "docmind_cache_hits_total";
  count(kHits, "Values given.", {{"cache_type", "hot"}}, s.hits_hot);
  count(kHits, "Values given.", {{"cache_type", "disk"}}, s.hits_disk);
  constexpr std::string_view kMisses = "docmind_cache_misses_total";
  count(kMisses, "Keys that had no value there.", {{"cache_type", "hot"}}, s.hits_disk + s.misses);
  count(kMisses, "Keys that had no value there.", {{"cache_type", "disk"}}, s.misses);
  constexpr std::string_view kNotGiven = "docmind_cache_not_given_total";
  count(kNotGiven, "Keys without a value.", {{"reason", "expired"}}, s.expired);
  count(kNotGiven, "Keys without a value.", {{"reason", "absent"}}, s.misses - s.expired);
  count("docmind_cache_puts_total", "Values put.", {}, s.puts);
  constexpr std::string_view kGone = "docmind_cache_removed_total";
  count(kGone, "Entries that went.", {{"reason", "evicted"}}, s.evicted);
  count(kGone, "Entries that went.", {{"reason", "erased"}}, s.erased);
  count(kGone, "Entries that went.", {{"reason", "purged"}}, s.purged);
  count(kGone, "Entries that went.", {{"reason", "quarantined"}}, s.quarantined);
  count("docmind_cache_files_renewed_total", "Files that could not be used.", {}, s.renewed);
  count("docmind_cache_unstored_total", "Puts kept in memory alone.", {}, s.unstored);
  show("docmind_cache_entries", "Entries.", static_cast<double>(s.entries));
  show("docmind_cache_bytes", "Bytes of all entries as kept.", static_cast<double>(s.bytes));
  show("docmind_cache_hot_bytes", "Bytes of values in memory.", static_cast<double>(s.hot_bytes));
  show("docmind_cache_degraded", "1 while nothing can be stored.", s.trouble.empty() ? 0 : 1);
  show("docmind_cache_eviction_p99_seconds", "Making room, of the last 1,024 times.", s.eviction_p99_seconds);
  return metrics_.text();
}

}  // namespace docmind::cache
