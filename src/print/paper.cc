#include "print/paper.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/json_members.h"
#include "base/utf8.h"

namespace docmind::print {
namespace {

namespace json = boost::json;

constexpr std::array kStyles = {
    std::pair{Style::kTitle, std::string_view("title")},   std::pair{Style::kHeading, std::string_view("heading")},
    std::pair{Style::kText, std::string_view("text")},     std::pair{Style::kNote, std::string_view("note")},
    std::pair{Style::kSource, std::string_view("source")}, std::pair{Style::kDocument, std::string_view("document")}};

Error not_ours() { return {Code::kInvalidArgument, "this is nothing to be printed", "Only docmind starts this role."}; }

Result<Paragraph> paragraph_of(const json::value& value) {
  const json::array& pair = json_list(value);
  if (pair.size() != 2 || !pair[1].is_string()) return not_ours();
  const auto found = std::ranges::find(kStyles, json_text(pair[0]), &std::pair<Style, std::string_view>::second);
  if (found == kStyles.end()) return not_ours();
  return Paragraph{found->first, std::string(json_text(pair[1]))};
}

bool is_control(char32_t code) { return (code < 0x20 && code != '\n') || (code >= 0x7f && code < 0xa0); }

// Unicode 15, Bidi_Control: embeddings, overrides, isolates and marks.
bool turns_direction(char32_t code) {
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0x200e || code == 0x200f ||
         code == 0x061c;
}

}  // namespace

std::string to_json(const Paper& paper) {
  json::array paragraphs;
  for (const Paragraph& one : paper.paragraphs) {
    paragraphs.push_back(json::array{kStyles.at(static_cast<std::size_t>(one.style)).second, one.text});
  }
  return to_text(json::object{{"title", paper.title}, {"paragraphs", std::move(paragraphs)}});
}

Result<Paper> paper_of(std::string_view json) {
  const json::value value = DM_TRY(parse_json(json));
  const json::value& paragraphs = json_member(value, "paragraphs");
  if (!paragraphs.is_array()) return not_ours();
  Paper paper{.title = std::string(json_text(json_member(value, "title")))};
  for (const json::value& one : paragraphs.get_array()) paper.paragraphs.push_back(DM_TRY(paragraph_of(one)));
  return paper;
}

std::string plain(std::string_view text) {
  std::uint64_t replaced = 0;
  const std::string valid = to_utf8(text, replaced);
  std::string out;
  for (std::uint64_t at = 0; at < valid.size();) {
    const CodePoint one = code_point_at(valid, at);
    if (turns_direction(one.value)) {
      out += fmt::format("⟨U+{:04X}⟩", static_cast<std::uint32_t>(one.value));
    } else if (is_control(one.value)) {
      out += ' ';
    } else {
      out.append(valid, at, one.length);
    }
    at += one.length;
  }
  return out;
}

}  // namespace docmind::print
