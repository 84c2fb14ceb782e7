#include "session/markdown.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json_members.h"

namespace docmind::session {
namespace {

namespace json = boost::json;

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

void add_source(const json::value& citation, std::size_t number, std::string& out) {
  out += std::to_string(number) + ". " + escaped(json_text(json_member(citation, "document")));
  if (const std::uint64_t page = json_count(json_member(citation, "page")); page != 0) {
    out += ", page " + std::to_string(page);
  }
  out += "\n   > " + escaped(json_text(json_member(citation, "quote"))) + "\n";
}

bool is_general(const json::value& claim) { return json_text(json_member(claim, "origin")) == "general"; }

void add_answer(const json::value& answer, std::string& out) {
  const json::array& claims = json_list(json_member(answer, "claims"));
  if (claims.empty()) {
    const std::string_view text = json_text(json_member(answer, "answer"));
    out += (text.empty() ? "The documents do not say." : escaped(text)) + "\n";
    return;
  }
  if (std::ranges::any_of(claims, is_general)) {
    out += "The documents do not say. Not from them, but what the chat model knows of itself:\n\n";
  }
  std::string sources;
  std::size_t number = 0;
  for (const json::value& claim : claims) {
    out += "> " + escaped(json_text(json_member(claim, "text")));
    for (const json::value& citation : json_list(json_member(claim, "citations"))) {
      out += " (" + std::to_string(++number) + ")";
      add_source(citation, number, sources);
    }
    out += "\n>\n";
  }
  if (!sources.empty()) out += "\nSources:\n\n" + sources;
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
