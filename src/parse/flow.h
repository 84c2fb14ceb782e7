// Turns a stream of "paragraph begins, text, item begins ..." into blocks: the common back end of the formats that are
// trees of marks (HTML, Markdown, EPUB, DOCX).
//
// Not thread-safe. begin_ and end_ calls pair up like brackets; text between blocks becomes a paragraph. Inside a table
// cell everything is flattened to the cell's text: nested paragraphs, lists and tables are joined by spaces.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parse/document_builder.h"

namespace docmind::parse {

class Flow {
 public:
  explicit Flow(DocumentBuilder& builder) : builder_(builder) {}

  void text(std::string_view utf8) { buffer_ += utf8; }
  void line_break();
  void end_block();  // A paragraph may end or begin here.

  void begin_heading(std::uint8_t level);
  void end_heading();
  void begin_code();
  void end_code();
  bool in_code() const { return code_ > 0; }

  void begin_list();
  void end_list();
  // `marker` is what the reader sees before the item, "2." for example; empty for bullets.
  void begin_item(std::string_view marker);
  void end_item();

  void begin_table();
  void end_table();
  void begin_row();
  enum class Row : std::uint8_t { kData, kHeader };
  void end_row(Row row);
  // How many columns and rows a cell covers: the columns beside it stay empty, the rows below repeat its text, so that
  // each row can be read alone and its cells stand below the names of their columns. Bounded.
  struct Cover {
    std::uint32_t columns = 1;
    std::uint32_t rows = 1;
  };
  void begin_cell();
  void end_cell(Cover cover);
  void end_cell() { end_cell({}); }
  bool in_cell() const { return cells_ > 0; }

  void locator(std::string name) {
    end_block();
    draft_.locator = std::move(name);
  }
  void source(bool is_source) {
    end_block();
    draft_.source = is_source;
  }
  bool is_source() const { return draft_.source; }
  DocumentBuilder& builder() { return builder_; }

 private:
  struct List {
    std::uint32_t run = 0;
    bool fresh_item = false;  // The item has no block yet: the next one is the item itself.
    std::string marker;
  };

  // What stands in a column because of a cell above.
  struct Covered {
    std::string text;
    std::uint32_t rows = 0;  // Still to come.
  };

  void add(doc::BlockKind kind, std::uint8_t level, std::uint32_t run);
  void fill_covered();

  DocumentBuilder& builder_;
  BlockDraft draft_;  // Locator and source of what comes next.
  std::string buffer_;
  std::uint8_t heading_ = 0;
  int code_ = 0;
  int cells_ = 0;  // Cells inside cells count, too.
  int tables_ = 0;
  std::uint32_t runs_ = 0;
  std::vector<List> lists_;
  std::uint32_t table_run_ = 0;
  std::uint32_t table_header_ = doc::Block::kNoHeader;
  std::vector<std::string> row_;
  std::vector<Covered> covered_;  // By column.
};

}  // namespace docmind::parse
