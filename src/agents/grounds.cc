#include "agents/grounds.h"

#include <algorithm>
#include <string>
#include <utility>

namespace docmind::agents {
namespace {

void add(const Passage& passage, const std::vector<Evidence>& evidence, Hasher& hasher) {
  for (const Evidence& one : evidence) {
    const auto id = one.found.documents.find(passage.document);
    if (id == one.found.documents.end()) continue;
    hasher.field(id->second);
    break;
  }
  hasher.field(std::to_string(passage.pieces.size()));
  for (const std::string& piece : passage.pieces) hasher.field(piece);
}

ContentHash best_of(const std::vector<Evidence>& evidence, const SynthesisOptions& synthesis) {
  Hasher hasher;
  const Draft draft = synthesize(evidence, synthesis);
  for (const DraftClaim& claim : draft.claims) {
    hasher.field("claim");
    for (const Passage& passage : claim.passages) add(passage, evidence, hasher);
  }
  for (const Evidence& one : evidence) {
    hasher.field("part").field(one.part.text);
    if (one.found.nearest.empty()) continue;
    hasher.field(one.found.nearest.front().document_id).field(one.found.nearest.front().text);
  }
  return hasher.finish();
}

bool reads_sets(const std::vector<Evidence>& evidence) {
  return std::ranges::any_of(evidence, [](const Evidence& one) { return one.set.has_value(); });
}

}  // namespace

Grounds grounds_of(const Outcome& outcome, const AskOptions& options, Led led) {
  Grounds out;
  out.cut = outcome.draft.writing && outcome.draft.writing->cut;
  const bool by_rules = options.policies.planner == Policy::kRules && led == Led::kByNobody && options.off.empty();
  if (!by_rules || reads_sets(outcome.evidence) || !outcome.replaced.empty()) return out;
  out.best = best_of(outcome.evidence, options.synthesis);
  return out;
}

Result<ContentHash> best_now(const Question& question, const AskOptions& options, const AskDeps& deps,
                             Deadline deadline, std::stop_token stop) {
  AskDeps rules = deps;
  rules.writer = nullptr;
  rules.general = nullptr;
  rules.supervision = nullptr;
  const Agents agents = agents_for(question, options, rules);
  const Call call{deadline, std::move(stop)};
  const Routing routing = DM_TRY(agents.query_router(question.text, call));
  const Plan plan = DM_TRY(agents.query_planner(routing, call));
  std::vector<Evidence> evidence;
  for (const Part& part : plan.parts) {
    evidence.push_back(DM_TRY(agents.retrieval_expert(part, routing.route, call)));
    if (!evidence.back().found.degraded.empty()) {
      return Error{Code::kUnavailable, evidence.back().found.degraded, "Ask again."};
    }
  }
  if (reads_sets(evidence)) return Error{Code::kConflict, "The question is answered from a whole set now.", ""};
  return best_of(evidence, options.synthesis);
}

}  // namespace docmind::agents
