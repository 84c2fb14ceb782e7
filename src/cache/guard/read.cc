#include <unicode/uchar.h>

#include <algorithm>

#include "base/utf8.h"
#include "cache/guard/guards.h"
#include "cache/guard/impl/token.h"
#include "cache/guard/impl/words.h"
#include "text/terms.h"

namespace docmind::cache {
namespace {

// Characters that no reader sees, or that have no meaning: who writes them may mean to deceive.
bool is_hidden(char32_t c) {
  if (c < 0x80) return (c < ' ' && !(c >= '\t' && c <= '\r')) || c == 0x7f;
  const std::uint32_t mask = U_GET_GC_MASK(static_cast<UChar32>(c));
  return (mask & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CN_MASK | U_GC_CO_MASK | U_GC_CS_MASK)) != 0 || c == 0xfffd;
}

bool has_hidden(std::string_view text) {
  for (std::uint64_t i = 0; i < text.size();) {
    if (text[i] >= ' ' && text[i] < 0x7f) {
      ++i;
      continue;
    }
    const CodePoint c = code_point_at(text, i);
    if (is_hidden(c.value)) return true;
    i += c.length;
  }
  return false;
}

bool is_time_bound(const Tokens& tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].fixed) continue;
    const std::string_view next = i + 1 < tokens.size() ? std::string_view(tokens[i + 1].text) : std::string_view();
    if (is_time_anchor(tokens[i].text) || is_time_anchor(tokens[i].text, next)) return true;
    if (static_cast<unsigned char>(tokens[i].text[0]) >= 0x80 && has_time_anchor(tokens[i].text)) return true;
  }
  return false;
}

// Capitals tell names apart only where some words have them and others do not; the first word's says nothing.
void settle_case(Tokens& tokens) {
  bool small = false;
  bool capital = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    small = small || (i > 0 && tokens[i].letter_case == LetterCase::kSmall);
    capital = capital || (tokens[i].letter_case == LetterCase::kCapital && tokens[i].text != "i");
  }
  const bool telling = small && capital;
  bool first = true;
  for (Token& token : tokens) {
    if (!telling || first) token.letter_case = LetterCase::kUnknown;
    first = token.stop;
  }
}

void drop_german_politeness(Tokens& tokens) {
  std::erase_if(tokens,
                [](const Token& token) { return !token.fixed && (token.text == "bitte" || token.text == "danke"); });
}

}  // namespace

// Makes items of tokens: the words, one after the other, and what each may be.
class ReadingBuilder {
 public:
  ReadingBuilder(Reading& reading, const Lexicon& lexicon) : reading_(reading), lexicon_(lexicon) {}

  void add(const Token& token) {
    Item item = placed(token.text);
    item.kind = token.fixed ? token.kind : kind_of_word(reading_.language_, token.text);
    item.licence = item.kind == ItemKind::kWord ? token.licence : Licence::kSame;
    item.letter_case = token.letter_case;
    if (!token.fixed && reading_.language_ == QuestionLanguage::kEnglish) look_up(item, token);
    reading_.items_.push_back(item);
  }

  void add_border() {
    Item item = placed(".");
    item.kind = ItemKind::kBorder;
    item.licence = Licence::kSame;
    reading_.items_.push_back(item);
  }

  static void leave_unread(Reading& reading) { reading = Reading(); }
  static void set(Reading& reading, QuestionLanguage language, bool time_bound) {
    reading.language_ = language;
    reading.time_bound_ = time_bound;
    reading.unread_ = false;
  }
  static bool is_full(const Reading& reading) { return reading.items_.size() > kMaxItems; }
  static bool is_empty(const Reading& reading) { return reading.items_.empty(); }

 private:
  Item placed(std::string_view text) {
    Item item;
    item.start = static_cast<std::uint16_t>(reading_.text_.size());
    item.size = static_cast<std::uint16_t>(text.size());
    reading_.text_ += text;
    return item;
  }

  void look_up(Item& item, const Token& token) {
    const Lexicon::Word word = lexicon_.find(token.text);
    if (word != Lexicon::kNoWord) item.flags = lexicon_.flags(word);
    if (item.kind != ItemKind::kWord) return;
    const bool name = (item.flags & (Lexicon::kProper | Lexicon::kCommon)) == Lexicon::kProper;
    if (name || token.letter_case == LetterCase::kCapital) {
      item.licence = Licence::kSame;
      item.kind = ItemKind::kName;
      return;
    }
    // Where nobody writes capitals "walker" may be Mr Walker, who is not Mr Waller.
    const bool may_be_name = token.letter_case == LetterCase::kUnknown;
    if (may_be_name || text::is_function_word(token.text)) item.licence = std::min(item.licence, Licence::kInflected);
    if ((item.flags & Lexicon::kCommon) != 0) sense(item, word, Form::kBase);
    if (word != Lexicon::kNoWord) linked(item, word);
    if ((item.flags & Lexicon::kCommon) == 0) inflected(item, token.text);
  }

