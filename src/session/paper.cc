#include "session/paper.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "session/cited_answer.h"

namespace docmind::session {
namespace {

using print::Style;

constexpr std::int64_t kLatest = 253'402'300'799;  // The last second of the year 9999; gmtime() knows no bound.

std::string time_of(std::int64_t ms) {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC",
                     fmt::gmtime(static_cast<std::time_t>(std::clamp<std::int64_t>(ms / 1000, 0, kLatest))));
}

void add_answer(const boost::json::value& answer, std::vector<print::Paragraph>& out) {
  const CitedAnswer shown = cited(answer);
  if (!shown.lead.empty()) out.push_back({Style::kText, shown.lead});
  for (const CitedSentence& one : shown.sentences) {
    std::string text = one.text;
    for (const std::size_t number : one.sources) text += fmt::format(" [{}]", number);
    if (one.unsupported) text += " ⚠ no source";
    out.push_back({one.kind == CitedSentence::Kind::kDocument ? Style::kDocument : Style::kText, std::move(text)});
  }
  if (!shown.partial.empty()) out.push_back({Style::kNote, std::string(shown.partial)});
  for (std::size_t i = 0; i < shown.sources.size(); ++i) {
    out.push_back({Style::kSource, fmt::format("{}. {}: “{}”", i + 1, shown.sources[i].place, shown.sources[i].quote)});
  }
}

}  // namespace

print::Paper to_paper(const Session& session, std::int64_t now_ms) {
  print::Paper paper{.title = session.overview.title};
  paper.paragraphs.push_back({Style::kTitle, session.overview.title});
  paper.paragraphs.push_back({Style::kNote, fmt::format("A chat with DocMind, begun {}, printed {}.",
                                                        time_of(session.overview.started_ms), time_of(now_ms))});
  for (const Turn& turn : session.turns) {
    paper.paragraphs.push_back({Style::kHeading, turn.question});
    std::string asked = "Asked " + time_of(turn.asked_ms) + ".";
    if (!turn.because.empty()) asked += " Searched: " + turn.query;
    paper.paragraphs.push_back({Style::kNote, std::move(asked)});
    add_answer(turn.answer, paper.paragraphs);
  }
  if (!session.overview.unanswered.empty()) {
    paper.paragraphs.push_back({Style::kHeading, session.overview.unanswered});
    paper.paragraphs.push_back({Style::kText, "Not answered."});
  }
  return paper;
}

}  // namespace docmind::session
