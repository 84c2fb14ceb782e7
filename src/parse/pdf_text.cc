#include "parse/pdf_text.h"

#include <algorithm>
#include <cmath>

#include "base/utf8.h"

namespace docmind::parse {
namespace {

constexpr int kMaxIndent = 80;  // Blanks in front of or inside a line of code.

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0; }

// Lower case, without marks at its ends.
std::string plain(std::string_view word) {
  const auto core = [](char c) { return is_letter(c) || is_digit(c); };
  while (!word.empty() && !core(word.front())) word.remove_prefix(1);
  while (!word.empty() && !core(word.back())) word.remove_suffix(1);
  std::string out(word);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

char32_t first_code(std::string_view text) { return text.empty() ? 0 : code_point_at(text, 0).value; }

char32_t last_code(std::string_view text) {
  std::size_t at = text.size();
  while (at > 0 && (text[--at] & 0xc0) == 0x80) continue;
  return text.empty() ? 0 : code_point_at(text, at).value;
}

bool is_hyphen_break(std::string_view left) {
  return left.size() >= 2 && left.back() == '-' && is_letter(left[left.size() - 2]);
}

// "pre- and post-installation": the hyphen stands for a word that comes later.
bool is_hanging(std::string_view right) {
  for (const std::string_view word : {"and", "or", "to", "und", "oder", "bis", "et", "ou", "y", "o"}) {
    if (right == word) return true;
  }
  return false;
}

// A path, address or literal that was broken where it may be, without a hyphen.
bool is_literal_break(const PdfWord& left, const PdfWord& right) {
  const char end = left.text.back();
  const char start = right.text.front();
  if (end == ':' && right.text.starts_with("//")) return true;
  if (left.mono && right.mono) {
    return std::string_view("/_=:@&?%#~").find(end) != std::string_view::npos || start == '/' || start == '_' ||
           (end == '.' && start >= 'a' && start <= 'z') || (end == '-' && is_letter(start));
  }
  const bool address = left.text.find("://") != std::string::npos || left.text.find("www.") != std::string::npos;
  return address && std::string_view("/_=?&%#~.-").find(end) != std::string_view::npos &&
         !(start >= 'A' && start <= 'Z' && end == '.');
}

float character_width(const PdfBlock& block) {
  float width = 0;
  float characters = 0;
  for (const PdfPiece& piece : block.pieces) {
    for (std::uint32_t i = piece.first; i < piece.last; ++i) {
      width += piece.line->words[i].right - piece.line->words[i].left;
      characters += static_cast<float>(piece.line->words[i].text.size());
    }
  }
  return characters > 0 && width > 0 ? width / characters : 1;
}

int blanks_for(float gap, float width, int least) {
  const float blanks = std::round(gap / width);
  return blanks > static_cast<float>(kMaxIndent) ? kMaxIndent : std::max(least, static_cast<int>(blanks));
}

}  // namespace

void PdfVocabulary::add(const PdfPage& page) {
  for (const PdfLine& line : page.lines) {
    for (std::size_t i = 0; i < line.words.size(); ++i) {
      const std::string& word = line.words[i].text;
      const bool broken =
          (i + 1 == line.words.size() && is_hyphen_break(word)) || i == 0;  // The first may be a right part.
      if (!broken) ++counts_[plain(word)];
    }
  }
}

std::uint32_t PdfVocabulary::count(const std::string& word) const {
  const auto found = counts_.find(word);
  return found == counts_.end() ? 0 : found->second;
}

bool PdfVocabulary::keeps_hyphen(std::string_view left, std::string_view right) const {
  const std::string a = plain(left);
  const std::string b = plain(right);
  const std::uint32_t joined = count(a + b);
  const std::uint32_t compound = count(a + "-" + b);
  if (joined != compound) return compound > joined;
  const char32_t next = first_code(right);
  const bool capitals =
      left.size() >= 2 && is_upper(left[left.size() - 2]) && next < 0x80 && is_upper(static_cast<char>(next));
  if (!capitals && next < 0x80 && !(next >= 'a' && next <= 'z')) return true;  // Upper case, a digit, a mark
  if (a.find('-') != std::string::npos) return true;
  return a.size() >= 3 && b.size() >= 3 && count(a) > 0 && count(b) > 0;
}

void PdfTextBuilder::add(const PdfPage& page, const std::vector<PdfBlock>& blocks) {
  page_ = static_cast<std::uint32_t>(parsed_.pages.size());
  const auto first_block = static_cast<std::uint32_t>(parsed_.blocks.size());
  std::uint64_t start = parsed_.text.size();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (!parsed_.text.empty()) parsed_.text += i > 0 && blocks[i].list_goes_on ? "\n" : "\n\n";
    if (i == 0) start = parsed_.text.size();
    add_block(blocks[i]);
    doc::Block& block = parsed_.blocks.back();
    block.source = !page.contents;
    if (blocks[i].header != doc::Block::kNoHeader) block.header = first_block + blocks[i].header;
  }
  parsed_.pages.push_back({{start, parsed_.text.size()}, page.label, page.width, page.height});
}

