#include "server/request_spans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracing/otlp.h"

namespace docmind::server {
namespace {

using ::testing::Contains;
using ::testing::Pair;
using ::testing::SizeIs;
using tracing::Span;
using tracing::SpanKind;
using tracing::Value;

const TraceContext kPlace{.high = 1, .low = 2, .span = 3, .parent = 4};

std::uint64_t nanoseconds(TimePoint at) {
  return 1'000'000'000U + static_cast<std::uint64_t>(at.time_since_epoch() / std::chrono::nanoseconds(1));
}

agents::TimedRun run(const char* agent, double began, double seconds) {
  return {.run = {.name = agent, .seconds = seconds}, .began = began};
}

agents::ModelCall call(double began, double seconds, std::uint64_t span) {
  agents::ModelCall out{.place = kPlace, .began = began, .seconds = seconds};
  out.place.span = span;
  out.reply = {.content = "Secret.", .usage = {.prompt = 10, .cached = 4, .completion = 5}, .backend = "vllm"};
  return out;
}

TEST(RequestSpans, ARequestNamesItsRouteAndNeverItsPath) {
  const Span span = request_span(kPlace, {5, 6}, "POST", "/api/documents/{id}", 200, "r-1");
  EXPECT_EQ(span.name, "POST /api/documents/{id}");
  EXPECT_EQ(span.kind, SpanKind::kServer);
  EXPECT_EQ(span.place, kPlace);
  EXPECT_EQ(span.began, 5U);
  EXPECT_EQ(span.ended, 6U);
  EXPECT_THAT(span.attributes, Contains(Pair("http.response.status_code", Value(std::int64_t{200}))));
  EXPECT_THAT(span.attributes, Contains(Pair("docmind.request_id", Value("r-1"))));
  EXPECT_EQ(span.error, "");
  EXPECT_EQ(request_span(kPlace, {}, "GET", "none", 404, "").error, "") << "it is the client's";
  EXPECT_EQ(request_span(kPlace, {}, "GET", "/x", 503, "").error, "503");
  EXPECT_EQ(request_span(kPlace, {}, "WORDS-OF-ANYBODY", "none", 404, "").name, "_OTHER none");
}

TEST(RequestSpans, AnAnswerSaysHowItEndedAndNotWhatItSays) {
  service::Answer answer;
  answer.text = "Secret.";
  answer.query_used = "Secret?";
  answer.route = "hybrid";
  answer.trace_id = "t-1";
  answer.claims.resize(1);
  answer.claims[0].text = "Secret.";
  answer.given_again = agents::GivenAgain{.layer = "exact", .question = "Secret?"};
  const Span span = answer_span(kPlace, {5, 6}, "ask", answer);
  EXPECT_EQ(span.attributes, (std::vector<std::pair<std::string_view, Value>>{{"docmind.asked_by", "ask"},
                                                                              {"docmind.status", "abstained"},
                                                                              {"docmind.route", "hybrid"},
                                                                              {"docmind.claims", std::int64_t{1}},
                                                                              {"docmind.trace_id", "t-1"},
                                                                              {"docmind.given_again", "exact"}}));
  const Span failed = answer_span(kPlace, {}, "ask", Error{Code::kUnavailable, "Secret.", "Secret."});
  EXPECT_EQ(failed.error, "unavailable");
  EXPECT_THAT(failed.attributes, SizeIs(1));
}

TEST(RequestSpans, CallsBelongToTheAgentInWhoseTimeTheyBegan) {
  agents::Trace trace;
  trace.runs = {run("query_planner", 0.1, 0.2), run("retrieval_expert", 0.3, 0.1), run("result_synthesizer", 0.5, 1)};
  trace.runs[1].part = 1;
  trace.runs[1].error = Error{Code::kDeadlineExceeded, "Secret.", ""};
  trace.model.capabilities.model = "tiny";
  // The two count from moments of their own.
  trace.asked = TimePoint(std::chrono::milliseconds(50));
  trace.model.asked = TimePoint(std::chrono::milliseconds(100));
  trace.model.calls = {call(0.1, 0.1, 11), call(0.55, 2, 12), call(1.85, 0.1, 13)};
  trace.model.calls[1].error = Error{Code::kUnavailable, "Secret.", ""};
  const std::vector<Span> spans = spans_of(trace, kPlace, nanoseconds);
  ASSERT_THAT(spans, SizeIs(6));
  EXPECT_EQ(spans[0].name, "invoke_agent query_planner");
  EXPECT_EQ(spans[0].began, 1'150'000'000U);
  EXPECT_EQ(spans[0].ended, 1'350'000'000U);
  EXPECT_EQ(spans[1].error, "deadline_exceeded");
  EXPECT_THAT(spans[1].attributes, Contains(Pair("docmind.part", Value(std::int64_t{1}))));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(spans[i].place.parent, kPlace.span);
    EXPECT_EQ(spans[i + 3].place.span, 11U + i);
    EXPECT_EQ(spans[i + 3].name, "chat tiny");
    EXPECT_EQ(spans[i + 3].kind, SpanKind::kClient);
  }
  EXPECT_EQ(spans[3].place.parent, spans[0].place.span);
  EXPECT_EQ(spans[4].place.parent, spans[2].place.span) << "though it ends later";
  EXPECT_EQ(spans[5].place.parent, kPlace.span) << "nobody's, or of who was left";
  EXPECT_THAT(spans[3].attributes, Contains(Pair("gen_ai.usage.input_tokens", Value(std::int64_t{10}))));
  EXPECT_THAT(spans[3].attributes, Contains(Pair("gen_ai.usage.output_tokens", Value(std::int64_t{5}))));
  EXPECT_THAT(spans[3].attributes, Contains(Pair("docmind.cached_tokens", Value(std::int64_t{4}))));
  EXPECT_THAT(spans[3].attributes, Contains(Pair("gen_ai.provider.name", Value("vllm"))));
  EXPECT_EQ(spans[3].began, 1'200'000'000U);
  EXPECT_EQ(spans[4].error, "unavailable");
}

TEST(RequestSpans, AToolIsNamedWhenItIsOneOfOurs) {
  agents::Trace trace;
  trace.supervised.emplace();
  trace.supervised->steps = {{.agent = "a", .tool = "", .began = 0.1, .seconds = 0.1},
                             {.agent = "a", .tool = "arithmetic", .began = 0.2, .seconds = 0.1, .error = "Secret."},
                             {.agent = "a", .tool = "words of a document", .began = 0.2, .seconds = 0.1}};
  const std::vector<Span> spans = spans_of(trace, kPlace, nanoseconds);
  ASSERT_THAT(spans, SizeIs(1));
  EXPECT_EQ(spans[0].name, "execute_tool arithmetic");
  EXPECT_EQ(spans[0].error, "_OTHER");
}

TEST(RequestSpans, NothingThatAnybodyWroteIsInThem) {
  agents::Trace trace;
  trace.question.text = "Secret?";
  trace.routing.question = "Secret?";
  trace.runs = {run("query_router", 0, 1)};
  trace.runs[0].error = Error{Code::kInternal, "Secret.", "Secret."};
  trace.model.calls = {call(0, 1, 11)};
  trace.model.calls[0].reply.reasoning = "Secret.";
  std::string all = tracing::to_otlp(spans_of(trace, kPlace, nanoseconds), {});
  EXPECT_EQ(all.find("Secret"), std::string::npos) << all;
}

}  // namespace
}  // namespace docmind::server
