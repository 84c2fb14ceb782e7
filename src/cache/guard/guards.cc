#include "cache/guard/guards.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <utility>

#include "cache/guard/impl/misspelling.h"

namespace docmind::cache {
namespace {

// What is reported when several things differ: the first of these.
constexpr auto kReported = std::to_array<std::pair<ItemKind, Difference>>({
    {ItemKind::kNumber, Difference::kNumber},
    {ItemKind::kUnit, Difference::kUnit},
    {ItemKind::kNegator, Difference::kPolarity},
    {ItemKind::kDate, Difference::kDate},
    {ItemKind::kLanguage, Difference::kLanguage},
    {ItemKind::kName, Difference::kName},
    {ItemKind::kQuantifier, Difference::kQuantifier},
    {ItemKind::kComparison, Difference::kComparison},
    {ItemKind::kAsked, Difference::kAsked},
    {ItemKind::kWord, Difference::kWord},
    {ItemKind::kRole, Difference::kWord},
    {ItemKind::kBorder, Difference::kOrder},
});

constexpr auto kNames =
    std::to_array<std::string_view>({"none", "number", "unit", "polarity", "name", "order", "quantifier", "date",
                                     "comparison", "asked", "word", "language", "time_bound", "unread"});
static_assert(kNames.size() == static_cast<std::size_t>(Difference::kUnread) + 1);

bool is_ascii_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

// "hostnames" of "hostname", neither being in a dictionary.
bool is_plural_of(std::string_view plural, std::string_view word) {
  constexpr std::size_t kShortest = 4;
  return word.size() >= kShortest && plural.size() == word.size() + 1 && plural.back() == 's' &&
         plural.starts_with(word) && word.back() != 's' && word.back() != 'u' && word.back() != 'i' &&
         is_ascii_word(word);
}

// Past and present are two times, and "building" is not "build".
bool forms_agree(Form x, Form y) {
  if (x == y) return true;
  if (x == Form::kBase) return y == Form::kPlural || y == Form::kThird;
  return y == Form::kBase && (x == Form::kPlural || x == Form::kThird);
}

// Whether a form can be one of that part of speech.
bool form_is_of(Form form, Lexicon::LinkKind synonym) {
  switch (synonym) {
    case Lexicon::LinkKind::kSameNoun:
      return form == Form::kBase || form == Form::kPlural;
    case Lexicon::LinkKind::kSameVerb:
      return form != Form::kPlural;
    default:
      return form == Form::kBase;
  }
}

}  // namespace

std::string_view name_of(Difference difference) { return kNames[static_cast<std::size_t>(difference)]; }

Result<Guards> Guards::open(sys::Files& files, const std::filesystem::path& lexicon) {
  return Guards(DM_TRY(Lexicon::open(files, lexicon)));
}

bool Guards::are_synonyms(Sense x, Sense y) const {
  for (std::uint32_t n = 0; n < lexicon_.links(x.word); ++n) {
    const Lexicon::Link link = lexicon_.link(x.word, n);
    if (link.kind > Lexicon::LinkKind::kSameAdverb) break;  // Forms stand behind synonyms.
    if (link.word == y.word && form_is_of(x.form, link.kind) && form_is_of(y.form, link.kind)) return true;
  }
  return false;
}

bool Guards::have_common_sense(const Item& x, const Item& y, Synonyms allowed) const {
  const bool synonyms = allowed == Synonyms::kYes && x.licence == Licence::kFull && y.licence == Licence::kFull;
  for (std::size_t i = 0; i < x.sense_count; ++i) {
    for (std::size_t j = 0; j < y.sense_count; ++j) {
      const Sense a = x.senses[i];
      const Sense b = y.senses[j];
      if (!forms_agree(a.form, b.form)) continue;
      if (a.word == b.word || (synonyms && are_synonyms(a, b))) return true;
    }
  }
  return false;
}

bool Guards::same(const Reading& a, const Item& x, const Reading& b, const Item& y) const {
  const std::string_view s = a.text(x);
  const std::string_view t = b.text(y);
  if (s == t) {
    if (x.kind != y.kind && (x.kind == ItemKind::kUnit || y.kind == ItemKind::kUnit)) return false;
    // "Turkey" and "turkey", where both writers use capitals.
    const bool told_apart = x.letter_case != LetterCase::kUnknown && y.letter_case != LetterCase::kUnknown;
    return !told_apart || x.letter_case == y.letter_case || (x.flags & Lexicon::kCommon) == 0;
  }
  if (x.licence == Licence::kSame || y.licence == Licence::kSame) return false;
  if (x.sense_count > 0 && y.sense_count > 0) return have_common_sense(x, y, Synonyms::kYes);
  const bool x_known = x.flags != 0 || x.sense_count > 0;
  const bool y_known = y.flags != 0 || y.sense_count > 0;
  if (!x_known && !y_known) {
    const bool names = x.letter_case == LetterCase::kUnknown || y.letter_case == LetterCase::kUnknown;
    return !names && (is_plural_of(s, t) || is_plural_of(t, s));
  }
  if (x.licence != Licence::kFull || y.licence != Licence::kFull) return false;
  if (x.sense_count > 0 && !y_known) return is_misspelling(t, s);
  return y.sense_count > 0 && !x_known && is_misspelling(s, t);
}

Difference Guards::difference(const Reading& asked, const Reading& stored) const {
  if (asked.unread_ || stored.unread_) return Difference::kUnread;
  if (asked.time_bound_ || stored.time_bound_) return Difference::kTimeBound;
  if (asked.language_ != stored.language_) return Difference::kLanguage;
  bool equal = asked.items_.size() == stored.items_.size();
  for (std::size_t i = 0; equal && i < asked.items_.size(); ++i) {
    equal = same(asked, asked.items_[i], stored, stored.items_[i]);
  }
  if (equal) return Difference::kNone;
  // One way to look at two, so that both ways round tell the same.
  return asked.text_ < stored.text_ ? unmatched(asked, stored) : unmatched(stored, asked);
}

Difference Guards::unmatched(const Reading& a, const Reading& b) const {
  std::bitset<static_cast<std::size_t>(ItemKind::kBorder) + 1> kinds;
  std::bitset<kMaxItems> taken;
  for (const Item& x : a.items_) {
    std::size_t j = 0;
    while (j < b.items_.size() && (taken[j] || !same(a, x, b, b.items_[j]))) ++j;
    if (j < b.items_.size()) {
      taken.set(j);
    } else {
      kinds.set(static_cast<std::size_t>(x.kind));
    }
  }
  for (std::size_t j = 0; j < b.items_.size(); ++j) {
    if (!taken[j]) kinds.set(static_cast<std::size_t>(b.items_[j].kind));
  }
  for (const auto& [kind, difference] : kReported) {
    if (kinds[static_cast<std::size_t>(kind)]) return difference;
  }
  return Difference::kOrder;
}

bool Guards::same_words(const Reading& asked, const Reading& stored) const {
  const auto is_synonym = [this](const Item& x, const Item& y) {
    return x.sense_count > 0 && y.sense_count > 0 && !have_common_sense(x, y, Synonyms::kNo);
  };
  for (std::size_t i = 0; i < asked.items_.size(); ++i) {
    const Item& x = asked.items_[i];
    const Item& y = stored.items_[i];
    if (asked.text(x) != stored.text(y) && is_synonym(x, y)) return false;
  }
  return true;
}

std::string Guards::plain(const Reading& reading) const {
  std::string out;
  for (const Item& item : reading.items_) {
    std::string_view word = reading.text(item);
    const bool is_form = item.kind == ItemKind::kWord && item.licence != Licence::kSame && item.sense_count > 0 &&
                         (item.senses[0].form == Form::kPlural || item.senses[0].form == Form::kThird);
    if (is_form) word = lexicon_.text(item.senses[0].word);
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

std::function<Result<Compared>(std::string_view)> compare_with(const Guards& guards, std::string_view asked) {
  return [&guards, question = std::string(asked), reading = guards.read(asked)](std::string_view text) {
    const auto compared = [&](const Reading& stored) -> Result<Compared> {
      const Difference found = guards.difference(reading, stored);
      if (found != Difference::kNone) return Compared{.differs_in = std::string(name_of(found))};
      return Compared{.same_words = guards.same_words(reading, stored)};
    };
    return text == question ? compared(reading) : compared(guards.read(text));
  };
}

}  // namespace docmind::cache
