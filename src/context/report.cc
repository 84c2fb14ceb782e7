#include "context/report.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace docmind::context {
namespace {

namespace json = boost::json;

constexpr std::size_t kListed = 100;

json::object to_json(const Dropped& dropped) {
  json::object out{{"kind", name(dropped.kind)}, {"index", dropped.index}};
  if (!dropped.role.empty()) out["role"] = dropped.role;
  if (!dropped.id.empty()) out["id"] = dropped.id;
  out["tokens"] = dropped.tokens;
  if (dropped.end > dropped.start) {
    out["start"] = dropped.start;
    out["end"] = dropped.end;
  }
  return out;
}

}  // namespace

std::string_view name(PieceKind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"message", "passage", "document"};
  return kNames.at(static_cast<std::size_t>(kind));
}

json::object to_json(const Report& report) {
  json::array dropped;
  const std::size_t listed = std::min(report.dropped.size(), kListed);
  for (std::size_t i = 0; i < listed; ++i) dropped.push_back(to_json(report.dropped[i]));
  if (listed < report.dropped.size()) {
    std::uint64_t tokens = 0;
    for (std::size_t i = listed; i < report.dropped.size(); ++i) tokens += report.dropped[i].tokens;
    dropped.push_back({{"kind", "more"}, {"count", report.dropped.size() - listed}, {"tokens", tokens}});
  }
  return {{"trimmed", report.trimmed},
          {"policy", name(report.policy)},
          {"limit", report.limit},
          {"reserved", report.reserved},
          {"trim_from", report.trim_from},
          {"original_tokens", report.original_tokens},
          {"final_tokens", report.final_tokens},
          {"exact", report.exact},
          {"dropped", std::move(dropped)}};
}

}  // namespace docmind::context
