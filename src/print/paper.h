// What is to be printed: paragraphs of plain text, each with the style that it is set in, and its form between the
// processes, {"title":"...","paragraphs":[["heading","..."],...]}.
//
// Values and pure functions. Text is text: nothing in it is markup.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::print {

enum class Style : std::uint8_t { kTitle, kHeading, kText, kNote, kSource, kDocument };

struct Paragraph {
  Style style = Style::kText;
  std::string text{};
  bool operator==(const Paragraph&) const = default;
};

struct Paper {
  std::string title{};  // Of the file; the first paragraph is what stands on the page.
  std::vector<Paragraph> paragraphs{};
  bool operator==(const Paper&) const = default;
};

std::string to_json(const Paper& paper);
// kInvalidArgument for what to_json() would not have written.
Result<Paper> paper_of(std::string_view json);

// As it may be set: UTF-8, control characters as spaces (line breaks stay), those that turn the direction of what
// follows as ⟨U+202E⟩: shown, not obeyed.
std::string plain(std::string_view text);

}  // namespace docmind::print
