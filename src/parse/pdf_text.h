// Puts blocks together to the final text with exact offsets: joins lines, undoes line-end hyphens, keeps code's
// indents.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "doc/document.h"
#include "parse/pdf_blocks.h"

namespace docmind::parse {

// How often each word stands unbroken in the document, in lower case, without marks around it. Decides whether
// "bug-" + "fixes" is "bug-fixes" and "im-" + "prove" is "improve".
class PdfVocabulary {
 public:
  void add(const PdfPage& page);
  // Whether the hyphen between the two parts of a broken word belongs to it.
  bool keeps_hyphen(std::string_view left, std::string_view right) const;

 private:
  std::uint32_t count(const std::string& word) const;
  std::unordered_map<std::string, std::uint32_t> counts_;
};

class PdfTextBuilder {
 public:
  PdfTextBuilder(const PdfVocabulary& vocabulary, doc::Parsed& parsed) : vocabulary_(vocabulary), parsed_(parsed) {}

  // Appends one page; pages come in order.
  void add(const PdfPage& page, const std::vector<PdfBlock>& blocks);

 private:
  void add_block(const PdfBlock& block);
  void add_words(const PdfPiece& piece, bool code);
  void join(const PdfPiece& before, const PdfPiece& piece);
  void join_lines(const PdfWord& left, const PdfWord& right);
  void indent(const PdfBlock& block, const PdfPiece& piece);
  void add_word(const PdfWord& word);

  const PdfVocabulary& vocabulary_;
  doc::Parsed& parsed_;
  std::uint32_t page_ = 0;
};

}  // namespace docmind::parse
