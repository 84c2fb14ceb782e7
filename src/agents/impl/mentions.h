// What a sentence says about pages, and what it puts in quotation marks. Pure; text is valid UTF-8.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::agents {

// Pages that are named ("page 14", "pp. 3 and 5", "Seite 2", "S. 7", "第 9 页"), and the text without them.
struct PageMentions {
  std::vector<std::uint32_t> pages{};
  std::string rest{};
};
PageMentions page_mentions(std::string_view text);

// Texts in pairs of quotation marks, without the marks and closing punctuation; single letters are none.
std::vector<std::string> quotes(std::string_view text);

// One form for comparing quotes: white space folded, quotation marks alike, ASCII in lower case.
std::string plain(std::string_view text);

// Whether a quote stands in a text, pieces between "..." in order.
bool is_quoted_from(std::string_view quote, std::string_view plain_text);

}  // namespace docmind::agents
