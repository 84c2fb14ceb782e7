// result_synthesizer: writes the answer from the evidence. Without a chat model it picks: the best units by score, each
// a claim in the document's own words, grown by its neighbours while there is room; nothing when the best is too weak.
//
// Pure function. Steps 8 and 9 of the recipe in docs/extractive-answers.md.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/passage.h"
#include "agents/retrieval_expert.h"
#include "agents/unit_score.h"
#include "context/report.h"
#include "doc/document.h"
#include "llm/chat_model.h"

namespace docmind::agents {

struct SynthesisOptions {
  Weights weights;
  double tau = 1.62;               // At or below it the best unit is no answer. Belongs to embedder and weights.
  double tau_keyword = 0.5;        // The same for the score without its cosines, when no embedder answered.
  std::uint32_t claims = 5;        // At most.
  std::uint32_t citations = 2;     // Of one claim, at most: the second is the same sentence in another place.
  std::uint32_t characters = 900;  // Of all quotes together, at most.
  double enough = 0.8;             // A unit that does not fit ends the choice when this share is used.
};

struct DraftClaim {
  std::vector<Passage> passages;  // The first is what the claim says.
  double score = 0;               // Of its best unit.
  std::uint32_t part = 0;         // Of the plan.
  std::string said{};             // The claim in our own words (a count, a sum), which all passages bear; else empty.
  std::vector<std::uint32_t> marks{};  // Of what a model wrote: the numbers it cites, in Writing::shown from 1.
};

// A passage as a model was shown it.
struct ShownPassage {
  std::string text{};
  std::string document{};
  std::optional<std::uint32_t> page{};  // 1-based.
};

// What a chat model made a draft from.
struct Writing {
  std::string model{};
  context::Report context{};
  llm::ChatUsage usage{};
  std::vector<ShownPassage> shown{};
  std::vector<std::string> fallbacks{};  // Why another backend wrote it than the one in use.
  bool cut = false;                      // Some of it ended with the tokens that it was allowed.
};

// Why a candidate is not in the answer, for the trace.
enum class Fate : std::uint8_t { kChosen, kMerged, kNeighbour, kDuplicate, kNoRoom, kTooWeak, kNotReached };
std::string_view name(Fate fate);

struct RankedUnit {
  ScoredUnit unit;
  Fate fate = Fate::kNotReached;
};

struct Draft {
  std::vector<DraftClaim> claims;               // In reading order. Empty: abstain.
  std::vector<double> best;                     // Per part: the highest score; what tau is held against.
  std::vector<std::vector<RankedUnit>> ranked;  // Per part, by score downwards.
  std::vector<std::uint32_t> unanswered;        // Parts whose best unit is too weak.
  std::optional<Writing> writing;               // By a chat model; else in the documents' own words.
  std::vector<std::string> general{};           // Instead of claims: what a model says that was shown no passage.
  std::string general_failure{};                // Why there is none of it, when it was wanted.
};

Draft synthesize(const std::vector<Evidence>& evidence, const SynthesisOptions& options);

// Units of one document, both included, as a place to quote; they are in the evidence.
Passage passage_of(const std::vector<Evidence>& evidence, std::int64_t first, std::int64_t last);

// Without putting together: each part's best units by score as claims of their own, none merged, widened or put in
// reading order. What the agent is measured against.
Draft list_units(const std::vector<Evidence>& evidence, const SynthesisOptions& options);

}  // namespace docmind::agents
