#include "agents/ask.h"

#include <algorithm>
#include <set>
#include <utility>

#include "agents/trace.h"
#include "base/hash.h"

namespace docmind::agents {
namespace {

double seconds_between(TimePoint from, TimePoint to) { return std::chrono::duration<double>(to - from).count(); }

// Runs one agent and notes how long it took.
template <typename Work>
auto timed(std::string agent, std::vector<AgentRun>& runs, const Clock& clock, Work work) {
  const TimePoint start = clock.now();
  auto out = work();
  runs.push_back({std::move(agent), seconds_between(start, clock.now()), "ok"});
  return out;
}

// Passages looked at, of all there are.
void add_coverage(const std::vector<Evidence>& evidence, Answer& answer) {
  std::set<std::int64_t> units;
  for (const Evidence& one : evidence) {
    for (const retrieval::Candidate& candidate : one.found.candidates) units.insert(candidate.unit);
    answer.units_total = std::max(answer.units_total, one.found.units_total);
  }
  answer.units_read = units.size();
}

// The nearest passages of all parts, the best first, none twice.
std::vector<retrieval::Hit> nearest_of(const std::vector<Evidence>& evidence, std::size_t most) {
  std::vector<retrieval::Hit> hits;
  std::set<std::int64_t> seen;
  for (const Evidence& one : evidence) {
    for (const retrieval::Hit& hit : one.found.nearest) {
      if (seen.insert(hit.chunk_id).second) hits.push_back(hit);
    }
  }
  std::sort(hits.begin(), hits.end(), [](const retrieval::Hit& a, const retrieval::Hit& b) {
    return a.score != b.score ? a.score > b.score : a.chunk_id < b.chunk_id;
  });
  if (hits.size() > most) hits.resize(most);
  return hits;
}

// A part of the question that was searched by keywords alone, though vectors are wanted; each reason once.
std::vector<std::string> fallbacks_of(const std::vector<Evidence>& evidence) {
  std::vector<std::string> out;
  for (const Evidence& one : evidence) {
    if (one.found.degraded.empty()) continue;
    std::string fallback = "Searched by keywords alone: " + one.found.degraded;
    if (std::ranges::find(out, fallback) == out.end()) out.push_back(std::move(fallback));
  }
  return out;
}

std::string joined(const std::vector<Claim>& claims) {
  std::string text;
  for (const Claim& claim : claims) text += (text.empty() ? "" : "\n\n") + claim.text;
  return text;
}

std::string_view name(AnswerStatus status) {
  switch (status) {
    case AnswerStatus::kAnswered:
      return "answered";
    case AnswerStatus::kAbstained:
      return "abstained";
    case AnswerStatus::kPartial:
      return "partial";
  }
  return "abstained";
}

void conclude(const std::vector<Evidence>& evidence, const Draft& draft, const RetrievalOptions& options,
              Answer& answer) {
  if (answer.claims.empty()) {
    answer.status = AnswerStatus::kAbstained;
    answer.nearest = nearest_of(evidence, options.nearest);
    return;
  }
  answer.text = joined(answer.claims);
  answer.status = AnswerStatus::kAnswered;
  if (draft.unanswered.empty()) return;
  answer.status = AnswerStatus::kPartial;
  answer.partial_reason = "The documents do not answer: " + evidence[draft.unanswered.front()].part.asks;
}

// Those whose words the trace holds: it goes when one of them is deleted.
std::vector<std::int64_t> documents_in(const std::vector<Evidence>& evidence) {
  std::set<std::int64_t> keys;
  for (const Evidence& part : evidence) {
    for (const auto& [id, place] : part.found.units) keys.insert(place.unit.document);
  }
  return {keys.begin(), keys.end()};
}

}  // namespace

Result<Answer> ask(const Question& question, const AskOptions& options, const AskDeps& deps, Deadline deadline,
                   std::stop_token stop) {
  const TimePoint start = deps.clock.now();
  Answer answer;
  Trace trace;
  const auto run = [&](std::string agent, auto work) {
    return timed(std::move(agent), answer.agents, deps.clock, std::move(work));
  };
  trace.routing = DM_TRY(run("query_router", [&] { return route(question.text); }));
  const Plan parts = run("query_planner", [&] { return plan(trace.routing.question); });
  trace.evidence = DM_TRY(run("retrieval_expert", [&] {
    return retrieve(parts, trace.routing.route, question.filter, deps.index, options.retrieval, deadline, stop);
  }));
  trace.draft = run("result_synthesizer", [&] { return synthesize(trace.evidence, options.synthesis); });
  library::Snapshot at = DM_TRY(deps.library.read(deadline, stop));
  Validated validated =
      DM_TRY(run("response_validator", [&] { return validate(trace.draft, at, options.validation); }));
  if (trace.draft.claims.empty()) answer.agents.back().status = "skipped";

  answer.claims = std::move(validated.claims);
  answer.dropped = std::move(validated.dropped);
  answer.query_used = trace.routing.question;
  answer.route = name(trace.routing.route);
  answer.fallbacks = fallbacks_of(trace.evidence);
  add_coverage(trace.evidence, answer);
  conclude(trace.evidence, trace.draft, options.retrieval, answer);

  trace.id = new_id(deps.clock, deps.rng);
  trace.question = question.text;
  trace.options = options.synthesis;
  trace.agents = answer.agents;
  trace.dropped = answer.dropped;
  trace.status = name(answer.status);
  const std::vector<std::int64_t> quoted = documents_in(trace.evidence);
  if (deps.library.put_trace(trace.id, to_json(trace), deadline, stop, quoted)) answer.trace_id = trace.id;
  answer.seconds = seconds_between(start, deps.clock.now());
  return answer;
}

}  // namespace docmind::agents
