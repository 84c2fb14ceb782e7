// How likely a unit is to answer: the score S of the extractive recipe (docs/extractive-answers.md, step 7).
//
//   S = 2 cos(q,s) + .3 cov(s) + .4 covall(s) + .15 cue(s) + .3 cos(q,heading) - .3 isQuestion(s)
//
// cov: the question's idf found in the unit, of all its idf; covall: the same over the unit, two before and one after
// it in its section, its lead-in and its heading path. Weights were measured with all-MiniLM-L6-v2; tau belongs to
// them. Pure functions.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "agents/answer_form.h"
#include "retrieval/candidates.h"

namespace docmind::agents {

struct Weights {
  double cosine = 2;
  double coverage = 0.3;
  double context_coverage = 0.4;
  double cue = 0.15;
  double heading = 0.3;
  double question = -0.3;
};

struct ScoredUnit {
  retrieval::Candidate candidate;
  double coverage = 0;
  double context_coverage = 0;
  double cue = 0;
  bool is_question = false;
  double score = 0;
};

// Whether a text says enough to be a claim by itself: at least 15 bytes and 8 letters.
bool says_enough(std::string_view text);

// Whether a unit may be a claim: not a heading, from a block that is a source, and it says enough.
bool quotable(const library::Unit& unit);

// The quotable candidates by score downwards, ties by unit id upwards.
std::vector<ScoredUnit> score_units(const retrieval::CandidateSet& found, const AskedForms& asked,
                                    const Weights& weights);

}  // namespace docmind::agents