  static void sense(Item& item, Lexicon::Word word, Form form) {
    if (item.sense_count < item.senses.size()) item.senses[item.sense_count++] = {word, form};
  }

  void linked(Item& item, Lexicon::Word word) {
    for (std::uint32_t n = 0; n < lexicon_.links(word); ++n) {
      const Lexicon::Link link = lexicon_.link(word, n);
      if (link.kind == Lexicon::LinkKind::kPluralOf) sense(item, link.word, Form::kPlural);
      if (link.kind == Lexicon::LinkKind::kThirdPersonOf) sense(item, link.word, Form::kThird);
      if (link.kind == Lexicon::LinkKind::kIngOf) sense(item, link.word, Form::kIng);
      if (link.kind == Lexicon::LinkKind::kPastOf) sense(item, link.word, Form::kPast);
    }
  }

  void base(Item& item, std::string_view stem, std::string_view ending, Lexicon::Flag part, Form form) {
    std::string text(stem);
    text += ending;
    const Lexicon::Word word = lexicon_.find(text);
    if (word != Lexicon::kNoWord && (lexicon_.flags(word) & part) != 0) sense(item, word, form);
  }

  // The regular forms (WordNet's own rules, morphy(7), and doubled consonants).
  void inflected(Item& item, std::string_view word) {
    const auto cut = [&](std::size_t bytes) { return word.substr(0, word.size() - bytes); };
    const auto doubled = [](std::string_view stem) {
      return stem.size() > 2 && stem.back() == stem[stem.size() - 2] ? stem.substr(0, stem.size() - 1)
                                                                     : std::string_view();
    };
    constexpr std::size_t kShortest = 3;
    if (word.size() <= kShortest) return;
    if (word.ends_with("ies")) {
      base(item, cut(3), "y", Lexicon::kNoun, Form::kPlural);
      base(item, cut(3), "y", Lexicon::kVerb, Form::kThird);
    } else if (word.ends_with("s") && !word.ends_with("ss")) {
      base(item, cut(1), "", Lexicon::kNoun, Form::kPlural);
      base(item, cut(1), "", Lexicon::kVerb, Form::kThird);
      const bool hissing = word.ends_with("ses") || word.ends_with("xes") || word.ends_with("zes") ||
                           word.ends_with("ches") || word.ends_with("shes");
      if (hissing) base(item, cut(2), "", Lexicon::kNoun, Form::kPlural);
      if (word.ends_with("es")) base(item, cut(2), "", Lexicon::kVerb, Form::kThird);
    } else if (word.ends_with("ing")) {
      base(item, cut(3), "", Lexicon::kVerb, Form::kIng);
      base(item, cut(3), "e", Lexicon::kVerb, Form::kIng);
      base(item, doubled(cut(3)), "", Lexicon::kVerb, Form::kIng);
    } else if (word.ends_with("ied")) {
      base(item, cut(3), "y", Lexicon::kVerb, Form::kPast);
    } else if (word.ends_with("ed")) {
      base(item, cut(2), "", Lexicon::kVerb, Form::kPast);
      base(item, cut(1), "", Lexicon::kVerb, Form::kPast);
      base(item, doubled(cut(2)), "", Lexicon::kVerb, Form::kPast);
    }
  }

  Reading& reading_;
  const Lexicon& lexicon_;
};

Reading Guards::read(std::string_view question) const {
  Reading reading;
  if (question.size() > kMaxQuestionBytes || !is_utf8(question) || has_hidden(question)) return reading;
  const std::string text = compatible(question);
  if (text.size() > 2 * kMaxQuestionBytes) return reading;  // NFKC makes 18 letters of one ligature.
  std::vector<Piece> cut = pieces(text);
  if (cut.size() > kMaxItems) return reading;
  if (is_shouted(text)) {
    for (Piece& piece : cut) {
      if (piece.kind == PieceKind::kPlain) piece.text = folded(piece.text);
    }
  }
  const QuestionLanguage language = language_of(cut);
  Tokens tokens = tokens_of(cut, language);
  const bool time_bound = is_time_bound(tokens);
  if (language == QuestionLanguage::kEnglish) {
    settle_case(tokens);
    join_phrases(tokens);
    drop_politeness(tokens);
    join_numbers(tokens, language);
    to_plain_order(tokens, lexicon_);
  } else {
    if (language == QuestionLanguage::kGerman) drop_german_politeness(tokens);
    join_numbers(tokens, language);
  }
  ReadingBuilder::set(reading, language, time_bound);
  ReadingBuilder builder(reading, lexicon_);
  for (std::size_t i = 0; i < tokens.size() && !ReadingBuilder::is_full(reading); ++i) {
    builder.add(tokens[i]);
    if (tokens[i].stop && i + 1 < tokens.size()) builder.add_border();
  }
  if (ReadingBuilder::is_full(reading) || ReadingBuilder::is_empty(reading)) ReadingBuilder::leave_unread(reading);
  return reading;
}

}  // namespace docmind::cache