void PdfTextBuilder::add_block(const PdfBlock& block) {
  doc::Block made;
  made.kind = block.kind;
  made.level = block.level;
  const bool code = block.kind == doc::BlockKind::kCode;
  made.span.start = parsed_.text.size();
  for (std::size_t i = 0; i < block.pieces.size(); ++i) {
    const PdfPiece& piece = block.pieces[i];
    if (i > 0) join(block.pieces[i - 1], piece);
    if (code) indent(block, piece);
    add_words(piece, code);
  }
  made.span.end = parsed_.text.size();
  parsed_.blocks.push_back(std::move(made));
}

void PdfTextBuilder::indent(const PdfBlock& block, const PdfPiece& piece) {
  float left = piece.line->left;
  for (const PdfPiece& other : block.pieces) left = std::min(left, other.line->left);
  const int blanks = blanks_for(piece.line->left - left, character_width(block), 0);
  parsed_.text.append(static_cast<std::size_t>(blanks), ' ');
}

void PdfTextBuilder::add_words(const PdfPiece& piece, bool code) {
  const auto& words = piece.line->words;
  for (std::uint32_t i = piece.first; i < piece.last; ++i) {
    if (i > piece.first && !words[i].glued) {
      const float width = (words[i].right - words[i].left) / static_cast<float>(words[i].text.size());
      const int blanks = code && width > 0 ? blanks_for(words[i].left - words[i - 1].right, width, 1) : 1;
      parsed_.text.append(static_cast<std::size_t>(blanks), ' ');
    }
    add_word(words[i]);
  }
}

void PdfTextBuilder::add_word(const PdfWord& word) {
  const std::uint64_t start = parsed_.text.size();
  parsed_.text += word.text;
  parsed_.words.push_back(
      {{start, parsed_.text.size()}, page_, word.box.left, word.box.top, word.box.right, word.box.bottom});
}

void PdfTextBuilder::join(const PdfPiece& before, const PdfPiece& piece) {
  switch (piece.joint) {
    case PdfPiece::Joint::kTab:
      parsed_.text += '\t';
      return;
    case PdfPiece::Joint::kNewline:
      parsed_.text += '\n';
      return;
    case PdfPiece::Joint::kSpace:
      join_lines(before.line->words[before.last - 1], piece.line->words[piece.first]);
  }
}

void PdfTextBuilder::join_lines(const PdfWord& left, const PdfWord& right) {
  const bool unspaced = is_unspaced(last_code(left.text)) && is_unspaced(first_code(right.text));
  if (unspaced || is_literal_break(left, right)) return;
  if (!is_hyphen_break(left.text) || is_hanging(right.text)) {
    parsed_.text += ' ';
    return;
  }
  if (left.mono || vocabulary_.keeps_hyphen(left.text, right.text)) return;
  parsed_.text.pop_back();
  --parsed_.words.back().span.end;
}

}  // namespace docmind::parse
