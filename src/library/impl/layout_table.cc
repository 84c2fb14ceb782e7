#include "library/impl/layout_table.h"

#include <string>
#include <string_view>

#include "library/impl/words_codec.h"

namespace docmind::library {
namespace {

Result<> insert_pages(store::Transaction& to, std::int64_t document, const PreparedDocument& prepared) {
  auto insert =
      DM_TRY(to.query("INSERT INTO page(document, position, start, \"end\", label, width, height, words) "
                      "VALUES(?,?,?,?,?,?,?,?)"));
  const auto& pages = prepared.given.parsed.pages;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const doc::Page& page = pages[i];
    DM_TRY(insert.execute({document, i, page.span.start, page.span.end, page.label, page.width, page.height,
                           store::Blob{prepared.words[i]}}));
  }
  return {};
}

Result<> insert_blocks(store::Transaction& to, std::int64_t document, const PreparedDocument& prepared) {
  auto insert =
      DM_TRY(to.query("INSERT INTO block(document, position, start, \"end\", kind, level, source, header, "
                      "page, locator) VALUES(?,?,?,?,?,?,?,?,?,?)"));
  const auto& blocks = prepared.given.parsed.blocks;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const doc::Block& block = blocks[i];
    DM_TRY(insert.execute({document, i, block.span.start, block.span.end, static_cast<int>(block.kind), block.level,
                           block.source, or_null(block.header), or_null(prepared.block_pages[i]), block.locator}));
  }
  return {};
}

Result<> insert_sections(store::Transaction& to, std::int64_t document, const PreparedDocument& prepared) {
  auto insert =
      DM_TRY(to.query("INSERT INTO section(document, position, start, \"end\", title, path, level, parent, "
                      "embedding) VALUES(?,?,?,?,?,?,?,?,?)"));
  const auto& sections = prepared.given.sections;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const NewSection& s = sections[i];
    std::optional<store::Blob> embedding;
    if (s.embedding) embedding = store::Blob{s.embedding->view()};
    DM_TRY(insert.execute(
        {document, i, s.heading.start, s.heading.end, s.title, s.path, s.level, or_null(s.parent), embedding}));
  }
  return {};
}

#define DM_OF_DOCUMENT \
  " WHERE document=?1 AND position BETWEEN ifnull(?2, 0) AND ifnull(?2, 4294967295) ORDER BY position"

// The rows of a document, or the one at a position. `sql` ends in DM_OF_DOCUMENT and selects position, start and end
// first; `row_of` reads the rest.
template <typename Row>
Result<std::vector<Row>> read_rows(store::Source& from, std::string_view sql, std::int64_t document,
                                   std::optional<std::uint32_t> position,
                                   Result<Row> (*row_of)(const store::Statement&)) {
  auto rows = DM_TRY(from.query(sql, {document, position}));
  std::vector<Row> out;
  while (DM_TRY(rows.step())) {
    Row& row = out.emplace_back(DM_TRY(row_of(rows)));
    row.index = static_cast<std::uint32_t>(rows.integer(0));
  }
  return out;
}

Result<Page> page_of(const store::Statement& at) {
  Page row;
  row.page.span = span_of(at, 1);
  row.page.label = at.text(3);
  row.page.width = static_cast<float>(at.real(4));
  row.page.height = static_cast<float>(at.real(5));
  return row;
}

Result<Block> block_of(const store::Statement& at) {
  Block row;
  row.block.span = span_of(at, 1);
  row.block.kind = static_cast<doc::BlockKind>(at.integer(3));
  row.block.level = static_cast<std::uint8_t>(at.integer(4));
  row.block.source = at.integer(5) != 0;
  row.block.header = or_none(at, 6);
  row.page = or_none(at, 7);
  row.block.locator = at.text(8);
  return row;
}

Result<Section> section_of(const store::Statement& at) {
  Section row;
  row.heading = span_of(at, 1);
  row.title = at.text(3);
  row.path = at.text(4);
  row.level = static_cast<std::uint8_t>(at.integer(5));
  row.parent = or_none(at, 6);
  if (!at.is_null(7)) row.embedding = DM_TRY(hash_of(at, 7));
  row.document = at.integer(8);
  return row;
}

}  // namespace

static_assert(doc::Block::kNoHeader == kNone);

std::optional<std::uint32_t> or_null(std::uint32_t index) {
  return index == kNone ? std::nullopt : std::optional(index);
}

std::uint32_t or_none(const store::Statement& row, int column) {
  return row.is_null(column) ? kNone : static_cast<std::uint32_t>(row.integer(column));
}

doc::Span span_of(const store::Statement& row, int column) {
  return {static_cast<std::uint64_t>(row.integer(column)), static_cast<std::uint64_t>(row.integer(column + 1))};
}

Result<ContentHash> hash_of(const store::Statement& row, int column) {
  return ContentHash::from_bytes(row.blob(column)).with("the key of an embedding");
}

Result<> insert_layout(store::Transaction& to, std::int64_t document, const PreparedDocument& prepared) {
  DM_TRY(insert_pages(to, document, prepared));
  DM_TRY(insert_blocks(to, document, prepared));
  return insert_sections(to, document, prepared);
}

Result<std::vector<Page>> read_pages(store::Source& from, std::int64_t document,
                                     std::optional<std::uint32_t> position) {
  return read_rows(from, "SELECT position, start, \"end\", label, width, height FROM page" DM_OF_DOCUMENT, document,
                   position, page_of);
}

Result<std::vector<doc::Word>> read_words(store::Source& from, std::int64_t document, std::uint32_t page) {
  auto row = DM_TRY(from.query("SELECT start, words FROM page WHERE document=? AND position=?", {document, page}));
  if (!DM_TRY(row.step())) return Error{Code::kNotFound, "The document has no such page.", ""};
  return decode_words(row.blob(1), static_cast<std::uint64_t>(row.integer(0)), page);
}

Result<std::vector<Block>> read_blocks(store::Source& from, std::int64_t document,
                                       std::optional<std::uint32_t> position) {
  return read_rows(from,
                   "SELECT position, start, \"end\", kind, level, source, header, page, locator FROM "
                   "block" DM_OF_DOCUMENT,
                   document, position, block_of);
}

Result<std::vector<Section>> read_sections(store::Source& from, std::int64_t document,
                                           std::optional<std::uint32_t> position) {
  return read_rows(from,
                   "SELECT position, start, \"end\", title, path, level, parent, embedding, document FROM "
                   "section" DM_OF_DOCUMENT,
                   document, position, section_of);
}

}  // namespace docmind::library
