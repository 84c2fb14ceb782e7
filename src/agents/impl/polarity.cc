#include "agents/impl/polarity.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "agents/impl/words.h"
#include "base/utf8.h"

namespace docmind::agents {
namespace {

bool is_negation(const std::string& word) {
  return one_of(word,
                {"not",         "hardly",      "barely",    "scarcely",    "seldom",     "rarely",     "kaum",
                 "selten",      "never",       "no",        "none",        "nobody",     "nothing",    "nowhere",
                 "cannot",      "neither",     "forbidden", "forbids",     "forbid",     "prohibited", "prohibits",
                 "prohibit",    "prohibition", "ban",       "bans",        "banned",     "disallowed", "excluded",
                 "excludes",    "prevented",   "prevents",  "prevent",     "reject",     "rejects",    "rejected",
                 "refuse",      "refuses",     "refused",   "denied",      "denies",     "avoid",      "avoids",
                 "avoided",     "lack",        "lacks",     "unnecessary", "impossible", "unable",     "unsupported",
                 "discouraged", "discourages", "nicht",     "kein",        "keine",      "keinen",     "keiner",
                 "keinem",      "keines",      "nie",       "niemals",     "niemand",    "nichts",     "weder",
                 "verboten",    "untersagt",   "unmöglich"}) ||
         word.ends_with("n't") || word.ends_with("n’t");
}

bool is_exception(const std::string& word) {
  return one_of(word, {"unless", "without", "except", "ohne", "außer", "ausgenommen"});
}

bool is_necessity(const std::string& word) {
  return one_of(word, {"only", "before", "until", "needed", "necessary", "required", "requires", "need", "needs",
                       "must", "has", "have", "exclusively", "nur", "erst", "muss", "müssen", "nötig"});
}

// 不同, 不但... say nothing about what follows.
bool is_han_word(std::string_view text, std::size_t at, std::string_view sign) {
  constexpr std::array<std::string_view, 21> kWords = {"不同", "不但",   "不仅", "不过", "不断",   "不论", "无论",
                                                       "非常", "未来",   "特别", "分别", "区别",   "别名", "类别",
                                                       "级别", "没关系", "不久", "不少", "非原生", "无关", "别的"};
  for (const std::string_view word : kWords) {
    for (std::size_t offset = word.find(sign); offset != std::string_view::npos; offset = word.find(sign, offset + 1)) {
      if (at >= offset && text.substr(at - offset).starts_with(word)) return true;
    }
  }
  return false;
}

std::uint32_t han_negations(std::string_view text) {
  constexpr std::array<std::string_view, 9> kSigns = {"不", "没", "无", "未", "勿", "别", "非", "禁止", "避免"};
  std::uint32_t found = 0;
  for (const std::string_view sign : kSigns) {
    for (std::size_t at = text.find(sign); at != std::string_view::npos; at = text.find(sign, at + sign.size())) {
      if (!is_han_word(text, at, sign) && !(sign == "非" && at >= 3 && text.substr(at - 3).starts_with("除非")))
        ++found;
    }
  }
  return found;
}

// "or not", "not always"; "not more than" is seen by its "than".
bool denies_nothing(std::string_view before, std::string_view word, std::string_view after) {
  return (word == "not" && (before == "or" || one_of(after, {"always", "only", "necessarily", "just", "merely"}))) ||
         (word == "nicht" && one_of(after, {"nur", "immer", "unbedingt"}));
}

}  // namespace

Polarity polarity_of(std::string_view clause) {
  Polarity out;
  const std::vector<Word> list = words(clause);
  const auto at = [&](std::size_t i) { return i < list.size() ? std::string_view(list[i].lower) : std::string_view(); };
  bool all = false;
  std::size_t last_no = list.size();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string& word = list[i].lower;
    all = all ||
          one_of(word, {"all", "any", "every", "none", "nobody", "nothing", "no", "everything", "anyone", "nowhere"});
    const bool listed =
        (word == "no" || word == "nor" || word == "noch") && last_no < i && i - last_no <= 6;  // "no a and no b"
    if (word == "no" && i > 0 && at(i - 1) == "with") {
      ++out.exceptions;  // "with no interaction"
    } else if (is_negation(word) && !listed && !denies_nothing(at(i - 1), word, at(i + 1)) && at(i + 2) != "than") {
      ++out.negations;
      out.at.push_back(static_cast<std::size_t>(list[i].raw.data() - clause.data()));
      if (word == "no" || word == "neither") last_no = i;
    } else if (listed) {
      last_no = i;
    }
    out.open = out.open || one_of(word, {"whereas", "unlike"});
    if ((word == "past" && i > 1 && at(i - 1) == "the" && at(i - 2) == "in") || word == "formerly" ||
        (word == "used" && at(i + 1) == "to" && at(i + 2) == "be")) {
      ++out.past;
    }
    if (is_exception(word) || (word == "other" && at(i + 1) == "than") || (word == "apart" && at(i + 1) == "from") ||
        (word == "but" && all && i > 0)) {
      ++out.exceptions;
    }
    out.necessity = out.necessity || is_necessity(word);
  }
  out.negations += han_negations(clause);
  for (const std::string_view sign : {"除非", "除了"})
    out.exceptions += clause.find(sign) != std::string_view::npos ? 1 : 0;
  for (const std::string_view sign : {"才", "方可", "必须", "只"}) {
    out.necessity = out.necessity || clause.find(sign) != std::string_view::npos;
  }
  return out;
}

bool agree(Polarity claim, Polarity evidence) {
  claim.negations += claim.past;
  evidence.negations += evidence.past;
  if (claim.open || evidence.open || claim.negations % 2 == evidence.negations % 2) return true;
  const bool all = (claim.negations + claim.exceptions) % 2 == (evidence.negations + evidence.exceptions) % 2;
  const bool turned = (claim.necessity && evidence.exceptions > 0) || (evidence.necessity && claim.exceptions > 0) ||
                      (claim.exceptions > 0 && evidence.exceptions == 0 && claim.negations % 2 == 1) ||
                      (claim.exceptions != evidence.exceptions &&
                       claim.negations + claim.exceptions == evidence.negations + evidence.exceptions);
  return all && turned;
}

}  // namespace docmind::agents
