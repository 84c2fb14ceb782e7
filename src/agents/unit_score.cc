#include "agents/unit_score.h"

#include <algorithm>

#include "agents/impl/words.h"

namespace docmind::agents {
namespace {

using retrieval::CandidateSet;
using retrieval::TermSet;
using retrieval::UnitInPlace;

constexpr std::size_t kLeastBytes = 15;
constexpr std::size_t kLeastLetters = 8;

// The share of the question's idf that the set holds.
double share(const CandidateSet& found, const TermSet& held) {
  double all = 0;
  double sum = 0;
  for (std::size_t i = 0; i < found.terms.size(); ++i) {
    all += found.terms[i].idf;
    if (held.test(i)) sum += found.terms[i].idf;
  }
  return all > 0 ? sum / all : 0;
}

// The terms of the unit, of two before and one after it in its section, of its lead-in and of its heading path.
TermSet terms_around(const CandidateSet& found, const UnitInPlace& place) {
  const library::Unit& unit = place.unit;
  TermSet held = place.terms;
  for (const std::int64_t step : {-2, -1, 1}) {
    const auto near = found.units.find(unit.id + step);
    if (near == found.units.end()) continue;
    const library::Unit& other = near->second.unit;
    if (other.document == unit.document && other.section == unit.section) held |= near->second.terms;
  }
  if (const auto lead = found.units.find(unit.lead_in); unit.lead_in != 0 && lead != found.units.end()) {
    held |= lead->second.terms;
  }
  const auto section = found.sections.find({unit.document, unit.section});
  if (section != found.sections.end()) held |= section->second.terms;
  return held;
}

// ASCII letters; a letter of another script by its bytes beyond the first (a Han character counts two).
std::size_t count_letters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return is_letter(c) || (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
  }));
}

}  // namespace

bool says_enough(std::string_view text) { return text.size() >= kLeastBytes && count_letters(text) >= kLeastLetters; }

bool quotable(const library::Unit& unit) {
  return unit.source && unit.kind != library::UnitKind::kHeading && says_enough(unit.text);
}

std::vector<ScoredUnit> score_units(const CandidateSet& found, const AskedForms& asked, const Weights& weights) {
  std::vector<ScoredUnit> scored;
  for (const retrieval::Candidate& candidate : found.candidates) {
    const UnitInPlace& place = found.units.at(candidate.unit);
    if (!quotable(place.unit)) continue;
    ScoredUnit one;
    one.candidate = candidate;
    one.coverage = share(found, place.terms);
    one.context_coverage = share(found, terms_around(found, place));
    one.cue = cue(asked, place.unit.text);
    one.is_question = place.unit.text.ends_with('?') || place.unit.text.ends_with("\uff1f");
    one.score = weights.cosine * static_cast<double>(candidate.cosine) + weights.coverage * one.coverage +
                weights.context_coverage * one.context_coverage + weights.cue * one.cue +
                weights.heading * static_cast<double>(candidate.heading_cosine) +
                (one.is_question ? weights.question : 0);
    scored.push_back(one);
  }
  std::sort(scored.begin(), scored.end(), [](const ScoredUnit& a, const ScoredUnit& b) {
    return a.score != b.score ? a.score > b.score : a.candidate.unit < b.candidate.unit;
  });
  return scored;
}

}  // namespace docmind::agents
