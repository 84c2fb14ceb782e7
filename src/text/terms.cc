#include "text/terms.h"

#include <libstemmer.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/ascii.h"
#include "base/utf8.h"

namespace docmind::text {
namespace {

enum class Kind : std::uint8_t { kOther, kLetter, kDigit, kJoiner, kPaired };

bool is_ascii_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Scripts written without spaces between words (and Hangul, whose words carry their particles with them).
bool is_paired_script(char32_t c) {
  if ((c >= 0x3041 && c <= 0x30ff && c != 0x30a0 && c != 0x30fb) || c == 0x3005 || c == 0x3007) return true;
  UErrorCode status = U_ZERO_ERROR;
  switch (uscript_getScript(static_cast<UChar32>(c), &status)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_HANGUL:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
      return true;
    default:
      return false;
  }
}

Kind kind_of(char32_t c) {
  if (is_ascii_letter(c)) return Kind::kLetter;
  if (c >= '0' && c <= '9') return Kind::kDigit;
  if (c < 0x80) {
    return c == '.' || c == '_' || c == '-' || c == '/' || c == ':' || c == '$' ? Kind::kJoiner : Kind::kOther;
  }
  const auto code = static_cast<UChar32>(c);
  const std::uint32_t mask = U_GET_GC_MASK(code);
  if ((mask & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK)) == 0) return Kind::kOther;
  if (is_paired_script(c)) return Kind::kPaired;
  return (mask & U_GC_ND_MASK) != 0 ? Kind::kDigit : Kind::kLetter;
}

// A character of a word, lower-cased, with where it came from.
struct Character {
  char32_t lower = 0;
  Kind kind = Kind::kOther;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
};

std::string joined(std::span<const Character> characters) {
  std::string out;
  for (const Character& c : characters) append_utf8(out, c.lower);
  return out;
}

void cut_to_limit(std::string& term) {
  if (term.size() <= kMaxTermBytes) return;
  std::size_t cut = kMaxTermBytes;
  while (!is_char_border(term, cut)) --cut;
  term.resize(cut);
}

class Writer {
 public:
  explicit Writer(std::vector<Term>& out) : out_(out), stemmer_(sb_stemmer_new("porter", "UTF_8"), sb_stemmer_delete) {}

  void word(std::span<const Character> word);
  void paired(std::span<const Character> run);

 private:
  void add(std::string term, std::span<const Character> from) {
    out_.push_back({std::move(term), {from.front().start, from.back().end}, open_});
    open_ = true;
  }
  void plain(std::span<const Character> letters);
  void parts(std::span<const Character> word);
  std::string stem(std::string word) const;

