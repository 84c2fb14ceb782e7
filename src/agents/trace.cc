#include "agents/trace.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>

#include "agents/recording.h"
#include "base/json.h"

namespace docmind::agents {
namespace {

namespace json = boost::json;

json::value rank(const std::optional<std::uint32_t>& place) {
  return place ? json::value(*place) : json::value(nullptr);
}

json::object unit_json(const RankedUnit& one, const Evidence& evidence) {
  const library::Unit& unit = evidence.found.units.at(one.unit.candidate.unit).unit;
  return {{"unit", unit.id},
          {"document_id", evidence.found.documents.at(unit.document)},
          {"start", unit.span.start},
          {"end", unit.span.end},
          {"ranks",
           {{"chunk", rank(one.unit.candidate.chunk_rank)},
            {"bm25", rank(one.unit.candidate.bm25_rank)},
            {"dense", rank(one.unit.candidate.dense_rank)}}},
          {"features",
           {{"cosine", one.unit.candidate.cosine},
            {"coverage", one.unit.coverage},
            {"context_coverage", one.unit.context_coverage},
            {"cue", one.unit.cue},
            {"heading", one.unit.candidate.heading_cosine},
            {"question", one.unit.is_question ? 1 : 0}}},
          {"score", one.unit.score},
          {"fate", name(one.fate)}};
}

json::value set_json(const std::optional<Exhaustive>& set) {
  if (!set) return nullptr;
  json::array places;
  for (const ReadSet& one : set->sets) {
    places.push_back({{"kind", one.kind},
                      {"document_id", one.document_id},
                      {"start", one.span.start},
                      {"end", one.span.end},
                      {"rows", one.rows},
                      {"used", one.used}});
  }
  return json::object{{"operation", set->operation},
                      {"read", set->read},
                      {"total", set->total},
                      {"unit", set->unit},
                      {"places", std::move(places)}};
}

json::object part_json(const Trace& trace, std::size_t part, std::size_t units) {
  const Evidence& evidence = trace.evidence[part];
  json::array terms;
  for (const auto& term : evidence.found.terms) terms.push_back({{"term", term.text}, {"idf", term.idf}});
  json::array nearest;
  for (const retrieval::Hit& hit : evidence.found.nearest) {
    nearest.push_back({{"chunk", hit.chunk_id},
                       {"document_id", hit.document_id},
                       {"start", hit.span.start},
                       {"end", hit.span.end},
                       {"score", hit.score},
                       {"ranks", {{"bm25", rank(hit.ranks.bm25)}, {"dense", rank(hit.ranks.dense)}}}});
  }
  json::array ranked;
  if (part < trace.draft.ranked.size()) {
    for (const RankedUnit& one : trace.draft.ranked[part]) {
      if (ranked.size() == units) break;
      ranked.push_back(unit_json(one, evidence));
    }
  }
  const bool dense = evidence.found.dense_used;
  return {{"text", evidence.part.text},
          {"asks", evidence.part.asks},
          {"terms", std::move(terms)},
          {"dense_used", dense},
          {"degraded", evidence.found.degraded},
          {"candidates", evidence.found.candidates.size()},
          {"best", part < trace.draft.best.size() ? trace.draft.best[part] : 0},
          {"threshold", dense ? trace.options.synthesis.tau : trace.options.synthesis.tau_keyword},
          {"nearest", std::move(nearest)},
          {"units", std::move(ranked)},
          {"set", set_json(evidence.set)}};
}

// Who stands in for an agent that fails (agents_of_last_resort), in words.
std::string_view stand_in(std::string_view agent, bool writes) {
  if (agent == "query_router") return "the question as it is";
  if (agent == "query_planner") return "the question in one part";
  if (agent == "retrieval_expert") return "keywords alone";
  if (agent == "result_synthesizer") return writes ? "the documents' own words" : "no claim";
  return "nothing is believed";
}

json::object agent_json(const TimedRun& one, bool writes) {
  json::object out{{"name", one.run.name},       {"part", nullptr},          {"began", one.began},
                   {"seconds", one.run.seconds}, {"status", one.run.status}, {"error", nullptr},
                   {"replaced_by", nullptr}};
  if (one.run.name == "retrieval_expert") out["part"] = one.part;
  if (one.error) {
    out["error"] = {{"code", name(one.error->code)}, {"message", one.error->message}, {"hint", one.error->hint}};
    out["replaced_by"] = stand_in(one.run.name, writes);
  }
  return out;
}

json::value decision_json(const std::optional<Decided>& decided) {
  if (!decided) return nullptr;
  return json::object{{"fallback", decided->fallback}, {"overruled", decided->overruled}};
}

}  // namespace

std::string to_json(const Trace& trace, std::size_t units) {
  json::array parts;
  for (std::size_t part = 0; part < trace.evidence.size(); ++part) parts.push_back(part_json(trace, part, units));
  json::array agents;
  for (const TimedRun& one : trace.runs) agents.push_back(agent_json(one, trace.writing.has_value()));
  const Weights& w = trace.options.synthesis.weights;
  return to_text(json::object{
      {"trace_id", trace.id},
      {"question", trace.question.text},
      {"query_used", trace.routing.question},
      {"route", name(trace.routing.route)},
      {"route_reason", trace.routing.reason},
      {"status", name(trace.answer.status)},
      {"seconds", trace.seconds},
      {"weights",
       {{"cosine", w.cosine},
        {"coverage", w.coverage},
        {"context_coverage", w.context_coverage},
        {"cue", w.cue},
        {"heading", w.heading},
        {"question", w.question}}},
      {"parts", std::move(parts)},
      {"dropped", trace.dropped},
      {"agents", std::move(agents)},
      {"model", trace.writing ? json::value(trace.model.capabilities.model) : json::value(nullptr)},
      {"model_calls", calls_of(trace.model)},
      {"decisions",
       {{"query_planner", decision_json(trace.planned)}, {"response_validator", decision_json(trace.validated)}}},
      {"supervisor", trace.supervised ? json::value(to_json(*trace.supervised)) : json::value(nullptr)},
      {"recording", recording_of(trace)}});
}

}  // namespace docmind::agents
