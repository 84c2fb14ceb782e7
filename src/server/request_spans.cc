#include "server/request_spans.h"

#include <algorithm>
#include <array>
#include <optional>

#include "agents/toolbox.h"

namespace docmind::server {
namespace {

using tracing::Span;
using tracing::SpanKind;

constexpr double kSecond = 1e9;

std::int64_t whole(std::uint64_t count) { return static_cast<std::int64_t>(count); }

// What others write as its name is no span's name.
std::string method_name(std::string_view method) {
  constexpr std::array<std::string_view, 7> kKnown = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  return std::ranges::find(kKnown, method) == kKnown.end() ? "_OTHER" : std::string(method);
}

std::uint64_t after(std::uint64_t asked, double seconds) {
  return asked + static_cast<std::uint64_t>(std::max(0.0, seconds) * kSecond);
}

Stretch stretch(std::uint64_t asked, double began, double seconds) {
  return {after(asked, began), after(asked, began + std::max(0.0, seconds))};
}

Span run_span(const agents::TimedRun& timed, const TraceContext& answer, std::uint64_t asked) {
  const Stretch when = stretch(asked, timed.began, timed.run.seconds);
  Span out{.place = child_of(answer),
           .name = "invoke_agent " + timed.run.name,
           .began = when.began,
           .ended = when.ended,
           .attributes = {{"gen_ai.operation.name", "invoke_agent"},
                          {"gen_ai.agent.name", timed.run.name},
                          {"docmind.status", timed.run.status}}};
  if (timed.run.name == agents::kAgentNames[2]) out.attributes.emplace_back("docmind.part", std::int64_t{timed.part});
  if (timed.error) out.error = name(timed.error->code);
  return out;
}

std::string finish_name(llm::ChatFinish finish) {
  switch (finish) {
    case llm::ChatFinish::kEnd:
      return "stop";
    case llm::ChatFinish::kLength:
      return "length";
    case llm::ChatFinish::kTools:
      return "tool_calls";
  }
  return "stop";
}

Span call_span(const agents::ModelCall& call, const std::string& model, std::uint64_t asked) {
  const Stretch when = stretch(asked, call.began, call.seconds);
  Span out{.place = call.place,
           .name = "chat " + model,
           .kind = SpanKind::kClient,
           .began = when.began,
           .ended = when.ended,
           .attributes = {{"gen_ai.operation.name", "chat"}, {"gen_ai.request.model", model}}};
  if (!call.reply.backend.empty()) out.attributes.emplace_back("gen_ai.provider.name", call.reply.backend);
  if (call.error) {
    out.error = name(call.error->code);
    return out;
  }
  out.attributes.emplace_back("gen_ai.usage.input_tokens", std::int64_t{call.reply.usage.prompt});
  out.attributes.emplace_back("gen_ai.usage.output_tokens", std::int64_t{call.reply.usage.completion});
  out.attributes.emplace_back("docmind.cached_tokens", std::int64_t{call.reply.usage.cached});
  out.attributes.emplace_back("gen_ai.response.finish_reasons",
                              std::vector<std::string>{finish_name(call.reply.finish)});
  return out;
}

// Nothing for a name that is none of our tools: a model may have made it up of anything.
std::optional<Span> tool_span(const agents::SupervisedStep& step, const TraceContext& answer, std::uint64_t asked) {
  const bool ours =
      std::ranges::any_of(agents::tools(), [&](const agents::Tool& tool) { return tool.name == step.tool; });
  if (!ours) return std::nullopt;
  const Stretch when = stretch(asked, step.began, step.seconds);
  Span out{.place = child_of(answer),
           .name = "execute_tool " + step.tool,
           .began = when.began,
           .ended = when.ended,
           .attributes = {{"gen_ai.operation.name", "execute_tool"}, {"gen_ai.tool.name", step.tool}}};
  if (!step.error.empty()) out.error = "_OTHER";
  return out;
}

}  // namespace

Span request_span(const TraceContext& place, const Stretch& when, std::string_view method, std::string_view route,
                  int status, std::string_view request_id) {
  const std::string verb = method_name(method);
  Span out{.place = place,
           .name = verb + " " + std::string(route),
           .kind = SpanKind::kServer,
           .began = when.began,
           .ended = when.ended,
           .attributes = {{"http.request.method", verb},
                          {"http.route", std::string(route)},
                          {"http.response.status_code", std::int64_t{status}},
                          {"docmind.request_id", std::string(request_id)}}};
  if (status >= 500) out.error = std::to_string(status);
  return out;
}

Span answer_span(const TraceContext& place, const Stretch& when, const std::string& type,
                 const Result<service::Answer>& answer) {
  Span out{.place = place,
           .name = "answer",
           .began = when.began,
           .ended = when.ended,
           .attributes = {{"docmind.asked_by", type}}};
  if (!answer) {
    out.error = name(answer.error().code);
    return out;
  }
  out.attributes.emplace_back("docmind.status", std::string(name(answer->status)));
  out.attributes.emplace_back("docmind.route", answer->route);
  out.attributes.emplace_back("docmind.claims", whole(answer->claims.size()));
  out.attributes.emplace_back("docmind.trace_id", answer->trace_id);
  if (const auto& again = answer->given_again) out.attributes.emplace_back("docmind.given_again", again->layer);
  return out;
}

// The agents follow one another, but for the search of a question's parts, which calls no model: so a call belongs to
// the agent in whose time it began, and to nobody but the answer when that one had been left by then.
std::vector<Span> spans_of(const agents::Trace& trace, const TraceContext& answer, const Nanoseconds& nanoseconds) {
  std::vector<Span> out;
  const std::uint64_t asked = nanoseconds(trace.asked);
  const std::uint64_t recorded = nanoseconds(trace.model.asked);
  for (const agents::TimedRun& timed : trace.runs) out.push_back(run_span(timed, answer, asked));
  const std::size_t runs = out.size();
  const auto belongs = [&](Span span) {
    span.place.parent = answer.span;
    for (std::size_t i = 0; i < runs; ++i) {
      if (out[i].began <= span.began && span.began <= out[i].ended) span.place.parent = out[i].place.span;
    }
    out.push_back(std::move(span));
  };
  for (const agents::ModelCall& call : trace.model.calls) {
    if (call.place) belongs(call_span(call, trace.model.capabilities.model, recorded));
  }
  if (trace.supervised) {
    for (const agents::SupervisedStep& step : trace.supervised->steps) {
      if (auto span = tool_span(step, answer, asked)) belongs(*std::move(span));
    }
  }
  return out;
}

}  // namespace docmind::server
