#include "session/parts.h"

#include <algorithm>

#include "base/json_members.h"

namespace docmind::session {

std::vector<Part> parts_of(const boost::json::value& answer) {
  const auto& list = json_list(json_member(answer, "claims"));
  const std::span<const boost::json::value> claims(list.data(), list.size());
  std::vector<Part> out;
  for (const boost::json::value& part : json_list(json_member(answer, "parts"))) {
    const std::size_t first = std::min<std::size_t>(json_count(json_member(part, "first")), claims.size());
    const std::size_t count = std::min<std::size_t>(json_count(json_member(part, "count")), claims.size() - first);
    out.push_back({.about = &part, .claims = claims.subspan(first, count), .first = first});
  }
  return out;
}

std::string without_claims(const Part& part) {
  const std::string reason(json_text(json_member(*part.about, "reason")));
  if (json_text(json_member(*part.about, "status")) == "failed") return "It could not be asked: " + reason;
  return reason.empty() ? "This document does not say." : reason;
}

}  // namespace docmind::session
