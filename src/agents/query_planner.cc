#include "agents/query_planner.h"

#include <algorithm>

#include "agents/answer_form.h"
#include "agents/impl/words.h"
#include "text/terms.h"

namespace docmind::agents {
namespace {

bool is_wh(std::string_view word) {
  return one_of(word, {"who", "whom", "whose", "what", "which", "when", "where", "why", "how"});
}

// Whether a clause that asks begins here: "who ...", "in which ...", and after a comma also "is it ...".
bool asks(const std::vector<Word>& words, std::size_t at, bool after_comma) {
  if (at >= words.size()) return false;
  if (is_wh(words[at].lower)) return true;
  if (at + 1 < words.size() && is_wh(words[at + 1].lower)) {
    return one_of(words[at].lower, {"in", "on", "at", "by", "for", "from", "to", "with", "of", "under", "since"});
  }
  return after_comma && has_question_word(words[at].lower);
}

// A half that leans on the other one: it points back, or says too little to be searched for.
bool stands_alone(std::string_view half) {
  const std::vector<Word> all = words(half);
  const bool points = std::any_of(all.begin(), all.end(), [](const Word& word) {
    return one_of(word.lower, {"it", "its", "they", "them", "their", "this", "that", "these", "those", "he", "she",
                               "him", "her", "his", "there", "one", "ones"});
  });
  return !points && text::query_terms(half).size() >= 2;
}

}  // namespace

Plan plan(std::string_view question) {
  const std::vector<Word> all = words(question);
  for (std::size_t i = 1; i + 1 < all.size(); ++i) {
    if (all[i].lower != "and") continue;
    const bool after_comma = all[i - 1].raw.ends_with(',');
    const auto left = question.substr(0, static_cast<std::size_t>(all[i].raw.data() - question.data()));
    const auto right = question.substr(static_cast<std::size_t>(all[i + 1].raw.data() - question.data()));
    if (!has_question_word(left) || !asks(all, i + 1, after_comma)) continue;
    Plan two;
    for (const std::string_view half : {left, right}) {
      two.parts.push_back({std::string(stands_alone(half) ? half : question), std::string(half)});
    }
    return two;
  }
  return plan_of_one(question);
}

Plan plan_of_one(std::string_view question) { return {{{std::string(question), std::string(question)}}}; }

}  // namespace docmind::agents
