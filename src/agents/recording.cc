#include "agents/recording.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "agents/impl/recorded_fields.h"
#include "agents/recorded_evidence.h"
#include "base/json.h"
#include "base/json_members.h"

namespace docmind::agents {
namespace {

namespace json = boost::json;

// ---- writing ----

json::array strings(const auto& list) {
  json::array out;
  for (const std::string& one : list) out.emplace_back(one);
  return out;
}

json::value or_null(const auto& value) { return value ? json::value(*value) : json::value(nullptr); }

json::object filter_json(const retrieval::Filter& filter) {
  return {{"documents", strings(filter.documents)},
          {"types", strings(filter.types)},
          {"from", or_null(filter.modified_from)},
          {"to", or_null(filter.modified_to)}};
}

// Of the session, as a chat model was shown them.
json::array history_json(const Trace& trace) {
  json::array out;
  if (!trace.writing) return out;
  for (const HistoryTurn& turn : trace.question.history) {
    out.push_back(json::object{{"question", turn.question}, {"answer", turn.answer}});
  }
  return out;
}

// Those that are a chat model's.
json::array policies_json(const Policies& policies) {
  json::array out;
  if (policies.planner == Policy::kModel) out.emplace_back("query_planner");
  if (policies.validator == Policy::kModel) out.emplace_back("response_validator");
  return out;
}

json::object options_json(const Trace& trace) {
  const SynthesisOptions& synthesis = trace.options.synthesis;
  const Weights& w = synthesis.weights;
  json::object out{{"nearest", trace.options.retrieval.nearest},
                   {"weights", {w.cosine, w.coverage, w.context_coverage, w.cue, w.heading, w.question}},
                   {"tau", synthesis.tau},
                   {"tau_keyword", synthesis.tau_keyword},
                   {"claims", synthesis.claims},
                   {"citations", synthesis.citations},
                   {"characters", synthesis.characters},
                   {"enough", synthesis.enough},
                   {"context", trace.options.validation.context},
                   {"off", strings(trace.options.off)},
                   {"by_model", policies_json(trace.options.policies)},
                   {"writing", nullptr},
                   {"general", nullptr}};
  if (trace.writing) {
    out["writing"] = {{"passages", trace.writing->passages}, {"max_tokens", trace.writing->max_tokens}};
  }
  if (trace.general) out["general"] = {{"max_tokens", trace.general->max_tokens}};
  return out;
}

json::object model_json(const ModelRecord& model) {
  const llm::Capabilities& can = model.capabilities;
  json::object counts;
  for (const auto& [text, tokens] : model.counts) counts[text.hex()] = tokens;
  return {{"model", can.model},         {"hash", can.hash},
          {"context", can.context},     {"json_schema", can.json_schema},
          {"tools", can.tools},         {"thinking", can.thinking},
          {"documents", can.documents}, {"counts_tokens", can.counts_tokens},
          {"counts", std::move(counts)}};
}

json::object answer_json(const AnswerDigest& answer) {
  json::array claims;
  for (const ContentHash& claim : answer.claims) claims.emplace_back(claim.hex());
  return {{"status", name(answer.status)},
          {"text", answer.text.hex()},
          {"claims", std::move(claims)},
          {"nearest", answer.nearest.hex()},
          {"told", answer.told.hex()}};
}

json::value error_json(const std::optional<Error>& error) {
  if (!error) return nullptr;
  return json::object{{"code", name(error->code)}, {"message", error->message}, {"hint", error->hint}};
}

std::string_view finish_name(llm::ChatFinish finish) {
  switch (finish) {
    case llm::ChatFinish::kEnd:
      return "end";
    case llm::ChatFinish::kLength:
      return "length";
    case llm::ChatFinish::kTools:
      return "tools";
  }
  return "end";
}

// ---- reading ----

bool flag(const json::value& whole, std::string_view key) { return json_flag(json_member(whole, key)); }

std::vector<std::string> texts(const json::value& list) {
  std::vector<std::string> out;
  for (const json::value& one : json_list(list)) out.emplace_back(json_text(one));
  return out;
}

std::optional<std::int64_t> time_in(const json::value& value) {
  return value.is_number() ? std::optional(static_cast<std::int64_t>(number(value))) : std::nullopt;
}

// What was no hash is one of nothing, which no text has.
ContentHash hash_in(const json::value& value) {
  const auto hash = ContentHash::from_hex(json_text(value));
  return hash ? *hash : ContentHash();
}

std::optional<Error> error_in(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  return Error{code_named(text(value, "code")), text(value, "message"), text(value, "hint")};
}

void read_options(const json::value& from, Trace& to) {
  SynthesisOptions& synthesis = to.options.synthesis;
  to.options.retrieval.nearest = small(from, "nearest");
  Weights& w = synthesis.weights;
  const json::array& weights = json_list(json_member(from, "weights"));
  std::size_t at = 0;
  for (double* weight : {&w.cosine, &w.coverage, &w.context_coverage, &w.cue, &w.heading, &w.question}) {
    if (at < weights.size()) *weight = number(weights[at++]);
  }
  synthesis.tau = number(json_member(from, "tau"));
  synthesis.tau_keyword = number(json_member(from, "tau_keyword"));
  synthesis.claims = small(from, "claims");
  synthesis.citations = small(from, "citations");
  synthesis.characters = small(from, "characters");
  synthesis.enough = number(json_member(from, "enough"));
  to.options.validation.context = small(from, "context");
  for (std::string& one : texts(json_member(from, "off"))) to.options.off.insert(std::move(one));
  for (const std::string& agent : texts(json_member(from, "by_model"))) {
    (agent == "query_planner" ? to.options.policies.planner : to.options.policies.validator) = Policy::kModel;
  }
  if (const json::value& writing = json_member(from, "writing"); writing.is_object()) {
    to.writing = WriteOptions{.passages = small(writing, "passages"), .max_tokens = small(writing, "max_tokens")};
  }
  if (const json::value& general = json_member(from, "general"); general.is_object()) {
    to.general = GeneralOptions{.max_tokens = small(general, "max_tokens")};
  }
}

llm::ChatReply reply_in(const json::value& call) {
  llm::ChatReply out{.content = text(call, "content"), .reasoning = text(call, "reasoning")};
  out.backend = text(call, "backend");
  out.fallbacks = texts(json_member(call, "fallbacks"));
  for (const json::value& one : json_list(json_member(call, "tool_calls"))) {
    out.tool_calls.push_back({text(one, "id"), text(one, "name"), text(one, "arguments")});
  }
  for (const llm::ChatFinish finish : {llm::ChatFinish::kLength, llm::ChatFinish::kTools}) {
    if (text(call, "finish") == finish_name(finish)) out.finish = finish;
  }
  out.usage = {small(call, "prompt"), small(call, "reused"), small(call, "completion")};
  return out;
}

ModelRecord model_in(const json::value& from, const json::value& calls) {
  ModelRecord out;
  out.capabilities = {.model = text(from, "model"),
                      .hash = text(from, "hash"),
                      .context = small(from, "context"),
                      .json_schema = flag(from, "json_schema"),
                      .tools = flag(from, "tools"),
                      .thinking = flag(from, "thinking"),
                      .documents = flag(from, "documents"),
                      .counts_tokens = flag(from, "counts_tokens")};
  for (const auto& [key, tokens] : json_object(json_member(from, "counts"))) {
    if (const auto hash = ContentHash::from_hex(key)) {
      out.counts.emplace(*hash, static_cast<std::uint32_t>(json_count(tokens)));
    }
  }
  for (const json::value& call : json_list(calls)) {
    out.calls.push_back({.request = hash_in(json_member(call, "request")),
                         .reply = reply_in(call),
                         .error = error_in(json_member(call, "error"))});
  }
  return out;
}

Error broken() { return {Code::kDataLoss, "The recording of this answer is broken.", "Ask the question again."}; }

Result<AnswerDigest> answer_in(const json::value& from) {
  AnswerDigest out;
  const std::string status = text(from, "status");
  for (const AnswerStatus one : {AnswerStatus::kAnswered, AnswerStatus::kAbstained, AnswerStatus::kPartial}) {
    if (status == name(one)) out.status = one;
  }
  if (status != name(out.status)) return broken();
  out.text = hash_in(json_member(from, "text"));
  for (const json::value& claim : json_list(json_member(from, "claims"))) out.claims.push_back(hash_in(claim));
  out.nearest = hash_in(json_member(from, "nearest"));
  out.told = hash_in(json_member(from, "told"));
  return out;
}

std::vector<TimedRun> runs_in(const json::value& agents) {
  std::vector<TimedRun> out;
  for (const json::value& one : json_list(agents)) {
    out.push_back({.run = {text(one, "name"), number(json_member(one, "seconds")), text(one, "status")},
                   .began = number(json_member(one, "began")),
                   .part = small(one, "part"),
                   .error = error_in(json_member(one, "error"))});
  }
  return out;
}

}  // namespace

json::value calls_of(const ModelRecord& model) {
  json::array out;
  for (const ModelCall& call : model.calls) {
    json::array tools;
    for (const llm::ToolCall& one : call.reply.tool_calls) {
      tools.push_back(json::object{{"id", one.id}, {"name", one.name}, {"arguments", one.arguments}});
    }
    const llm::ChatUsage& usage = call.reply.usage;
    out.push_back(json::object{{"began", call.began},
                               {"seconds", call.seconds},
                               {"request", call.request.hex()},
                               {"prompt", usage.prompt},
                               {"reused", usage.cached},
                               {"computed", usage.computed()},
                               {"completion", usage.completion},
                               {"finish", finish_name(call.reply.finish)},
                               {"backend", call.reply.backend},
                               {"fallbacks", json::array(call.reply.fallbacks.begin(), call.reply.fallbacks.end())},
                               {"content", call.reply.content},
                               {"reasoning", call.reply.reasoning},
                               {"tool_calls", std::move(tools)},
                               {"error", error_json(call.error)}});
  }
  return out;
}

json::value recording_of(const Trace& trace) {
  if (!trace.model.whole) return nullptr;
  json::array parts;
  for (const Evidence& one : trace.evidence) parts.push_back(to_json(one));
  json::object out{{"route", static_cast<std::uint32_t>(trace.routing.route)},
                   {"filter", filter_json(trace.question.filter)},
                   {"history", history_json(trace)},
                   {"options", options_json(trace)},
                   {"parts", std::move(parts)},
                   {"model", trace.writing ? json::value(model_json(trace.model)) : json::value(nullptr)},
                   {"answer", answer_json(trace.answer)}};
  return to_text(out).size() > kMostRecorded ? json::value(nullptr) : json::value(std::move(out));
}

Result<Trace> read_recording(const json::value& trace, library::Snapshot& at) {
  const json::value& from = json_member(trace, "recording");
  if (!from.is_object()) {
    return Error{Code::kNotFound, "Of this answer there is no recording: it is of an older version, or too long.",
                 "Ask the question again."};
  }
  Trace out;
  out.id = text(trace, "trace_id");
  const json::value& filter = json_member(from, "filter");
  out.question = {.text = text(trace, "question"),
                  .filter = {.documents = texts(json_member(filter, "documents")),
                             .types = texts(json_member(filter, "types")),
                             .modified_from = time_in(json_member(filter, "from")),
                             .modified_to = time_in(json_member(filter, "to"))}};
  for (const json::value& turn : json_list(json_member(from, "history"))) {
    out.question.history.push_back({.question = text(turn, "question"), .answer = text(turn, "answer")});
  }
  read_options(json_member(from, "options"), out);
  out.routing = {.route = static_cast<Route>(small(from, "route")),
                 .question = text(trace, "query_used"),
                 .reason = text(trace, "route_reason")};
  for (const json::value& part : json_list(json_member(from, "parts"))) {
    out.evidence.push_back(DM_TRY(evidence_in(part, at)));
  }
  if (out.evidence.empty()) return broken();
  out.runs = runs_in(json_member(trace, "agents"));
  if (const json::value& planned = json_member(json_member(trace, "decisions"), "query_planner"); planned.is_object()) {
    out.planned = Decided{.fallback = text(planned, "fallback")};
  }
  out.model = model_in(json_member(from, "model"), json_member(trace, "model_calls"));
  if (const json::value& supervisor = json_member(trace, "supervisor"); supervisor.is_object()) {
    out.supervised = DM_TRY(supervised_in(supervisor, at));
  }
  out.answer = DM_TRY(answer_in(json_member(from, "answer")));
  return out;
}

}  // namespace docmind::agents
