#include "text/wordpiece.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/utf8.h"

namespace docmind::text {
namespace {

bool is_chinese(char32_t c) {
  // The ranges of llm_tokenizer_wpm::is_chinese_char, which follow HuggingFace's BertTokenizer.
  constexpr std::array<std::pair<char32_t, char32_t>, 8> kRanges = {{{0x4e00, 0x9fff},
                                                                     {0x3400, 0x4dbf},
                                                                     {0x20000, 0x2a6df},
                                                                     {0x2a700, 0x2b73f},
                                                                     {0x2b740, 0x2b81f},
                                                                     {0x2b920, 0x2ceaf},
                                                                     {0xf900, 0xfaff},
                                                                     {0x2f800, 0x2fa1f}}};
  return std::ranges::any_of(kRanges, [c](const auto& range) { return c >= range.first && c <= range.second; });
}

bool is_ascii_punctuation(char32_t c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

// What becomes of one character of the text.
struct Cleaned {
  enum class Kind { kDropped, kSpace, kAlone, kInWord } kind = Kind::kDropped;
  char32_t value = 0;
};

// The first code point of the full canonical decomposition; libllama's table holds no more than that.
char32_t first_decomposed(char32_t c, const icu::Normalizer2* nfc) {
  icu::UnicodeString decomposition;
  if (nfc == nullptr || !nfc->getDecomposition(static_cast<UChar32>(c), decomposition)) return c;
  return static_cast<char32_t>(decomposition.char32At(0));
}

Cleaned clean(char32_t c, const icu::Normalizer2* nfc) {
  using Kind = Cleaned::Kind;
  if (c < 0x80) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) return {Kind::kSpace, c};
    if (c < 0x20 || c == 0x7f) return {Kind::kDropped, c};
    if (is_ascii_punctuation(c)) return {Kind::kAlone, c};
    return {Kind::kInWord, c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c};
  }
  c = first_decomposed(c, nfc);
  const auto code = static_cast<UChar32>(c);
  if (u_isUWhiteSpace(code) != 0) return {Kind::kSpace, c};
  const std::uint32_t mask = U_GET_GC_MASK(code);
  const bool control = (mask & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK | U_GC_CS_MASK)) != 0;
  if (control || c == 0xfffd || (mask & U_GC_M_MASK) != 0) return {Kind::kDropped, c};
  const bool alone = (mask & U_GC_P_MASK) != 0 || is_chinese(c) || is_ascii_punctuation(c);
  return {alone ? Kind::kAlone : Kind::kInWord, static_cast<char32_t>(u_tolower(code))};
}

}  // namespace

struct WordPiece::State {
  // Pieces by their bytes. For each pair of first bytes `lengths` has a bit per length that occurs, so that a look-up
  // tries those only; lengths of kManyBytes and more share the last bit and are all tried.
  struct Pieces {
    static constexpr std::size_t kManyBytes = 31;
    std::unordered_map<std::string_view, std::uint32_t> ids;
    std::vector<std::uint32_t> lengths = std::vector<std::uint32_t>(1U << 12U, 0);
    std::size_t longest = 0;

    static std::size_t slot(std::string_view bytes) {
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
      return (byte(0) * 61U + byte(1)) % (1U << 12U);
    }
    void add(std::string_view piece, std::uint32_t id) {
      ids.emplace(piece, id);
      longest = std::max(longest, piece.size());
      if (piece.size() > 1) lengths[slot(piece)] |= 1U << std::min(piece.size(), kManyBytes);
    }
    // The longest piece at the start of `bytes`: its id and length; length 0 when there is none.
    std::pair<std::uint32_t, std::size_t> find(std::string_view bytes) const {
      const std::uint32_t known = bytes.size() > 1 ? lengths[slot(bytes)] : 0;
      for (std::size_t length = std::min(longest, bytes.size()); length > 0; --length) {
        if (length > 1 && (known >> std::min(length, kManyBytes) & 1U) == 0) continue;
        const auto found = ids.find(bytes.substr(0, length));
        if (found != ids.end()) return {found->second, length};
      }
      return {0, 0};
    }
  };

  std::string vocabulary;  // Owns the bytes of the keys below.
  Pieces first;            // Pieces at the start of a word.
  Pieces rest;             // Pieces with "##".
  std::uint32_t unknown = 0;
  const icu::Normalizer2* nfc = nullptr;

