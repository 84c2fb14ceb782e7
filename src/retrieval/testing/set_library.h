// A real library whose documents are written as lines of one block each, tables and lists included: for tests of sets.
//
// "# Title" is a heading (one # per level), "a | b" a table row ("= a | b" a header row), "- text" or "1. text" a list
// item, everything else a paragraph. Neighbouring rows, and neighbouring items, stand one line apart, as parsers write
// them.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/rng.h"
#include "library/library.h"
#include "library/testing/temp_library.h"

namespace docmind::retrieval {

class SetLibrary {
 public:
  library::Library& library() { return *library_; }
  ManualClock& clock() { return library_.clock(); }
  Rng& rng() { return library_.rng(); }
  library::Snapshot read() { return library_.read(); }

  library::Document put(const std::string& path, const std::vector<std::string>& lines) {
    library::NewDocument row;
    row.path = path;
    row.parser_version = "test";
    row.chunker_version = "test";
    row.parsed.type = "markdown";
    std::uint32_t header = doc::Block::kNoHeader;
    for (const std::string& line : lines) add(line, header, row);
    row.version = content_hash(row.parsed.text).hex();
    row.size = row.parsed.text.size();
    add_chunk(row);
    return library::testing::must(library_->put_document(row, Deadline::never(), {})).document;
  }

 private:
  static void add(std::string line, std::uint32_t& header, library::NewDocument& row) {
    doc::Block block;
    const bool names = line.starts_with("= ");
    if (const std::size_t level = line.find_first_not_of('#'); level > 0 && level != std::string::npos) {
      block.kind = doc::BlockKind::kHeading;
      block.level = static_cast<std::uint8_t>(level);
      line = line.substr(level + 1);
    } else if (names || line.find(" | ") != std::string::npos) {
      block.kind = doc::BlockKind::kTableRow;
      if (names) line = line.substr(2);
    } else if (line.starts_with("- ") || (line.size() > 2 && line[1] == '.' && line[2] == ' ')) {
      block.kind = doc::BlockKind::kListItem;
      block.level = 1;
      if (line.starts_with("- ")) line = line.substr(2);
    }
    auto& blocks = row.parsed.blocks;
    const bool same = !blocks.empty() && blocks.back().kind == block.kind &&
                      (block.kind == doc::BlockKind::kTableRow || block.kind == doc::BlockKind::kListItem);
    if (!blocks.empty()) row.parsed.text += same ? "\n" : "\n\n";
    if (block.kind != doc::BlockKind::kTableRow) header = doc::Block::kNoHeader;
    block.header = names ? doc::Block::kNoHeader : header;
    if (names) header = static_cast<std::uint32_t>(blocks.size());
    const std::uint64_t start = row.parsed.text.size();
    row.parsed.text += line;
    block.span = {start, row.parsed.text.size()};
    if (block.kind == doc::BlockKind::kHeading) add_section(block, line, row);
    blocks.push_back(block);
    library::NewUnit unit;
    unit.span = block.span;
    unit.block = static_cast<std::uint32_t>(blocks.size() - 1);
    unit.chunk = 0;
    unit.position = unit.block;
    row.units.push_back(unit);
  }

  static void add_section(const doc::Block& block, const std::string& title, library::NewDocument& row) {
    std::uint32_t parent = library::kNone;
    for (std::uint32_t i = 0; i < row.sections.size(); ++i) {
      if (row.sections[i].level < block.level) parent = i;
    }
    const std::string path = parent == library::kNone ? title : row.sections[parent].path + " > " + title;
    row.sections.push_back({block.span, title, path, block.level, parent, {}});
  }

  // One chunk over all: what is searched here are tables, not vectors.
  void add_chunk(library::NewDocument& row) {
    library::Embedding embedding;
    embedding.key = Hasher().field(row.path).field(row.parsed.text).finish();
    embedding.model_hash = "test";
    embedding.dimensions = 1;
    embedding.vector = {0};
    embedding.spans.assign(row.units.size(), 0);
    row.model_hash = "test";
    library::testing::must(library_->put_embeddings({&embedding, 1}, Deadline::never(), {}));
    library::NewChunk chunk;
    chunk.span = {0, row.parsed.text.size()};
    chunk.end_unit = static_cast<std::uint32_t>(row.units.size());
    chunk.embedding = embedding.key;
    row.chunks.push_back(chunk);
  }

  library::testing::TempLibrary library_;
};

}  // namespace docmind::retrieval
