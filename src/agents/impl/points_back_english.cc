#include <algorithm>
#include <optional>

#include "agents/impl/points_back.h"

namespace docmind::agents {
namespace {

using Words = std::vector<Word>;
using How = PointsBack::How;

std::string_view at(const Words& words, std::size_t i) {
  return i < words.size() ? stem_of(words[i]) : std::string_view();
}

bool is_wh(std::string_view word) {
  return one_of(word, {"who", "whom", "whose", "what", "which", "when", "where", "why", "how"});
}

bool has_capital(const Word& word) {
  return std::ranges::any_of(word.bare, [](char c) { return is_upper(c) || is_digit(c); });
}

// Whether word i names a thing, going by what stands around it.
bool is_noun(const Words& words, std::size_t i) {
  if (!is_subject_word(words[i].lower) || is_verb(words[i].lower)) return false;
  if (i > 0 && has_capital(words[i])) return true;
  if (i > 1 && one_of(at(words, i - 1), {"do", "does", "did", "can", "must", "may", "should", "will"})) return true;
  if (words[i].lower.size() > 3 && words[i].lower.ends_with('s') && !words[i].lower.ends_with("ss")) return true;
  for (std::size_t back = i; back > 0 && back + 3 > i; --back) {
    const std::string_view before = at(words, back - 1);
    if (is_determiner(before) || is_preposition(before) || is_wh(before)) return true;
    if (!is_subject_word(before)) return false;
  }
  return false;
}

bool begins_clause(const Words& words, std::size_t i) {
  if (i > 0 && ends_clause(words[i - 1])) return true;
  const std::string_view word = at(words, i);
  if (one_of(word, {"when", "if", "that", "which", "who", "where", "why", "how", "because", "while", "and", "but", "so",
                    "whether", "once", "unless", "until"})) {
    return true;
  }
  const bool somebody = one_of(at(words, i + 1), {"it", "they", "he", "she"}) && i + 2 < words.size();
  if (somebody && one_of(word, {"before", "after", "since"})) return true;
  return one_of(word, {"without", "by", "before", "after", "and"}) && at(words, i + 1).ends_with("ing");
}

// Whether the question itself names what the pronoun at i may mean.
bool explained(const Words& words, std::size_t i, bool possessive) {
  const bool subject = i > 0 && is_auxiliary(at(words, i - 1));  // "which tools does it ...": not the tools.
  std::size_t end = i;
  if (!possessive && i > 1 && is_noun(words, i - 1)) {  // "the version it contains": a clause of its own.
    end = i - 1;
  } else if (!possessive || subject) {  // "the manual ... it": in one clause the two are different things.
    while (end > 1 && !begins_clause(words, end - 1)) --end;
    if (end <= 1) return false;
    --end;
  }
  for (std::size_t k = 0; k < end; ++k) {
    if (is_noun(words, k)) return true;
  }
  return false;
}

bool any_after(const Words& words, std::size_t i, std::initializer_list<std::string_view> wanted) {
  for (std::size_t k = i + 1; k + 1 < words.size(); ++k) {
    if (one_of(at(words, k), wanted)) return true;
  }
  return false;
}

// "It" that means nothing: is it possible to ..., how long does it take to build ..., does it rain.
bool means_nothing(const Words& words, std::size_t i) {
  const std::string_view next = at(words, i + 1);
  const auto states = [](std::string_view word) {
    return one_of(word, {"possible",  "allowed", "necessary", "required", "legal",       "safe",       "true",
                         "ok",        "okay",    "better",    "best",     "mandatory",   "permitted",  "forbidden",
                         "important", "common",  "normal",    "enough",   "worth",       "useful",     "advisable",
                         "easy",      "hard",    "difficult", "likely",   "recommended", "sufficient", "wise"});
  };
  for (std::size_t k = i + 1; k < words.size() && k <= i + 3; ++k) {
    if (states(at(words, k))) return any_after(words, k - 1, {"to", "that", "for", "if", "when"});
  }
  if (one_of(next, {"take", "cost", "takes", "costs"})) return any_after(words, i, {"to"});
  if (one_of(next, {"mean", "means"})) return any_after(words, i, {"to", "if", "when", "that"});
  if (one_of(next, {"rain", "rains", "snow", "snows"})) return true;
  return i > 1 && one_of(at(words, i - 2), {"time", "day"}) && i + 1 == words.size();
}

PointsBack pronoun(How how, std::size_t i, std::size_t count = 1) { return {how, i, count}; }

// it, they, he, ..., its, their, his.
std::optional<PointsBack> personal(const Words& words, std::size_t i) {
  const std::string_view word = at(words, i);
  const bool noun_follows = i + 1 < words.size() && is_subject_word(words[i + 1].lower);
  const bool possessive = one_of(word, {"its", "their", "his"}) || (word == "her" && noun_follows);
  if (!possessive && !one_of(word, {"it", "they", "them", "he", "him", "she", "her", "theirs", "hers"})) return {};
  if (explained(words, i, possessive)) return {};
  if (word == "it" && means_nothing(words, i)) return {};
  const bool joined = word != words[i].lower || one_of(word, {"theirs", "hers"});  // "it's": no place for a noun.
  if (joined) return pronoun(How::kMore, i);
  return pronoun(possessive ? How::kPossessive : How::kPronoun, i);
}

// this, that, these, those.
std::optional<PointsBack> pointing(const Words& words, std::size_t i) {
  const std::string_view word = at(words, i);
  const bool last = i + 1 == words.size();
  const std::string_view next = at(words, i + 1);
  const std::string_view before = i > 0 ? at(words, i - 1) : std::string_view();
  if (word == "that") {
    if (!last && !is_auxiliary(before) && !(is_preposition(before) && one_of(next, {"case", "one", "way", "time"}))) {
      return {};
    }
  } else if (!one_of(word, {"this", "these", "those"})) {
    return {};
  }
  if (one_of(next, {"year", "month", "week", "morning", "day", "days", "evening", "century", "time"}) &&
      word != "that") {
    return {};
  }
  if (one_of(next, {"document", "documents", "manual", "file", "files", "library", "page", "text", "guide", "book",
                    "folder", "machine", "computer"}) ||
      one_of(next, {"who", "which"})) {
    return {};
  }
  if (explained(words, i, false)) return {};
  // "Why is that?" and "is that so?" mean what was said and no thing.
  const bool a_thing = !one_of(at(words, 0), {"why", "how", "is", "was"}) || !one_of(word, {"this", "that"});
  const bool alone = a_thing && (last || !is_subject_word(next) || is_verb(next) || word == "that");
  return pronoun(alone && words[i].lower == word ? How::kPronoun : How::kMore, i, 1);
}

bool is_order(std::string_view word) {
  return one_of(word, {"first", "second", "third", "fourth", "fifth", "last", "next", "other", "others", "latter",
                       "former", "rest", "same"});
}

// the second one, which ones, the others, in the same way.
std::optional<PointsBack> counting(const Words& words, std::size_t i) {
  const std::string_view word = at(words, i);
  const bool of_follows = at(words, i + 1) == "of";
  const std::string_view before = i > 0 ? at(words, i - 1) : std::string_view();
  if (one_of(word, {"one", "ones"}) && !of_follows && i > 0) {
    if (is_order(before) || one_of(before, {"which", "that", "this", "another", "these", "those"})) {
      const std::size_t count = i > 1 && at(words, i - 2) == "the" ? 3 : 2;
      return explained(words, i, false) ? std::nullopt : std::optional(pronoun(How::kMore, i + 1 - count, count));
    }
  }
  if (before == "the" && is_order(word) && i + 1 == words.size()) {
    return explained(words, i, false) ? std::nullopt : std::optional(pronoun(How::kMore, i - 1, 2));
  }
  return {};
}

// Who lives there? And then? How do I do so?
std::optional<PointsBack> place_or_time(const Words& words, std::size_t i) {
  const std::string_view word = at(words, i);
  const std::string_view before = i > 0 ? at(words, i - 1) : std::string_view();
  const bool last = i + 1 == words.size();
  bool points = false;
  if (word == "there") points = last && !is_auxiliary(before);
  if (word == "then" || word == "instead") points = last;
  if (word == "so") points = last && one_of(before, {"do", "doing", "why", "that"});
  if (!points || explained(words, i, false)) return {};
  return pronoun(How::kMore, i);
}

// Without a verb that asks: "in Germany?", "the barge?".
bool is_fragment(const Words& words, std::size_t from) {
  for (std::size_t i = from; i < words.size(); ++i) {
    const std::string_view word = at(words, i);
    if (is_auxiliary(word) || is_wh(word)) return false;
  }
  return true;
}

std::size_t subject_words(const Words& words, std::size_t from) {
  return static_cast<std::size_t>(std::count_if(words.begin() + static_cast<std::ptrdiff_t>(from), words.end(),
                                                [](const Word& word) { return is_subject_word(word.lower); }));
}

constexpr std::size_t kWholeQuestion = 3;  // Subject words that say enough by themselves.

// What about the barge? And in Germany? For children?
std::optional<PointsBack> instead(const Words& words) {
  const std::size_t lead = one_of(at(words, 0), {"and", "but", "or", "so", "ok", "okay"}) ? 1 : 0;
  if (lead == words.size()) return pronoun(How::kMore, 0, 1);
  const bool about = (one_of(at(words, lead), {"what", "how"}) && at(words, lead + 1) == "about") ||
                     (at(words, lead) == "what" && at(words, lead + 1) == "of");
  if (about) {
    const std::size_t count = lead + 2;
    if (subject_words(words, count) >= kWholeQuestion) return {};
    return pronoun(subject_words(words, count) == 0 ? How::kMore : How::kInstead, 0, count);
  }
  if (!is_fragment(words, lead) || subject_words(words, lead) == 0) return {};
  if (subject_words(words, lead) >= kWholeQuestion) return {};
  if (lead == 1) return pronoun(How::kInstead, 0, 1);
  if (is_preposition(at(words, 0)) && words.size() > 1) return pronoun(How::kInstead, 0, 0);
  return {};
}

// Too little to search for: why? how long? which is faster? who else signed?
std::optional<PointsBack> says_too_little(const Words& words) {
  const std::size_t content = subject_words(words, 0);
  const bool asks = std::ranges::any_of(words, [](const Word& word) {
    return is_wh(stem_of(word)) || one_of(word.lower, {"more", "explain", "elaborate", "continue", "really", "example",
                                                       "examples", "details", "else"});
  });
  if (content == 0 && (asks || is_auxiliary(at(words, 0)))) return pronoun(How::kMore, 0, words.size());
  if (content > 1) return {};
  const bool measure = content == 1 && words.size() <= 3 &&
                       one_of(at(words, words.size() - 1), {"year", "month", "day", "date", "place", "city", "country",
                                                            "order", "case", "page", "version"});
  const bool how_much = words.size() == 2 && at(words, 0) == "how" && content == 1;  // "How old?"
  if ((measure && asks) || how_much) return pronoun(How::kMore, 0, words.size());
  const bool compares = at(words, 0) == "which" && one_of(at(words, 1), {"is", "are", "was", "were"});
  const bool else_follows = is_wh(at(words, 0)) && at(words, 1) == "else";
  if (compares || else_follows) return pronoun(How::kMore, 0, words.size());
  return {};
}

}  // namespace

PointsBack points_back_in_english(const Words& words) {
  if (!words.empty() && words.front().raw.starts_with('"')) return {};  // To be found as it stands.
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (const auto rule : {personal, counting, pointing, place_or_time}) {
      if (auto found = rule(words, i)) return *found;
    }
  }
  if (auto found = instead(words)) return *found;
  if (auto found = says_too_little(words)) return *found;
  return {};
}

}  // namespace docmind::agents
