// A parser for tests, in this process. Its documents are plain text, already normalised:
//   a form feed starts a new page (there are pages only when one occurs); blank lines part blocks;
//   "# Title" is a heading (one "#" per level), "- item" a list item, "| row" a table row (the first of a run is the
//   header), a line that starts with four spaces is code, everything else is a paragraph.
// Refuses what is empty (kInvalidArgument) and what starts with "BROKEN" (kDataLoss).
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "doc/parser.h"

namespace docmind::doc {

class FakeParser final : public Parser {
 public:
  Result<Parsed> parse(const std::string& bytes, const std::string& name, Deadline deadline,
                       std::stop_token stop) override {
    if (stop.stop_requested()) return Error{Code::kCancelled, "cancelled"};
    if (deadline.expired()) return Error{Code::kDeadlineExceeded, "out of time"};
    ++calls_;
    if (bytes.empty()) return Error{Code::kInvalidArgument, name + " is empty", "Choose a file with text."};
    if (!is_utf8(bytes)) return Error{Code::kInvalidArgument, name + " is not text", "Choose another file."};
    if (bytes.starts_with("BROKEN")) return Error{Code::kDataLoss, name + " is broken", "Get it again."};
    return parsed_of(bytes);
  }

  std::string version() const override { return version_; }
  void set_version(std::string version) { version_ = std::move(version); }
  std::uint64_t calls() const { return calls_; }

  // The same without a parser.
  static Parsed parsed_of(std::string_view bytes) {
    Parsed out;
    out.type = "text";
    const bool paged = bytes.find('\f') != std::string_view::npos;
    while (true) {
      const std::size_t end = std::min(bytes.find('\f'), bytes.size());
      const std::uint64_t start = out.text.size();
      add_page(out, bytes.substr(0, end));
      if (paged) out.pages.push_back({{start, out.text.size()}, std::to_string(out.pages.size() + 1), 595, 842});
      if (end == bytes.size()) return out;
      bytes.remove_prefix(end + 1);
    }
  }

 private:
  static Block block_of(std::string_view line) {
    Block block;
    if (line.starts_with('#')) {
      block.kind = BlockKind::kHeading;
      block.level = static_cast<std::uint8_t>(std::min<std::size_t>(line.find_first_not_of('#'), 6));
    } else if (line.starts_with("- ")) {
      block.kind = BlockKind::kListItem;
      block.level = 1;
    } else if (line.starts_with("| ")) {
      block.kind = BlockKind::kTableRow;
    } else if (line.starts_with("    ")) {
      block.kind = BlockKind::kCode;
    }
    return block;
  }

  // A line that goes on with the block before it: of a paragraph, or of code.
  static bool goes_on(const Parsed& out, const Block& block, bool blank_before) {
    if (blank_before || out.blocks.empty()) return false;
    const BlockKind before = out.blocks.back().kind;
    const bool same = block.kind == before;
    return same && (block.kind == BlockKind::kParagraph || block.kind == BlockKind::kCode);
  }

  static void add_page(Parsed& out, std::string_view page) {
    bool blank_before = true;
    while (!page.empty()) {
      const std::size_t end = std::min(page.find('\n'), page.size());
      std::string_view line = page.substr(0, end);
      page.remove_prefix(std::min(end + 1, page.size()));
      if (line.find_first_not_of(' ') == std::string_view::npos) {
        blank_before = true;
        continue;
      }
      Block block = block_of(line);
      if (block.kind == BlockKind::kHeading) line.remove_prefix(std::min(line.find_first_not_of("# "), line.size()));
      if (block.kind == BlockKind::kTableRow || block.kind == BlockKind::kListItem) line.remove_prefix(2);
      if (line.empty()) continue;
      add_line(out, block, line, blank_before);
      blank_before = false;
    }
  }

  static void add_line(Parsed& out, Block block, std::string_view line, bool blank_before) {
    const bool joined = goes_on(out, block, blank_before);
    if (!out.text.empty()) out.text += joined ? "\n" : "\n\n";
    block.span = {out.text.size(), out.text.size() + line.size()};
    out.text += line;
    if (joined) {
      out.blocks.back().span.end = out.text.size();
      return;
    }
    if (block.kind == BlockKind::kTableRow && !out.blocks.empty() && out.blocks.back().kind == BlockKind::kTableRow) {
      const std::uint32_t header = out.blocks.back().header;
      block.header = header == Block::kNoHeader ? static_cast<std::uint32_t>(out.blocks.size() - 1) : header;
    }
    out.blocks.push_back(block);
  }

  std::string version_ = "fake-1";
  std::atomic<std::uint64_t> calls_{0};
};

}  // namespace docmind::doc
