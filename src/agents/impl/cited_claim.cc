#include "agents/impl/cited_claim.h"

#include <algorithm>

#include "text/terms.h"

namespace docmind::agents {

std::size_t terms_shared(std::string_view text, const std::vector<std::string>& terms) {
  const std::vector<std::string> has = text::query_terms(text);
  return static_cast<std::size_t>(
      std::ranges::count_if(terms, [&](const std::string& term) { return std::ranges::find(has, term) != has.end(); }));
}

DraftClaim claim_of(const CitedSentence& sentence, std::size_t passages, const std::vector<Evidence>& evidence,
                    const QuotedUnits& quoted) {
  DraftClaim claim;
  claim.said = sentence.text;
  claim.marks = sentence.marks;
  const std::vector<std::string> terms = text::query_terms(sentence.text);
  for (const std::uint32_t mark : sentence.marks) {
    if (mark == 0 || mark > passages) continue;
    for (const std::int64_t unit : quoted(mark - 1, terms)) claim.passages.push_back(passage_of(evidence, unit, unit));
  }
  return claim;
}

}  // namespace docmind::agents
