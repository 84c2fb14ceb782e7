// Puts a doc::Parsed together block by block: cleaning, separators, spans, and the cap on the text's size.
//
// Not thread-safe. Invariant: what finish() returns satisfies doc::valid().
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "doc/document.h"

namespace docmind::parse {

struct BlockDraft {
  doc::BlockKind kind = doc::BlockKind::kParagraph;
  std::uint8_t level = 0;
  bool source = true;
  std::uint32_t header = doc::Block::kNoHeader;
  std::uint32_t run = 0;  // Neighbours of one kind with the same run (a table, a list) are one line apart; 0: none.
  std::string locator{};
};

class DocumentBuilder {
 public:
  DocumentBuilder(std::string type, std::uint64_t max_text) : max_text_(max_text) { parsed_.type = std::move(type); }

  // Adds the text (well-formed UTF-8, any white space) as one block and returns the block's index; kNoHeader when no
  // visible text is left or the cap is passed.
  std::uint32_t add(const BlockDraft& draft, std::string_view text);

  void title(std::string_view text);  // The first one that is not blank counts.
  bool has_title() const { return !parsed_.title.empty(); }
  void warn(std::string sentence);  // The same sentence once.

  bool full() const { return full_; }  // The cap is passed: the parser can stop.
  bool empty() const { return parsed_.blocks.empty(); }

  // kResourceExhausted when the text is larger than the cap, kInvalidArgument when there is no text at all.
  Result<doc::Parsed> finish() &&;

 private:
  doc::Parsed parsed_;
  std::uint64_t max_text_;
  std::uint32_t last_run_ = 0;
  bool full_ = false;
};

Error too_much_text(std::uint64_t max_text);

}  // namespace docmind::parse
