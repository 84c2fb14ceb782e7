#include "library/impl/prepared_document.h"

#include <fmt/format.h>

#include <string_view>

#include "base/utf8.h"
#include "library/impl/words_codec.h"

namespace docmind::library {
namespace {

Error wrong(const NewDocument& document, std::string_view what) {
  return {Code::kInvalidArgument, fmt::format("{} cannot be stored: {}.", document.path, what), ""};
}

bool lies_in(const doc::Span& span, std::string_view text) {
  return span.start <= span.end && span.end <= text.size() && is_char_border(text, span.start) &&
         is_char_border(text, span.end);
}

bool is_index(std::uint32_t index, std::size_t size) { return index == kNone || index < size; }

Result<> check_sections(const NewDocument& d) {
  for (const NewSection& section : d.sections) {
    if (!lies_in(section.heading, d.parsed.text)) return wrong(d, "a heading lies outside of the text");
    if (!is_index(section.parent, d.sections.size())) return wrong(d, "a section's parent is not there");
  }
  return {};
}

Result<> check_chunks(const NewDocument& d) {
  for (const NewChunk& chunk : d.chunks) {
    if (!lies_in(chunk.span, d.parsed.text)) return wrong(d, "a chunk lies outside of the text");
    if (chunk.first_unit > chunk.end_unit || chunk.end_unit > d.units.size()) {
      return wrong(d, "a chunk's units are not there");
    }
  }
  return {};
}

Result<> check_units(const NewDocument& d) {
  for (std::size_t i = 0; i < d.units.size(); ++i) {
    const NewUnit& unit = d.units[i];
    if (!lies_in(unit.span, d.parsed.text)) return wrong(d, "a unit lies outside of the text");
    if (!is_index(unit.section, d.sections.size()) || !is_index(unit.lead_in, d.units.size()) ||
        !is_index(unit.chunk, d.chunks.size()) || unit.block >= d.parsed.blocks.size()) {
      return wrong(d, "a unit names something that is not there");
    }
    if (unit.chunk == kNone) continue;
    const NewChunk& chunk = d.chunks[unit.chunk];
    if (i < chunk.first_unit || i >= chunk.end_unit) return wrong(d, "a unit is not among the units of its chunk");
  }
  return {};
}

// Words by page, each page's in order of start.
Result<std::vector<std::string>> encode_pages(const NewDocument& d) {
  std::vector<std::vector<doc::Word>> by_page(d.parsed.pages.size());
  for (const doc::Word& word : d.parsed.words) {
    if (word.page >= by_page.size()) return wrong(d, "a word lies on a page that is not there");
    auto& page = by_page[word.page];
    const std::uint64_t from = page.empty() ? d.parsed.pages[word.page].span.start : page.back().span.start;
    if (word.span.start < from || word.span.end < word.span.start) return wrong(d, "words are out of order");
    page.push_back(word);
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i < by_page.size(); ++i) {
    out.push_back(encode_words(by_page[i], d.parsed.pages[i].span.start));
  }
  return out;
}

std::uint32_t page_of(const NewDocument& d, const doc::Span& span) {
  const int page = doc::page_at(d.parsed.pages, span.start);
  return page < 0 ? kNone : static_cast<std::uint32_t>(page);
}

}  // namespace

Result<PreparedDocument> prepare(const NewDocument& document) {
  if (document.path.empty()) return wrong(document, "it has no path");
  if (Result<> parsed = doc::valid(document.parsed); !parsed) return wrong(document, parsed.error().message);
  DM_TRY(check_sections(document));
  DM_TRY(check_chunks(document));
  DM_TRY(check_units(document));
  PreparedDocument prepared{document, DM_TRY(encode_pages(document)), {}, {}, {}};
  for (const doc::Block& block : document.parsed.blocks) prepared.block_pages.push_back(page_of(document, block.span));
  for (const NewUnit& unit : document.units) prepared.unit_pages.push_back(page_of(document, unit.span));
  for (const NewChunk& chunk : document.chunks) prepared.chunk_pages.push_back(page_of(document, chunk.span));
  return prepared;
}

}  // namespace docmind::library
