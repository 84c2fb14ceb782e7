#include <algorithm>
#include <optional>

#include "agents/impl/points_back.h"

namespace docmind::agents {
namespace {

using Words = std::vector<Word>;
using How = PointsBack::How;

std::string_view at(const Words& words, std::size_t i) {
  return i < words.size() ? std::string_view(words[i].lower) : std::string_view();
}

bool asks(std::string_view word) {
  return one_of(word, {"wer", "wen", "wem", "wessen", "was", "wann", "wo", "wohin", "woher", "warum", "wieso",
                       "weshalb", "wie", "welche", "welcher", "welches", "welchen", "wofür", "womit"});
}

// German writes nouns with a capital.
bool is_noun(const Words& words, std::size_t i) {
  const std::string_view bare = words[i].bare;
  const bool capital =
      is_upper(bare.front()) || bare.starts_with("Ä") || bare.starts_with("Ö") || bare.starts_with("Ü");
  return i > 0 && capital && words[i].bare != "Sie" && words[i].bare != "Ihr" && words[i].bare != "Ihnen";
}

// A noun in an earlier clause of the question itself.
bool explained(const Words& words, std::size_t i) {
  bool clause = false;
  for (std::size_t k = i; k-- > 0;) {
    clause = clause || ends_clause(words[k]) || one_of(words[k].lower, {"und", "wenn", "ob", "dass", "bevor"});
    if (clause && is_noun(words, k)) return true;
  }
  return false;
}

bool noun_follows(const Words& words, std::size_t i) {
  for (std::size_t k = i + 1; k < words.size() && k <= i + 3; ++k) {
    if (is_noun(words, k)) return true;
  }
  return false;
}

bool is_pronoun(const Words& words, std::size_t i) {
  const std::string_view word = at(words, i);
  if (word == "es") {
    const bool possible = std::ranges::any_of(words, [](const Word& one) {
      return one_of(one.lower, {"gibt", "geht", "möglich", "erlaubt", "nötig", "regnet", "verboten"});
    });
    return !possible && !noun_follows(words, i);
  }
  if (word == "sie") return words[i].bare == "sie" && !noun_follows(words, i);
  if (word == "das") return !noun_follows(words, i) && i > 0;
  if (one_of(word, {"seine", "seinen", "seiner", "seinem", "seines", "ihre", "ihren", "ihrer", "ihrem", "ihres"})) {
    return is_lower(words[i].bare.front());
  }
  return one_of(word, {"er",     "ihn",     "ihm",    "dessen", "deren",  "dies",  "diese",  "dieser",
                       "dieses", "diesem",  "diesen", "davon",  "dafür",  "damit", "darin",  "dabei",
                       "dazu",   "darüber", "danach", "dort",   "darauf", "daran", "dadurch"});
}

}  // namespace

PointsBack points_back_in_german(const Words& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_pronoun(words, i) && !explained(words, i)) return {How::kMore, i, 1};
  }
  const bool und = one_of(at(words, 0), {"und", "aber", "oder"});
  if (at(words, 0) == "was" && at(words, 1) == "ist" && at(words, 2) == "mit") return {How::kInstead, 0, 3};
  const bool question = std::ranges::any_of(words, [](const Word& word) { return asks(word.lower); });
  if (und && !question && words.size() <= 4) return {words.size() > 1 ? How::kInstead : How::kMore, 0, 1};
  // Warum? Wie lange? Und seit wann?
  const bool empty = std::ranges::all_of(words, [](const Word& word) {
    return asks(word.lower) || one_of(word.lower, {"und",   "aber", "denn", "lange",    "viel", "viele", "oft", "weit",
                                                   "groß",  "alt",  "seit", "bis",      "von",  "mit",   "für", "nicht",
                                                   "genau", "so",   "mehr", "beispiel", "zum",  "dann"});
  });
  if (empty && !words.empty()) return {How::kMore, 0, words.size()};
  return {};
}

std::string_view points_back_in_chinese(std::string_view question) {
  const auto found = [&](std::string_view what) {
    const std::size_t place = question.find(what);
    return place == std::string_view::npos ? std::string_view() : question.substr(place, what.size());
  };
  // What stands before a comma may explain a pronoun after it.
  const std::size_t comma = std::min(question.find("，"), question.find(","));
  for (const std::string_view pronoun :
       {"它们", "他们", "她们", "它", "她", "这个", "那个", "这些", "那些", "第二个", "第一个"}) {
    const std::string_view place = found(pronoun);
    if (!place.empty() && static_cast<std::size_t>(place.data() - question.data()) < comma) return place;
  }
  if (const std::size_t he = question.find("他"); he != std::string_view::npos && he < comma) {
    const bool other =
        question.find("其他") != std::string_view::npos || question.find("吉他") != std::string_view::npos;
    if (!other) return question.substr(he, std::string_view("他").size());
  }
  std::string_view bare = question;
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view mark : {"？", "?", "。", " "}) {
      if (!bare.ends_with(mark)) continue;
      bare.remove_suffix(mark.size());
      again = true;
    }
  }
  constexpr std::size_t kShort = 8 * 3;  // Bytes of eight characters.
  if (bare.ends_with("呢") && bare.size() <= kShort) return bare.substr(bare.size() - 3);
  for (const std::string_view alone : {"为什么", "怎么", "怎么样", "多久", "多少", "多少钱", "什么时候", "谁", "哪里",
                                       "在哪里", "哪个", "还有吗", "然后", "为何", "何时"}) {
    if (bare == alone) return bare;
  }
  return {};
}

}  // namespace docmind::agents