  std::vector<Term>& out_;
  std::unique_ptr<sb_stemmer, void (*)(sb_stemmer*)> stemmer_;
  bool open_ = false;  // A term stands at the current position already: the next one is colocated.
};

std::string Writer::stem(std::string word) const {
  const bool ascii = std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
  if (!ascii || stemmer_ == nullptr || word.size() > kMaxTermBytes) return word;
  const sb_symbol* stemmed =
      sb_stemmer_stem(stemmer_.get(), reinterpret_cast<const sb_symbol*>(word.data()), static_cast<int>(word.size()));
  if (stemmed == nullptr) return word;
  return {reinterpret_cast<const char*>(stemmed), static_cast<std::size_t>(sb_stemmer_length(stemmer_.get()))};
}

// The word without combining marks, if that is another word.
std::optional<std::string> without_accents(const std::string& word) {
  if (std::ranges::all_of(word, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return std::nullopt;
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfd = icu::Normalizer2::getNFDInstance(status);
  if (U_FAILURE(status)) return std::nullopt;
  const icu::UnicodeString decomposed = nfd->normalize(icu::UnicodeString::fromUTF8(word), status);
  if (U_FAILURE(status)) return std::nullopt;
  std::string out;
  for (std::int32_t i = 0; i < decomposed.length(); i = decomposed.moveIndex32(i, 1)) {
    const UChar32 c = decomposed.char32At(i);
    if (u_charType(c) != U_NON_SPACING_MARK) append_utf8(out, static_cast<char32_t>(c));
  }
  if (out == word || out.empty()) return std::nullopt;
  return out;
}

void Writer::plain(std::span<const Character> letters) {
  std::string word = joined(letters);
  cut_to_limit(word);
  std::optional<std::string> bare = without_accents(word);
  add(stem(std::move(word)), letters);
  if (bare) add(stem(*std::move(bare)), letters);
}

// The letter runs and the longer digit runs of a word that holds more than letters.
void Writer::parts(std::span<const Character> word) {
  for (std::size_t i = 0; i < word.size();) {
    std::size_t end = i + 1;
    while (end < word.size() && word[end].kind == word[i].kind) ++end;
    const auto part = word.subspan(i, end - i);
    if (word[i].kind == Kind::kLetter) plain(part);
    if (word[i].kind == Kind::kDigit && part.size() > 1 && part.size() < word.size()) {
      std::string digits = joined(part);
      cut_to_limit(digits);
      add(std::move(digits), part);
    }
    i = end;
  }
}

void Writer::word(std::span<const Character> word) {
  while (!word.empty() && word.back().kind == Kind::kJoiner) word = word.first(word.size() - 1);
  while (!word.empty() && word.front().kind == Kind::kJoiner && word.front().lower != '$') word = word.subspan(1);
  if (word.empty()) return;
  open_ = false;
  if (std::ranges::all_of(word, [](const Character& c) { return c.kind == Kind::kLetter; })) return plain(word);
  if (std::string whole = joined(word); whole.size() <= kMaxTermBytes) add(std::move(whole), word);
  // What stands between slashes and colons is often asked for alone: "sources.list" of "etc/apt/sources.list".
  const auto divides = [](const Character& c) { return c.lower == '/' || c.lower == ':'; };
  for (auto at = word.begin(); at != word.end();) {
    const auto end = std::find_if(at, word.end(), divides);
    const std::span<const Character> segment(at, end);
    const bool composite = std::ranges::any_of(segment, [](const Character& c) { return c.kind != Kind::kLetter; });
    if (composite && segment.size() > 1 && segment.size() < word.size()) {
      if (std::string text = joined(segment); text.size() <= kMaxTermBytes) add(std::move(text), segment);
    }
    at = end == word.end() ? end : std::next(end);
  }
  parts(word);
}

void Writer::paired(std::span<const Character> run) {
  if (run.size() == 1) {
    open_ = false;
    return add(joined(run), run);
  }
  for (std::size_t i = 0; i + 1 < run.size(); ++i) {
    open_ = false;
    add(joined(run.subspan(i, 2)), run.subspan(i, 2));
  }
}

// Two neighbours belong to one run: both in unspaced scripts, or both of what words are made of.
bool same_run(Kind a, Kind b) { return (a == Kind::kPaired) == (b == Kind::kPaired); }

void write_terms(std::string_view text, Writer& writer) {
  std::vector<Character> run;
  const auto flush = [&] {
    if (run.empty()) return;
    run.front().kind == Kind::kPaired ? writer.paired(run) : writer.word(run);
    run.clear();
  };
  for (std::uint64_t i = 0; i < text.size();) {
    const CodePoint c = code_point_at(text, i);
    const Kind kind = kind_of(c.value);
    if (kind == Kind::kOther || (!run.empty() && !same_run(run.back().kind, kind))) flush();
    if (kind != Kind::kOther) {
      const bool upper = c.value < 0x80 ? c.value >= 'A' && c.value <= 'Z' : true;
      const auto lower = upper ? static_cast<char32_t>(u_tolower(static_cast<UChar32>(c.value))) : c.value;
      run.push_back({lower, kind, i, i + c.length});
    }
    i += c.length;
  }
  flush();
}

}  // namespace

std::vector<Term> terms(std::string_view text) {
  std::vector<Term> out;
  Writer writer(out);
  if (is_utf8(text)) {
    write_terms(text, writer);
    return out;
  }
  std::uint64_t replaced = 0;  // Offsets then are those of the repaired text: bounded by it, good enough for an index.
  write_terms(to_utf8(text, replaced), writer);
  for (Term& term : out) {
    term.span.start = std::min<std::uint64_t>(term.span.start, text.size());
    term.span.end = std::min<std::uint64_t>(term.span.end, text.size());
  }
  return out;
}

std::vector<std::string> query_terms(std::string_view question) {
  std::uint64_t replaced = 0;
  const std::string text = to_utf8(question, replaced);
  std::vector<std::string> kept;
  std::vector<std::string> all;
  const auto add = [](std::vector<std::string>& to, const std::string& term) {
    if (std::ranges::find(to, term) == to.end()) to.push_back(term);
  };
  for (const Term& term : terms(text)) {
    add(all, term.text);
    const std::string surface = lowered(text.substr(term.span.start, term.span.size()));
    if (!is_function_word(surface)) add(kept, term.text);
  }
  return kept.empty() ? all : kept;
}

}  // namespace docmind::text
