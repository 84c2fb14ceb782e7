#include "server/json_write.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

// Absent is null in JSON, never a field left out.
template <typename T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::value or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

template <typename T, typename ToValue>
json::array array_of(const std::vector<T>& list, ToValue to_value) {
  json::array out;
  out.reserve(list.size());
  for (const T& one : list) out.push_back(to_value(one));
  return out;
}

json::array strings(const std::vector<std::string>& list) {
  return array_of(list, [](const std::string& one) { return json::value(one); });
}

json::value hit(const retrieval::Hit& hit) {
  return json::object{
      {"document", hit.document},
      {"document_id", hit.document_id},
      {"page", or_null(hit.page)},
      {"start", hit.span.start},
      {"end", hit.span.end},
      {"text", hit.text},
      {"score", hit.score},
      {"ranks",
       {{"bm25", or_null(hit.ranks.bm25)}, {"dense", or_null(hit.ranks.dense)}, {"rerank", or_null(hit.ranks.rerank)}}},
  };
}

json::value citation(const agents::Citation& citation) {
  return json::object{
      {"document", citation.document},
      {"document_id", citation.document_id},
      {"version", citation.version},
      {"page", or_null(citation.page)},
      {"page_end", or_null(citation.page_end)},
      {"page_label", or_null(citation.page_label)},
      {"locator", or_null(citation.locator)},
      {"start", citation.span.start},
      {"end", citation.span.end},
      {"quote", citation.quote},
      {"before", citation.before},
      {"after", citation.after},
      {"state", citation.state},
  };
}

json::value agent(const agents::AgentRun& run) {
  return json::object{{"name", run.name}, {"seconds", run.seconds}, {"status", run.status}};
}

json::value tokens(const agents::TokenCounts& tokens) {
  return json::object{
      {"prompt", tokens.prompt},     {"computed", tokens.computed}, {"forked", tokens.forked},
      {"restored", tokens.restored}, {"drafted", tokens.drafted},   {"completion", tokens.completion},
  };
}

std::string_view name(ingest::Stage stage) {
  switch (stage) {
    case ingest::Stage::kLooking:
      return "looking";
    case ingest::Stage::kReading:
      return "reading";
    case ingest::Stage::kEmbedding:
      return "embedding";
    case ingest::Stage::kStoring:
      return "storing";
    case ingest::Stage::kDone:
      return "done";
  }
  return "done";
}

// No model was prompted, so nothing was trimmed; the fields stand for the day one is.
json::value untrimmed_context() {
  return json::object{{"trimmed", false},     {"policy", nullptr}, {"limit", nullptr},
                      {"original_tokens", 0}, {"final_tokens", 0}, {"dropped", json::array()}};
}

}  // namespace

json::value to_json(const agents::Claim& claim) {
  const bool general = claim.origin == "general";  // Nothing is said of its support: it was held against nothing.
  return json::object{
      {"text", claim.text},
      {"supported", general ? json::value(nullptr) : json::value(claim.supported)},
      {"doubt", or_null(claim.doubt)},
      {"origin", claim.origin},
      {"citations", array_of(claim.citations, citation)},
  };
}

json::value to_json(const agents::DocumentPart& part) {
  return json::object{
      {"document", part.document}, {"document_id", part.document_id},        {"title", or_null(part.title)},
      {"status", part.status},     {"reason", or_null(part.reason)},         {"first", part.first},
      {"count", part.count},       {"nearest", array_of(part.nearest, hit)}, {"trace_id", or_null(part.trace_id)},
  };
}

json::value to_json(const service::Answer& answer) {
  return json::object{
      {"answer", answer.text},
      {"mode", answer.generated ? "generated" : "extractive"},
      {"status", name(answer.status)},
      {"claims", array_of(answer.claims, [](const agents::Claim& one) { return to_json(one); })},
      {"query_used", answer.query_used},
      {"coverage", {{"read", answer.units_read}, {"total", answer.units_total}, {"unit", answer.unit}}},
      {"fallbacks", strings(answer.fallbacks)},
      {"partial_reason", or_null(answer.partial_reason)},
      {"cache_age", answer.given_again ? json::value(answer.given_again->age) : json::value(nullptr)},
      {"sends_text_to", strings(answer.sends_text_to)},
      {"dropped", strings(answer.dropped)},
      {"nearest", array_of(answer.nearest, hit)},
      {"agents", array_of(answer.agents, agent)},
      {"tokens", tokens(answer.tokens)},
      {"context", answer.context ? json::value(context::to_json(*answer.context)) : untrimmed_context()},
      {"cache", answer.given_again ? std::string_view(answer.given_again->layer) : std::string_view("miss")},
      {"backend", or_null(answer.model)},
      {"trace_id", or_null(answer.trace_id)},
      {"seconds", answer.seconds},
      {"analysis", answer.separate ? "separate" : "combined"},
      {"parts", array_of(answer.by_document, [](const agents::DocumentPart& one) { return to_json(one); })},
  };
}

json::value to_json(const cache::AnswerCacheStats& stats) {
  json::value calibration;
  if (const auto& known = stats.calibration) {
    calibration = {{"served", known->served},
                   {"wrong", known->wrong},
                   {"wrong_at_most", known->wrong_at_most},
                   {"confidence", known->confidence}};
  }
  return json::object{{"answers", stats.answers},
                      {"bytes", stats.bytes},
                      {"hits", {{"exact", stats.exact}, {"semantic", stats.semantic}}},
                      {"misses", stats.misses},
                      {"saved_seconds", stats.saved_seconds},
                      {"saved_tokens", stats.saved_tokens},
                      {"place", stats.place.empty() ? "this machine" : stats.place},
                      {"trouble", or_null(stats.trouble)},
                      {"max_distance", stats.max_distance},
                      {"calibration", std::move(calibration)}};
}

