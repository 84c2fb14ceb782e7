#include "session/history.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <string>

#include "base/json_members.h"
#include "base/utf8.h"

namespace docmind::session {
namespace {

constexpr std::size_t kMostTurns = 8;
constexpr std::size_t kGoTogether = 4;
constexpr std::size_t kMostBytes = 4U << 10U;

std::string shortened(std::string_view text) {
  if (text.size() <= kMostBytes) return std::string(text);
  std::size_t end = kMostBytes;
  while (end > 0 && !is_char_border(text, end)) --end;
  return std::string(text.substr(0, end)) + " …";
}

std::vector<std::string> cited_in(const boost::json::value& answer) {
  std::set<std::string> ids;
  for (const auto& claim : json_list(json_member(answer, "claims"))) {
    for (const auto& citation : json_list(json_member(claim, "citations"))) {
      ids.emplace(json_text(json_member(citation, "document_id")));
    }
  }
  return {ids.begin(), ids.end()};
}

}  // namespace

std::vector<agents::HistoryTurn> history_of(std::span<const Turn> turns) {
  std::vector<const Turn*> answered;
  for (const Turn& turn : turns) {
    if (!json_text(json_member(turn.answer, "answer")).empty()) answered.push_back(&turn);
  }
  const std::size_t over = answered.size() - std::min(answered.size(), kMostTurns);
  const std::size_t gone = (over + kGoTogether - 1) / kGoTogether * kGoTogether;
  std::vector<agents::HistoryTurn> out;
  for (std::size_t i = gone; i < answered.size(); ++i) {
    out.push_back({.question = answered[i]->query,
                   .answer = shortened(json_text(json_member(answered[i]->answer, "answer"))),
                   .documents = cited_in(answered[i]->answer)});
  }
  return out;
}

}  // namespace docmind::session
