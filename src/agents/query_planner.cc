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

// A part that leans on another one: it points back, or says too little to be searched for.
bool stands_alone(std::string_view part) {
  const std::vector<Word> all = words(part);
  const bool points = std::any_of(all.begin(), all.end(), [](const Word& word) {
    return one_of(word.lower, {"it", "its", "they", "them", "their", "this", "that", "these", "those", "he", "she",
                               "him", "her", "his", "there", "one", "ones"});
  });
  return !points && text::query_terms(part).size() >= 2;
}

}  // namespace

Plan plan(std::string_view question) {
  const std::vector<Word> all = words(question);
  const auto offset = [&](std::size_t at) { return static_cast<std::size_t>(all[at].raw.data() - question.data()); };
  // Where parts begin, and where what comes before one ends: at its "and".
  std::vector<std::size_t> begins = {0};
  std::vector<std::size_t> ends;
  bool joined = false;
  for (std::size_t i = 1; i + 1 < all.size() && begins.size() < kMostParts; ++i) {
    const bool after_comma = all[i - 1].raw.ends_with(',');
    const bool conjunction = all[i].lower == "and" && asks(all, i + 1, after_comma);
    if (!conjunction && !(after_comma && is_wh(all[i].lower))) continue;
    if (!has_question_word(question.substr(begins.back(), offset(i) - begins.back()))) continue;
    ends.push_back(offset(i));
    begins.push_back(offset(i + (conjunction ? 1 : 0)));
    joined |= conjunction;
  }
  if (!joined) return plan_of_one(question);  // Commas alone: "the year, which was dry, ..."
  ends.push_back(question.size());
  Plan out;
  for (std::size_t part = 0; part < begins.size(); ++part) {
    const std::string_view text = question.substr(begins[part], ends[part] - begins[part]);
    out.parts.push_back(part_of(text, question));
  }
  return out;
}

Part part_of(std::string_view part, std::string_view question) {
  return {std::string(stands_alone(part) ? part : question), std::string(part)};
}

Plan plan_of_one(std::string_view question) { return {{{std::string(question), std::string(question)}}}; }

}  // namespace docmind::agents
