// A model's answer as sentences with their citation marks: [1], [1, 2], [1][2], [1-3], 【1】.
//
// A mark belongs to the sentence it stands in, or behind ("... end. [1]"). Marks in code (`a[1]`) are text. Lines
// are paragraphs: a list item is a sentence of its own; "#" and list signs in front of it are taken off.
// Pure; the answer is a model's: any bytes, at most kMaxSentences are read.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "doc/document.h"

namespace docmind::agents {

inline constexpr std::size_t kMaxSentences = 1'000;

struct CitedSentence {
  std::string text{};                  // Without marks.
  std::vector<std::uint32_t> marks{};  // In order, each once; as written: perhaps 0 or past the last passage.
  doc::Span span{};                    // Of the answer, marks included.
};

std::vector<CitedSentence> cited_sentences(std::string_view answer);

}  // namespace docmind::agents
