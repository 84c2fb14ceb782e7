#include "session/markdown.h"

#include "session/cited_answer.h"

namespace docmind::session {
namespace {

// One line, with what Markdown and HTML would read as their own taken literally.
std::string escaped(std::string_view text) {
  constexpr std::string_view kMarks = "\\`*_{}[]<>#|~&";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += ' ';
      continue;
    }
    if (kMarks.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

void add_answer(const boost::json::value& answer, std::string& out) {
  const CitedAnswer shown = cited(answer);
  if (!shown.lead.empty()) out += escaped(shown.lead) + "\n";
  if (!shown.lead.empty() && !shown.sentences.empty()) out += "\n";
  for (const CitedSentence& one : shown.sentences) {
    if (one.kind != CitedSentence::Kind::kSentence) {
      out += (one.kind == CitedSentence::Kind::kDocument ? "\n### " : "") + escaped(one.text) + "\n\n";
      continue;
    }
    out += "> " + escaped(one.text);
    for (const std::size_t number : one.sources) out += " (" + std::to_string(number) + ")";
    if (one.unsupported) out += " ⚠ no source";
    out += "\n>\n";
  }
  if (!shown.partial.empty()) out += "\n" + escaped(shown.partial) + "\n";
  if (!shown.sources.empty()) out += "\nSources:\n\n";
  for (std::size_t i = 0; i < shown.sources.size(); ++i) {
    const Source& source = shown.sources[i];
    out += std::to_string(i + 1) + ". " + escaped(source.place) + "\n   > " + escaped(source.quote) + "\n";
  }
}

}  // namespace

std::string to_markdown(const Session& session) {
  std::string out = "# " + escaped(session.overview.title) + "\n";
  for (const Turn& turn : session.turns) {
    out += "\n## " + escaped(turn.question) + "\n\n";
    if (!turn.because.empty()) out += "Searched: " + escaped(turn.query) + "\n\n";
    add_answer(turn.answer, out);
  }
  if (!session.overview.unanswered.empty())
    out += "\n## " + escaped(session.overview.unanswered) + "\n\nNot answered.\n";
  return out;
}

}  // namespace docmind::session
