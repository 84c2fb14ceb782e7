#include "agents/read_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/utf8.h"

namespace docmind::agents {
namespace {

constexpr std::uint64_t kPiece = 8ULL << 10U;
constexpr std::uint64_t kMostText = 64ULL << 10U;

// Pieces that begin with a block and end before the next one that would make them longer.
std::vector<doc::Span> pieces_of(const std::vector<library::Block>& blocks, std::uint64_t text_bytes) {
  std::vector<doc::Span> pieces;
  for (const library::Block& block : blocks) {
    if (pieces.empty() || block.block.span.end - pieces.back().start > kPiece) {
      if (!pieces.empty()) pieces.back().end = block.block.span.start;
      pieces.push_back({block.block.span.start, block.block.span.end});
    }
  }
  if (!pieces.empty()) pieces.back().end = text_bytes;
  return pieces;
}

}  // namespace

Result<PageText> read_page(std::string_view name, std::uint32_t page, library::Snapshot& at) {
  const library::Document document = DM_TRY(at.find(name));
  std::vector<doc::Span> spans;
  for (const library::Page& one : DM_TRY(at.pages(document.key))) spans.push_back(one.page.span);
  if (spans.empty()) spans = pieces_of(DM_TRY(at.blocks(document.key)), document.text_bytes);
  if (page == 0 || page > spans.size()) {
    return Error{Code::kNotFound, fmt::format("{} has no page {}.", document.path, page),
                 fmt::format("It has {} pages, counted from 1.", spans.size())};
  }
  PageText out{document.path, document.id, page, static_cast<std::uint32_t>(spans.size()), spans[page - 1], {}};
  out.text = DM_TRY(at.text(document.key, out.span));
  if (out.text.size() > kMostText) {
    std::uint64_t end = kMostText;
    while (!is_char_border(out.text, end)) --end;
    out.text.resize(end);
    out.span.end = out.span.start + end;
  }
  return out;
}

}  // namespace docmind::agents
