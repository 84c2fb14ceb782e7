// One pass over the paragraph. At each mark that can close a sentence the whole closing run is read (marks, quotes,
// brackets); then what stands before and after it decides. The order of the tests is the order of doubt: parentheses,
// what follows, abbreviation, list number.

#include "text/sentences.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/ascii.h"
#include "base/utf8.h"

namespace docmind::text {
namespace {

constexpr std::uint64_t kParenthesisReach = 300;  // Bytes after which an open parenthesis is taken to be a stray one.
constexpr std::uint64_t kThaiSentence = 240;      // Bytes (80 characters) from which a Thai space ends a sentence.

// Lower case, sorted, without the closing full stop.
constexpr auto kAbbreviations = std::to_array<std::string_view>({
    "abs",  "al",   "app",  "approx", "apr",  "art",  "aug",  "ave", "bd",   "bzw",  "ca",  "cf",   "ch",
    "chap", "co",   "corp", "dec",    "dept", "dr",   "ed",   "eds", "eq",   "eqs",  "esp", "est",  "etc",
    "evtl", "excl", "feb",  "ff",     "fig",  "figs", "ggf",  "gov", "hr",   "ibid", "inc", "incl", "inkl",
    "jan",  "jr",   "jul",  "jun",    "ltd",  "mar",  "max",  "min", "mme",  "mr",   "mrs", "ms",   "mt",
    "nov",  "nr",   "oct",  "op",     "ph.d", "pp",   "prof", "ref", "refs", "resp", "rev", "sec",  "sect",
    "sen",  "sep",  "sept", "sr",     "st",   "std",  "tab",  "usw", "vgl",  "viz",  "vol", "vols", "vs",
});
static_assert(std::ranges::is_sorted(kAbbreviations));

// Abbreviations only in front of a number: "No. 5", but "No. It is not."
constexpr auto kBeforeNumbers = std::to_array<std::string_view>({"no", "nos", "p", "s", "art", "version"});

bool is_space(char32_t c) {
  return c < 0x80 ? c == ' ' || c == '\n' || c == '\t' : u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}
bool is_digit(char32_t c) { return c < 0x80 ? c >= '0' && c <= '9' : u_isdigit(static_cast<UChar32>(c)) != 0; }

bool is_wide_stop(char32_t c) { return c == U'。' || c == U'！' || c == U'？' || c == U'｡' || c == U'．'; }

// A mark that can close a sentence.
bool is_stop(char32_t c) {
  if (c < 0x80) return c == '.' || c == '!' || c == '?';
  return c == 0x2026 || u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_S_TERM) != 0;
}

bool is_open_parenthesis(char32_t c) { return c == '(' || c == '[' || c == U'（' || c == U'［'; }
bool is_closed_parenthesis(char32_t c) { return c == ')' || c == ']' || c == U'）' || c == U'］'; }

bool is_closing(char32_t c) {
  if (c == '"' || c == '\'' || c == '`' || c == '*') return true;
  const std::uint32_t mask = U_GET_GC_MASK(static_cast<UChar32>(c));
  return (mask & (U_GC_PE_MASK | U_GC_PF_MASK)) != 0 || c == U'’' || c == U'”';
}

bool is_opening(char32_t c) {
  if (c == '"' || c == '\'' || c == '`' || c == '<' || c == '$' || c == '/' || c == 0xbf || c == 0xa1) return true;
  const std::uint32_t mask = U_GET_GC_MASK(static_cast<UChar32>(c));
  return (mask & (U_GC_PS_MASK | U_GC_PI_MASK)) != 0;
}

// A letter that can open a sentence: a capital, or one of a script without capitals.
bool is_opening_letter(char32_t c) {
  const std::uint32_t mask = U_GET_GC_MASK(static_cast<UChar32>(c));
  return (mask & (U_GC_LU_MASK | U_GC_LT_MASK | U_GC_LO_MASK)) != 0;
}

bool is_han_or_kana(char32_t c) {
  if (c < 0x2e80) return false;
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(static_cast<UChar32>(c), &status);
  return script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA;
}

bool is_south_east_asian(char32_t c) { return (c >= 0x0e00 && c < 0x1000) || (c >= 0x1780 && c < 0x1800); }

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<doc::Span> split();

 private:
  struct Close {
    std::uint64_t end = 0;    // After the last mark of the run.
    bool single_dot = false;  // The run holds one "." and no other stop.
    bool wide = false;        // Holds a stop that needs no space after it.
    bool emphatic = false;    // Holds "!" or "?".
  };

  char32_t at(std::uint64_t i) const { return i < text_.size() ? code_point_at(text_, i).value : 0; }
  std::uint64_t skip_spaces(std::uint64_t i) const;
  Close read_close(std::uint64_t stop);
  void note_parenthesis(char32_t c, std::uint64_t i);
  bool inside_parentheses(std::uint64_t i) const { return !open_.empty() && i - open_.back() < kParenthesisReach; }
  bool is_border(const Close& close, std::uint64_t stop) const;
  bool is_thai_border(std::uint64_t space) const;
  bool is_abbreviation(std::uint64_t stop, char32_t next) const;
  bool is_list_number(std::uint64_t stop) const;
  void end_sentence(std::uint64_t end);

  std::string_view text_;
  std::uint64_t start_ = 0;          // Of the current sentence.
  char32_t before_ = 0;              // The character before the current one.
  std::vector<std::uint64_t> open_;  // Where the parentheses opened that are not closed yet.
  std::vector<doc::Span> out_;
};