  // A word under construction: its cleaned bytes, and for each the place in the text of the character it came from.
  struct Word {
    std::string bytes;
    std::vector<doc::Span> from;
    void clear() {
      bytes.clear();
      from.clear();
    }
    void add(char32_t c, doc::Span span) {
      append_utf8(bytes, c);
      from.resize(bytes.size(), span);
    }
  };

  template <typename Emit>
  void cut(const Word& word, std::vector<Token>& pieces, Emit&& emit) const;
  // Stops early, between words, when enough() holds.
  template <typename Emit, typename Enough>
  void run(std::string_view text, Emit&& emit, Enough&& enough) const;
};

// Greedy, longest piece first. All or nothing: a word with a part that is no piece is unknown as a whole.
template <typename Emit>
void WordPiece::State::cut(const Word& word, std::vector<Token>& pieces, Emit&& emit) const {
  if (word.bytes.empty()) return;
  pieces.clear();
  const std::string_view bytes = word.bytes;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto [id, length] = (at == 0 ? first : rest).find(bytes.substr(at));
    if (length == 0) {
      emit(Token{unknown, {word.from.front().start, word.from.back().end}});
      return;
    }
    pieces.push_back({id, {word.from[at].start, word.from[at + length - 1].end}});
    at += length;
  }
  for (const Token& piece : pieces) emit(piece);
}

template <typename Emit, typename Enough>
void WordPiece::State::run(std::string_view text, Emit&& emit, Enough&& enough) const {
  Word word;
  std::vector<Token> pieces;
  const auto flush = [&] {
    cut(word, pieces, emit);
    word.clear();
  };
  for (std::uint64_t i = 0; i < text.size();) {
    const CodePoint c = code_point_at(text, i);
    const doc::Span span{i, i + c.length};
    const Cleaned cleaned = clean(c.value, nfc);
    if (cleaned.kind == Cleaned::Kind::kInWord) {
      word.add(cleaned.value, span);
    } else if (cleaned.kind != Cleaned::Kind::kDropped) {
      flush();
      if (cleaned.kind == Cleaned::Kind::kAlone) {
        word.add(cleaned.value, span);
        flush();
      }
      if (enough()) return;
    } else if (!word.from.empty()) {  // A mark on the character before it belongs to that character.
      word.from.back().end = span.end;
    }
    i += c.length;
  }
  flush();
}

Result<std::unique_ptr<WordPiece>> WordPiece::open(std::string_view vocabulary) {
  const Error bad{Code::kInvalidArgument, "the vocabulary is not a WordPiece vocabulary: no [UNK] line",
                  "Install the embedding model's files again."};
  if (!is_utf8(vocabulary)) return bad;
  auto state = std::make_unique<State>();
  state->vocabulary = vocabulary;
  std::optional<std::uint32_t> unknown;
  std::string_view left = state->vocabulary;
  for (std::uint32_t id = 0; !left.empty(); ++id) {
    const std::size_t end = std::min(left.find('\n'), left.size());
    std::string_view piece = left.substr(0, end);
    left.remove_prefix(std::min(end + 1, left.size()));
    if (piece.ends_with('\r')) piece.remove_suffix(1);
    if (piece == "[UNK]") unknown = id;
    if (piece.empty()) continue;
    const bool continues = piece.starts_with("##") && piece.size() > 2;
    if (continues) piece.remove_prefix(2);
    (continues ? state->rest : state->first).add(piece, id);
  }
  if (!unknown) return bad;
  state->unknown = *unknown;
  UErrorCode status = U_ZERO_ERROR;
  state->nfc = icu::Normalizer2::getNFCInstance(status);
  return std::unique_ptr<WordPiece>(new WordPiece(std::move(state)));
}

WordPiece::WordPiece(std::unique_ptr<State> state) : state_(std::move(state)) {}
WordPiece::~WordPiece() = default;

std::vector<WordPiece::Token> WordPiece::tokens(std::string_view text, std::size_t enough) const {
  std::vector<Token> out;
  state_->run(text, [&](const Token& token) { out.push_back(token); }, [&] { return out.size() >= enough; });
  return out;
}

std::uint32_t WordPiece::count(std::string_view text) const {
  std::uint32_t count = 0;
  state_->run(text, [&](const Token&) { ++count; }, [] { return false; });
  return count;
}

}  // namespace docmind::text