json::value to_json(const service::SearchResult& result) {
  return json::object{
      {"hits", array_of(result.hits, hit)}, {"degraded", or_null(result.degraded)}, {"seconds", result.seconds}};
}

json::value to_json(const service::Summary& summary) {
  const auto failed = [](const ingest::FailedFile& file) -> json::value {
    return json::object{{"path", file.path}, {"error", file.error}};
  };
  return json::object{
      {"documents", summary.documents},
      {"added", summary.added},
      {"updated", summary.updated},
      {"unchanged", summary.unchanged},
      {"failed", array_of(summary.failed, failed)},
      {"missing", strings(summary.missing)},
      {"skipped", summary.skipped},
      {"renamed", summary.renamed},
      {"chunks", summary.chunks},
      {"embedded", summary.embedded},
      {"seconds", summary.seconds},
  };
}

json::value to_json(const service::Progress& progress) {
  return json::object{
      {"stage", name(progress.stage)},
      {"file", or_null(progress.file)},
      {"files_done", progress.files_done},
      {"files_total", progress.files_total},
      {"bytes_done", progress.bytes_done},
      {"bytes_total", progress.bytes_total},
      {"pages", progress.pages},
      {"chunks_done", progress.chunks_done},
      {"chunks_found", progress.chunks_found},
      {"seconds", progress.seconds},
      {"seconds_left", progress.seconds_left < 0 ? json::value(nullptr) : json::value(progress.seconds_left)},
  };
}

json::value to_json(const service::DocumentInfo& document) {
  return json::object{
      {"document", document.document},
      {"document_id", document.document_id},
      {"version", document.version},
      {"type", document.type},
      {"title", or_null(document.title)},
      {"size", document.size},
      {"modified_ms", document.modified_ms},
      {"added_ms", document.added_ms},
      {"pages", document.pages == 0 ? json::value(nullptr) : json::value(document.pages)},
      {"chunks", document.chunks},
      {"warnings", strings(document.warnings)},
  };
}

json::value to_json(const service::LibraryInfo& library) {
  return json::object{
      {"documents",
       array_of(library.documents, [](const service::DocumentInfo& document) { return to_json(document); })},
      {"generation", library.generation},
      {"content_hash", or_null(library.content_hash)},
  };
}

json::value to_json(const service::Verification& verification) {
  const auto check = [](const service::CitationCheck& one) -> json::value {
    return json::object{
        {"document", one.document}, {"start", one.span.start}, {"end", one.span.end}, {"state", one.state}};
  };
  return json::object{{"holds", verification.holds}, {"citations", array_of(verification.citations, check)}};
}

json::value to_json(const service::AgentTotals& totals) {
  const auto schema = [](const std::string& text) {
    const Result<json::value> parsed = parse_json(text);
    return parsed ? *parsed : json::value(nullptr);
  };
  const auto runs = [schema](const service::AgentRuns& one) -> json::value {
    return json::object{{"name", one.agent},
                        {"runs", {{"ok", one.ok}, {"failed", one.failed}, {"skipped", one.skipped}}},
                        {"input", schema(one.input)},
                        {"output", schema(one.output)}};
  };
  return json::object{
      {"total_queries", totals.queries},
      {"parallel_executions", totals.parallel_executions},
      {"token_reduction_achieved", or_null(totals.token_reduction)},
      {"coordination_overhead_ms", or_null(totals.coordination_ms)},
      {"success_rate", or_null(totals.success_rate)},
      {"agents", array_of(totals.agents, runs)},
  };
}

json::value to_json(const std::vector<service::Check>& checks) {
  return array_of(checks, [](const service::Check& check) -> json::value {
    return json::object{{"name", check.name}, {"status", name(check.status)}, {"message", check.message}};
  });
}

std::string_view name(service::CheckStatus status) {
  switch (status) {
    case service::CheckStatus::kOk:
      return "ok";
    case service::CheckStatus::kDegraded:
      return "degraded";
    case service::CheckStatus::kFailed:
      return "failed";
  }
  return "failed";
}

std::string_view health_name(service::CheckStatus worst) {
  switch (worst) {
    case service::CheckStatus::kOk:
      return "healthy";
    case service::CheckStatus::kDegraded:
      return "degraded";
    case service::CheckStatus::kFailed:
      return "unhealthy";
  }
  return "unhealthy";
}

json::value checks_with_history(const std::vector<service::Check>& checks) {
  return array_of(checks, [](const service::Check& check) -> json::value {
    const auto failure = [](const Failure& last) -> json::value {
      return json::object{
          {"code", docmind::name(last.error.code)}, {"message", last.error.message}, {"at_ms", last.at_ms}};
    };
    return json::object{{"name", check.name},
                        {"status", name(check.status)},
                        {"message", check.message},
                        {"since_ms", check.since_ms},
                        {"last_error", check.last ? failure(*check.last) : json::value(nullptr)},
                        {"fallback", check.fallback.empty() ? json::value(nullptr) : json::value(check.fallback)}};
  });
}

service::CheckStatus worst(const std::vector<service::Check>& checks) {
  service::CheckStatus worst = service::CheckStatus::kOk;
  for (const service::Check& check : checks) worst = std::max(worst, check.status);
  return worst;
}

}  // namespace docmind::server