std::uint64_t Splitter::skip_spaces(std::uint64_t i) const {
  while (i < text_.size()) {
    const CodePoint c = code_point_at(text_, i);
    if (!is_space(c.value)) break;
    i += c.length;
  }
  return i;
}

void Splitter::note_parenthesis(char32_t c, std::uint64_t i) {
  if (is_open_parenthesis(c) && open_.size() < 16) open_.push_back(i);
  if (is_closed_parenthesis(c) && !open_.empty()) open_.pop_back();
}

Splitter::Close Splitter::read_close(std::uint64_t stop) {
  Close close;
  int dots = 0;
  int others = 0;
  std::uint64_t i = stop;
  while (i < text_.size()) {
    const CodePoint c = code_point_at(text_, i);
    if (is_stop(c.value)) {
      c.value == '.' ? ++dots : ++others;
      close.wide = close.wide || (c.value >= 0x80 && c.value != 0x2026);
      close.emphatic = close.emphatic || c.value == '!' || c.value == '?';
    } else if (!is_closing(c.value)) {
      break;
    } else {
      note_parenthesis(c.value, i);
    }
    i += c.length;
  }
  close.end = i;
  close.single_dot = dots == 1 && others == 0;
  return close;
}

// "1." or "a)" or "iv." with nothing before it is the number of an item, not a sentence.
bool Splitter::is_list_number(std::uint64_t stop) const {
  const std::string_view head = text_.substr(start_, stop - start_);
  if (head.size() > 6) return false;
  return std::ranges::all_of(
      head, [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == '(' || c == 'i' || c == 'v' || c == 'x'; });
}

bool Splitter::is_abbreviation(std::uint64_t stop, char32_t next) const {
  std::uint64_t begin = stop;
  while (begin > start_ && stop - begin < 16) {
    const char c = text_[begin - 1];
    const bool of_word = static_cast<unsigned char>(c) >= 0x80 || c == '.' || (c >= 'a' && c <= 'z') ||
                         (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!of_word) break;
    --begin;
  }
  const std::string word = lowered(text_.substr(begin, stop - begin));
  if (std::ranges::binary_search(kAbbreviations, std::string_view(word))) return true;
  if (is_digit(next) && std::ranges::find(kBeforeNumbers, word) != kBeforeNumbers.end()) return true;
  // A single letter, or single letters between stops: initials, "e.g", "i.e", "z.B".
  bool letters_alone = !word.empty();
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool letter = word[i] >= 'a' && word[i] <= 'z';
    letters_alone = letters_alone && (i % 2 == 0 ? letter : word[i] == '.');
  }
  return letters_alone && word.size() % 2 == 1;
}

bool Splitter::is_border(const Close& close, std::uint64_t stop) const {
  if (close.end >= text_.size()) return true;
  if (inside_parentheses(stop)) return false;
  const std::uint64_t after = skip_spaces(close.end);
  if (after >= text_.size()) return true;
  const char32_t next = at(after);
  const bool spaced = after > close.end;
  if (close.wide) return spaced || !is_digit(next) || !is_digit(before_);
  if (!spaced) return close.emphatic && is_han_or_kana(before_) && is_han_or_kana(next);
  if (!is_digit(next) && !is_opening(next) && !is_opening_letter(next)) return false;
  if (!close.single_dot) return true;
  return !is_abbreviation(stop, next) && !is_list_number(stop);
}

// Thai and its neighbours put a space between clauses and nothing between words.
bool Splitter::is_thai_border(std::uint64_t space) const {
  return is_south_east_asian(before_) && space - start_ >= kThaiSentence && is_south_east_asian(at(skip_spaces(space)));
}

void Splitter::end_sentence(std::uint64_t end) {
  std::uint64_t last = end;
  while (last > start_) {  // Step back over white space, one character at a time.
    std::uint64_t previous = last - 1;
    while (previous > start_ && !is_char_border(text_, previous)) --previous;
    if (!is_space(at(previous))) break;
    last = previous;
  }
  if (last > start_) out_.push_back({start_, last});
  start_ = skip_spaces(end);
  open_.clear();
}

std::vector<doc::Span> Splitter::split() {
  start_ = skip_spaces(0);
  for (std::uint64_t i = start_; i < text_.size();) {
    const CodePoint c = code_point_at(text_, i);
    if (is_stop(c.value) && i > start_) {
      const Close close = read_close(i);
      if (is_border(close, i)) {
        end_sentence(close.end);
        i = start_;
        before_ = 0;
        continue;
      }
      before_ = c.value;
      i = close.end;
      continue;
    }
    if (is_space(c.value) && is_thai_border(i)) {
      end_sentence(i);
      i = start_;
      continue;
    }
    note_parenthesis(c.value, i);
    before_ = c.value;
    i += c.length;
  }
  if (start_ < text_.size()) end_sentence(text_.size());
  return std::move(out_);
}

}  // namespace

std::vector<doc::Span> sentences(std::string_view text) { return Splitter(text).split(); }

bool ends_sentence(std::string_view text) {
  for (std::uint64_t end = text.size(); end > 0;) {
    std::uint64_t at = end - 1;
    while (at > 0 && !is_char_border(text, at)) --at;
    const char32_t c = code_point_at(text, at).value;
    if (c == '.' || c == '!' || c == '?' || c == ';' || is_wide_stop(c) || c == U'；') return true;
    if (!is_closing(c) && !is_space(c)) return is_stop(c);
    end = at;
  }
  return false;
}

}  // namespace docmind::text
