#include "doc/document.h"

#include <algorithm>
#include <string_view>

#include "base/utf8.h"

namespace docmind::doc {
namespace {

Error broken(std::string what) { return {Code::kDataLoss, "the parser's result is broken: " + std::move(what)}; }

bool fits(const Span& span, const std::string& text) {
  return span.start <= span.end && span.end <= text.size() && is_char_border(text, span.start) &&
         is_char_border(text, span.end);
}

template <typename Items>
Result<> in_order(const Items& items, const std::string& text, std::string_view what) {
  std::uint64_t at = 0;
  for (const auto& item : items) {
    if (!fits(item.span, text)) return broken(std::string(what) + " outside the text");
    if (item.span.start < at) return broken(std::string(what) + " out of order");
    at = item.span.end;
  }
  return {};
}

}  // namespace

Result<> valid(const Parsed& parsed) {
  if (!is_utf8(parsed.text)) return broken("text is not UTF-8");
  if (parsed.text.find('\0') != std::string::npos) return broken("text holds a NUL");
  DM_TRY(in_order(parsed.pages, parsed.text, "page"));
  DM_TRY(in_order(parsed.blocks, parsed.text, "block"));
  for (const Block& block : parsed.blocks) {
    if (block.header != Block::kNoHeader && block.header >= parsed.blocks.size()) return broken("no such header row");
    if (parsed.pages.empty()) continue;
    const int page = page_at(parsed.pages, block.span.start);
    if (page < 0 || !parsed.pages[static_cast<std::size_t>(page)].span.contains(block.span)) {
      return broken("block outside its page");
    }
  }
  for (const Word& word : parsed.words) {
    if (!fits(word.span, parsed.text)) return broken("word outside the text");
    if (word.page >= parsed.pages.size()) return broken("word on no page");
  }
  return {};
}

int page_at(const std::vector<Page>& pages, std::uint64_t at) {
  const auto after = std::upper_bound(pages.begin(), pages.end(), at,
                                      [](std::uint64_t value, const Page& page) { return value < page.span.start; });
  return static_cast<int>(after - pages.begin()) - 1;
}

}  // namespace docmind::doc
