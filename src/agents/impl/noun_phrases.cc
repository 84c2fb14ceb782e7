#include "agents/impl/noun_phrases.h"

#include <algorithm>

#include "agents/impl/points_back.h"

namespace docmind::agents {
namespace {

using Words = std::vector<Word>;

constexpr std::size_t kLongest = 5;  // Words of a phrase without its article.

bool has_capital(std::string_view word) {
  return std::ranges::any_of(word, [](char c) { return is_upper(c) || is_digit(c); });
}

// What a thing has, and no thing of its own.
bool is_measure(std::string_view word) {
  return one_of(word, {"width", "height", "length", "depth",  "weight", "size",     "price",      "cost",    "speed",
                       "age",   "name",   "date",   "author", "colour", "color",    "number",     "address", "duration",
                       "value", "title",  "amount", "rate",   "limit",  "capacity", "population", "version"});
}

bool is_plural(std::string_view word) {
  return word.size() > 3 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") &&
         !word.ends_with("is") && !word.ends_with("'s");
}

std::string joined(const Words& words, std::size_t first, std::size_t count) {
  std::string out;
  for (std::size_t i = first; i < first + count; ++i) {
    // Marks inside the phrase stay, those at its end do not.
    out += (out.empty() ? "" : " ") + std::string(words[i].bare);
  }
  return out;
}

std::string as_known(const Words& words, const NounPhrase& phrase) {
  if (!phrase.article) {
    const std::string_view asked = phrase.first > 0 ? std::string_view(words[phrase.first - 1].lower) : "";
    const bool these = one_of(asked, {"which", "what", "many"});  // "Which bridges": those bridges from now on.
    return (these ? "the " : "") + joined(words, phrase.first, phrase.count);
  }
  const std::string rest = joined(words, phrase.first + 1, phrase.count - 1);
  const bool own = one_of(words[phrase.first].lower, {"my", "our", "your"});
  return (own ? words[phrase.first].lower : std::string("the")) + " " + rest;
}

// The phrase after "of" belongs to this one: "the harbour of Kiel".
const NounPhrase* after_of(const Words& words, const std::vector<NounPhrase>& all, const NounPhrase& phrase) {
  const std::size_t of = phrase.first + phrase.count;
  if (of >= words.size() || words[of].lower != "of") return nullptr;
  const auto next = std::ranges::find_if(all, [of](const NounPhrase& one) { return one.first == of + 1; });
  return next == all.end() ? nullptr : &*next;
}

std::string_view before(std::string_view question, const Word& word) {
  return question.substr(0, static_cast<std::size_t>(word.bare.data() - question.data()));
}

std::string_view behind(std::string_view question, const Word& word) {
  return question.substr(static_cast<std::size_t>(word.bare.data() + word.bare.size() - question.data()));
}

std::string replaced(std::string_view question, const Word& first, const Word& last, std::string_view other) {
  return std::string(before(question, first)) + std::string(other) + std::string(behind(question, last));
}

}  // namespace

std::vector<NounPhrase> noun_phrases(const Words& words) {
  std::vector<NounPhrase> out;
  for (std::size_t i = 0; i < words.size();) {
    NounPhrase phrase;
    phrase.first = i;
    phrase.article = is_determiner(words[i].lower);
    std::size_t at = i + (phrase.article ? 1 : 0);
    const std::size_t begin = at;
    phrase.proper = true;
    for (; at < words.size() && at - begin < kLongest; ++at) {
      const Word& word = words[at];
      // A verb ends it, except right behind an article: "the open list".
      const bool verb = is_verb(word.lower) && !has_capital(word.bare) && !(phrase.article && at == begin);
      if (!is_subject_word(word.lower) || verb || one_of(word.lower, {"and", "or"})) break;
      phrase.proper = phrase.proper && has_capital(word.bare) && at > 0;
      if (ends_clause(word)) {
        ++at;
        break;
      }
    }
    phrase.count = at - i;
    if (at > begin) {
      phrase.plural = is_plural(words[at - 1].lower);
      out.push_back(phrase);
    }
    i = std::max(at, i + 1);
  }
  return out;
}

std::string subject_of(const Words& words, bool plural) {
  const std::vector<NounPhrase> all = noun_phrases(words);
  const NounPhrase* chosen = nullptr;
  for (const NounPhrase& phrase : all) {
    if (phrase.plural != plural) continue;
    if (chosen == nullptr) chosen = &phrase;
    if (phrase.article) {  // What has an article was meant as one thing.
      chosen = &phrase;
      break;
    }
  }
  if (chosen == nullptr && !all.empty()) chosen = &all.front();
  if (chosen == nullptr) return {};
  if (const NounPhrase* owner = after_of(words, all, *chosen); owner != nullptr) {
    // "the speed of the ferry": the ferry. "the harbour of Kiel": all of it.
    if (!owner->proper && owner->plural == plural) return as_known(words, *owner);
    return as_known(words, *chosen) + " of " + joined(words, owner->first, owner->count);
  }
  return as_known(words, *chosen);
}

std::string exchanged(std::string_view question, std::string_view other) {
  const Words asked = words(question);
  const Words given = words(other);
  if (asked.empty() || given.empty()) return {};
  const std::vector<NounPhrase> all = noun_phrases(asked);
  if (is_preposition(given.front().lower)) {
    for (const NounPhrase& phrase : all) {
      if (phrase.first == 0 || asked[phrase.first - 1].lower != given.front().lower) continue;
      return replaced(question, asked[phrase.first - 1], asked[phrase.first + phrase.count - 1], other);
    }
    std::string_view end = question;
    while (!end.empty() && (end.ends_with('?') || end.ends_with(' ') || end.ends_with('.'))) end.remove_suffix(1);
    return std::string(end) + " " + std::string(other) + "?";
  }
  const bool article = is_determiner(given.front().lower);
  const bool proper = !article && std::ranges::all_of(given, [](const Word& word) { return has_capital(word.bare); });
  if (article && is_measure(given.back().lower) && !all.empty()) {  // "And the width?" after "the height of the tower".
    const NounPhrase& first = all.front();
    return replaced(question, asked[first.first], asked[first.first + first.count - 1], other);
  }
  const NounPhrase* place = nullptr;
  for (const NounPhrase& phrase : all) {  // The last one of the same kind: what a question asks for comes first.
    if (phrase.proper == proper && phrase.article == article) place = &phrase;
  }
  if (place == nullptr && !all.empty()) place = &all.back();
  if (place == nullptr) return {};
  return replaced(question, asked[place->first], asked[place->first + place->count - 1], other);
}

}  // namespace docmind::agents
