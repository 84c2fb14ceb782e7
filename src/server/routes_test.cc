#include "server/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>

#include "base/json.h"
#include "net/client.h"
#include "net/sse.h"
#include "net/testing/recording_writer.h"
#include "server/testing/fake_service.h"

namespace docmind::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct RoutesTest : ::testing::Test {
  net::Response send(net::Request request) {
    net::testing::RecordingWriter writer;
    routes.handle(request, writer);
    return writer.response;
  }
  net::Response get(const std::string& target) { return send({.target = *net::Target::parse(target)}); }
  net::Response post(const std::string& path, const std::string& body, const std::string& accept = "") {
    return send({.method = "POST",
                 .target = {.path = path},
                 .headers = {{"Content-Type", "application/json"}, {"Accept", accept}},
                 .body = body});
  }
  net::Response upload(const std::string& body, const std::string& accept = "") {
    return send({.method = "POST",
                 .target = {.path = "/api/documents"},
                 .headers = {{"Content-Type", "multipart/form-data; boundary=XX"}, {"Accept", accept}},
                 .body = body});
  }

  testing::FakeService service;
  obs::Metrics metrics;
  ManualClock clock;
  Routes routes{{.settings = {.object = [] { return std::string("{\"search\":{}}"); }}}, service, metrics, clock};
};

agents::Citation sample_citation() {
  agents::Citation citation;
  citation.document = "/d/\xE8\x88\xB9.pdf";
  citation.document_id = "D1";
  citation.version = "ab";
  citation.page = 3;
  citation.page_end = 3;
  citation.page_label = "iii";
  citation.locator = "Masts";
  citation.span = {10, 21};
  citation.quote = "It is tall.";
  citation.before = "a";
  citation.after = "b";
  return citation;
}

service::Answer sample_answer() {
  service::Answer answer;
  answer.text = "It is tall.";
  answer.status = agents::AnswerStatus::kAnswered;
  answer.claims.emplace_back().text = "It is tall.";
  answer.claims.back().citations = {sample_citation()};
  answer.query_used = "tall mast";
  answer.route = "hybrid";
  answer.units_read = 5;
  answer.units_total = 9;
  answer.dropped = {"x"};
  answer.agents = {{"query_router", 0.5, "ok"}};
  answer.trace_id = "T1";
  answer.seconds = 0.25;
  return answer;
}

retrieval::Hit sample_hit() {
  retrieval::Hit hit;
  hit.document = "/a.pdf";
  hit.document_id = "D";
  hit.page = 2;
  hit.span = {3, 9};
  hit.text = "a\tb";
  hit.score = 0.03125;
  hit.ranks.bm25 = 1;
  return hit;
}

service::DocumentInfo sample_document() {
  service::DocumentInfo document;
  document.document = "/a.md";
  document.document_id = "D";
  document.version = "v";
  document.type = "markdown";
  document.size = 7;
  document.modified_ms = 1;
  document.added_ms = 2;
  document.chunks = 3;
  document.warnings = {"w"};
  return document;
}

std::string code_in(const net::Response& response) {
  const auto body = parse_json(response.body);
  return body ? std::string(body->at("error").at("code").as_string()) : response.body;
}

TEST_F(RoutesTest, TheLastMinutesOfMetricsAreSeries) {
  EXPECT_EQ(get("/api/metrics/series").status, 404);  // Nobody looks at them here.
  MetricSeries series(clock);
  Routes with({.series = &series}, service, metrics, clock);
  const auto ask = [&](const std::string& target) {
    net::testing::RecordingWriter writer;
    with.handle({.target = *net::Target::parse(target)}, writer);
    return writer.response;
  };
  series.add("docmind_http_requests_active 2\n", {{"resident_bytes", 7}});
  EXPECT_THAT(ask("/api/metrics/series?window=10").body,
              HasSubstr(R"("series":{"requests_active":[null,2],"resident_bytes":[null,7]})"));
  EXPECT_EQ(ask("/api/metrics/series?window=0").status, 400);
  EXPECT_EQ(ask("/api/metrics/series?step=x").status, 400);
}

TEST_F(RoutesTest, UnknownAddressesAndMethods) {
  const net::Response unknown = get("/no/such/route");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(code_in(unknown), "not_found");
  const net::Response wrong = get("/api/ask");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.find("Allow"), "POST");
  EXPECT_EQ(send({.method = "PUT", .target = {.path = "/api/documents"}}).headers.find("Allow"),
            "GET, HEAD, POST, DELETE");
  EXPECT_EQ(send({.method = "HEAD", .target = {.path = "/health/live"}}).status, 200);
  EXPECT_EQ(get("/api/traces/").status, 404);
  EXPECT_EQ(get("/api/traces/a/b").status, 404);
  EXPECT_EQ(get("/health/live").headers.find("Cache-Control"), "no-store");
  EXPECT_EQ(get("/").status, 200);
  EXPECT_EQ(get("/").headers.find("Cache-Control"), "no-cache");
  EXPECT_EQ(get("/").headers.find("X-Content-Type-Options"), "nosniff");
  EXPECT_THAT(metrics.text(), HasSubstr(R"(docmind_http_requests_total{method="GET",route="page",status="200"})"));
}

TEST_F(RoutesTest, PerformanceHasTheNewestReplyTheMachineAndTheLastHundred) {
  const auto before = parse_json(get("/api/performance").body);
  ASSERT_TRUE(before);
  EXPECT_TRUE(before->at("inference").is_null());
  EXPECT_TRUE(before->at("resources").at("ram_used").is_null());
  EXPECT_TRUE(before->at("generations").at("latency_ms").is_null());
  service.measured.newest = service::Generation{.at_ms = 1000,
                                                .backend = "vllm",
                                                .model = "m",
                                                .usage = {.prompt = 100, .cached = 50, .completion = 20},
                                                .seconds = 1,
                                                .prefill_seconds = 0.5,
                                                .decode_seconds = 0.25};
  service.measured.generations = {.count = 1, .latency = service::Spread{1, 2, 3}, .decode_rate = 80};
  service.measured.answers = {.count = 2, .given_again_share = 0.5};
  metrics.gauge("docmind_memory_usage_bytes", "").set(4e9);
  metrics.counter("docmind_queries_total", "", {{"query_type", "ask"}, {"status", "error"}}).add(2);
  metrics.counter("docmind_queries_total", "", {{"query_type", "ask"}, {"status", "success"}}).add(7);
  const auto now = parse_json(get("/api/performance").body);
  const auto& newest = now->at("inference");
  EXPECT_EQ(newest.at("timestamp"), "1970-01-01T00:00:01.000Z");
  EXPECT_EQ(newest.at("decode_tokens_per_second").to_number<double>(), 80.0);
  EXPECT_EQ(newest.at("prefill_tokens_per_second").to_number<double>(), 100.0);
  EXPECT_EQ(newest.at("time_to_first_token").to_number<double>(), 500.0);
  EXPECT_EQ(newest.at("total_latency").to_number<double>(), 1000.0);
  EXPECT_EQ(now->at("resources").at("ram_used").to_number<double>(), 4000.0);
  EXPECT_EQ(now->at("errors").at("count").to_number<double>(), 2.0);
  EXPECT_EQ(now->at("generations").at("latency_ms").at("p99").to_number<double>(), 3.0);
  EXPECT_EQ(now->at("answers").at("given_again_share").to_number<double>(), 0.5);
}

TEST_F(RoutesTest, HealthSaysWhatIsMissing) {
  service.checks = {{"library", service::CheckStatus::kOk, ""}, {"embedder", service::CheckStatus::kDegraded, "slow"}};
  EXPECT_EQ(get("/health/live").body, R"({"status":"live"})");
  clock.advance(std::chrono::seconds(7));
  const std::string checks =
      R"("checks":[{"name":"library","status":"ok","message":"","since_ms":7000,"last_error":null,"fallback":null},)"
      R"({"name":"embedder","status":"degraded","message":"slow","since_ms":7000,)"
      R"("last_error":{"code":"unavailable","message":"slow","at_ms":7000},"fallback":null}])";
  EXPECT_EQ(get("/health/ready").body, R"({"status":"ready","health":"degraded",)" + checks + "}");
  EXPECT_EQ(get("/health").body, R"({"status":"degraded","version":")" DOCMIND_VERSION R"(","ready":true,)" + checks +
                                     R"(,"alerts":[],"metrics":{"cpu_percent":null,"memory_percent":null,)"
                                     R"("gpu_memory_percent":null}})");
  metrics.gauge("docmind_memory_usage_bytes", "").set(3);
  metrics.gauge("docmind_memory_total_bytes", "").set(4);
  EXPECT_THAT(get("/health").body, HasSubstr(R"("memory_percent":75)"));
  service.is_ready = false;
  service.checks.push_back({"disk", service::CheckStatus::kFailed, "full"});
  EXPECT_EQ(get("/health/ready").status, 503);
  EXPECT_EQ(get("/health").status, 503);
  EXPECT_EQ(get("/health/live").status, 200) << "alive, if not well";
  EXPECT_THAT(get("/api/doctor").body, HasSubstr(R"("status":"failed")"));
  EXPECT_THAT(get("/api/doctor").body, HasSubstr(R"("parts":[{"name":"library","status":"ok",)"));
  EXPECT_EQ(Routes::lane({.target = {.path = "/health/ready"}}), net::Lane::kQuick);
  EXPECT_EQ(Routes::lane({.target = {.path = "/api/ask"}}), net::Lane::kNormal);
}

TEST_F(RoutesTest, AskGivesTheContractsObject) {
  service.answer = sample_answer();
  const net::Response response = post("/api/ask", R"({"question":"How tall?"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            "{\"answer\":\"It is tall.\",\"mode\":\"extractive\",\"status\":\"answered\",\"claims\":[{\"text\":\"It is "
            "tall.\",\"supported\":true,\"doubt\":null,\"origin\":\"documents\",\"citations\":[{\"document\":\"/d/"
            "\xE8\x88\xB9.pdf\","
            "\"document_id\":\"D1\",\"version\":\"ab\",\"page\":3,\"page_end\":3,\"page_label\":\"iii\",\"locator\":"
            "\"Masts\",\"start\":10,\"end\":21,\"quote\":\"It is tall.\",\"before\":\"a\",\"after\":\"b\",\"state\":"
            "\"current\"}]}],\"query_used\":\"tall mast\",\"coverage\":{\"read\":5,\"total\":9,\"unit\":\"passage\"},"
            "\"fallbacks\":[],\"partial_reason\":null,\"cache_age\":null,\"sends_text_to\":[],\"dropped\":[\"x\"],"
            "\"nearest\":[],\"agents\":[{\"name\":\"query_router\",\"seconds\":0.5,\"status\":\"ok\"}],\"tokens\":{"
            "\"prompt\":0,\"computed\":0,\"forked\":0,\"restored\":0,\"drafted\":0,\"completion\":0},\"context\":{"
            "\"trimmed\":false,\"policy\":null,\"limit\":null,\"original_tokens\":0,\"final_tokens\":0,\"dropped\":[]},"
            "\"cache\":\"miss\",\"backend\":null,\"trace_id\":\"T1\",\"seconds\":0.25,\"analysis\":\"combined\","
            "\"parts\":[]}");
  EXPECT_THAT(get("/metrics").body, HasSubstr("docmind_queries_total{query_type=\"hybrid\",status=\"success\"} 1"));
}

TEST_F(RoutesTest, EachDocumentIsAskedByItselfWhenItIsSaid) {
  service.answer = sample_answer();
  service.answer.separate = true;
  agents::DocumentPart& part = service.answer.by_document.emplace_back();
  part.document = "/d/a.pdf";
  part.document_id = "D1";
  part.status = "answered";
  part.count = 1;
  const net::Response response = post("/api/ask", R"({"question":"How tall?","analysis":"separate"})");
  EXPECT_EQ(service.question.analysis, service::Analysis::kSeparate);
  EXPECT_THAT(response.body,
              HasSubstr(R"("analysis":"separate","parts":[{"document":"/d/a.pdf","document_id":"D1","title":null,)"
                        R"("status":"answered","reason":null,"first":0,"count":1,"nearest":[],"trace_id":null}]})"));
  post("/api/ask", R"({"question":"How tall?","analysis":"combined"})");
  EXPECT_EQ(service.question.analysis, service::Analysis::kCombined);
  EXPECT_EQ(post("/api/ask", R"({"question":"How tall?","analysis":"each"})").status, 400);
}

TEST_F(RoutesTest, AnAnswerThatIsGivenAgainSaysSoAndHowOldItIs) {
  service.answer = sample_answer();
  service.answer.given_again = agents::GivenAgain{.layer = "semantic", .age = 90.5};
  const std::string body = post("/api/ask", R"({"question":"How tall?"})").body;
  EXPECT_THAT(body, HasSubstr(R"("cache":"semantic")"));
  EXPECT_THAT(body, HasSubstr(R"("cache_age":90.5)"));
}

TEST_F(RoutesTest, AQuestionSaysHowItUsesTheCacheAndWhoAsks) {
  post("/api/ask", R"({"question":"?"})");
  EXPECT_EQ(service.question.cache, cache::Use::kUse);
  post("/api/ask", R"({"question":"?","cache":"bypass","user":"anna"})");
  EXPECT_EQ(service.question.cache, cache::Use::kBypass);
  EXPECT_EQ(service.question.user, "anna");
  post("/api/ask", R"({"question":"?","cache":"refresh"})");
  EXPECT_EQ(service.question.cache, cache::Use::kRefresh);
  for (const char* wrong :
       {R"({"question":"?","cache":"no"})", R"({"question":"?","cache":true})", R"({"question":"?","user":7})"}) {
    EXPECT_EQ(post("/api/ask", wrong).status, 400) << wrong;
  }
  EXPECT_EQ(post("/api/ask", R"({"question":"?","user":")" + std::string(257, 'a') + "\"}").status, 400);
}

using Parameters = std::vector<std::pair<std::string, std::string>>;

TEST_F(RoutesTest, TheCacheIsShownAndPurged) {
  service.cached = {.answers = 3, .bytes = 900, .exact = 2, .semantic = 1, .misses = 4, .saved_tokens = 7};
  EXPECT_THAT(get("/api/cache").body,
              HasSubstr(R"("answers":3,"bytes":900,"hits":{"exact":2,"semantic":1},"misses":4)"));
  EXPECT_THAT(get("/api/cache").body, HasSubstr(R"("calibration":null)"));
  service.cached.calibration = {.distance = 0.1, .served = 700, .wrong = 0, .wrong_at_most = 0.25};
  EXPECT_THAT(get("/api/cache").body, HasSubstr(R"("calibration":{"served":700,"wrong":0,"wrong_at_most":0.25)"));
  const auto purge = [&](Parameters query) {
    return send({.method = "DELETE", .target = {.path = "/api/cache", .query = std::move(query)}});
  };
  EXPECT_EQ(purge({{"user", "anna"}}).body, R"({"purged":1})");
  EXPECT_EQ(purge({{"session", "s"}}).status, 200);
  EXPECT_EQ(purge({{"document", "/d/a.pdf"}}).status, 200);
  EXPECT_EQ(purge({{"all", "true"}}).status, 200);
  using enum cache::PurgeBy;
  EXPECT_EQ(service.purged, (std::vector<std::pair<cache::PurgeBy, std::string>>{
                                {kUser, "anna"}, {kSession, "s"}, {kDocument, "/d/a.pdf"}, {kAll, ""}}));
  const std::vector<Parameters> wrong = {
      {}, {{"all", "yes"}}, {{"user", ""}}, {{"who", "anna"}}, {{"user", "a"}, {"session", "b"}}};
  for (const Parameters& one : wrong) EXPECT_EQ(purge(one).status, 400);
  EXPECT_EQ(service.purged.size(), 4U);
}

TEST_F(RoutesTest, AnAbstentionShowsTheNearest) {
  service.answer.nearest = {sample_hit()};
  EXPECT_THAT(post("/api/ask", R"({"question":"?"})").body, HasSubstr(R"("status":"abstained","claims":[])"));
  EXPECT_THAT(post("/api/ask", R"({"question":"?"})").body,
              HasSubstr(R"("nearest":[{"document":"/a.pdf","document_id":"D","page":2,"start":3,"end":9,"text":"a\tb",)"
                        R"("score":0.03125,"ranks":{"bm25":1,"dense":null,"rerank":null}}])"));
}

TEST_F(RoutesTest, GeneralKnowledgeIsNeitherSupportedNorNot) {
  agents::Claim claim;
  claim.text = "It is red.";
  claim.supported = false;
  claim.origin = "general";
  service.answer.claims = {claim};
  EXPECT_THAT(post("/api/ask", R"({"question":"?"})").body,
              HasSubstr(R"({"text":"It is red.","supported":null,"doubt":null,"origin":"general","citations":[]})"));
}

TEST_F(RoutesTest, TheAgentsTotalsAreToldWithNullForWhatIsNotYet) {
  service.totals.queries = 3;
  service.totals.parallel_executions = 1;
  service.totals.success_rate = 0.5;
  service.totals.agents = {{"query_router", 2, 1, 0, R"({"type":"object"})", "broken"}};
  EXPECT_EQ(get("/api/agents").body, R"({"total_queries":3,"parallel_executions":1,"token_reduction_achieved":null,)"
                                     R"("coordination_overhead_ms":null,"success_rate":0.5,)"
                                     R"("agents":[{"name":"query_router","runs":{"ok":2,"failed":1,"skipped":0},)"
                                     R"("input":{"type":"object"},"output":null}]})");
  EXPECT_EQ(post("/api/agents", "{}").status, 405);
}

TEST_F(RoutesTest, WhatFellBackSaysSo) {
  service.answer.fallbacks = {"Searched by keywords alone: it is gone."};
  EXPECT_THAT(post("/api/ask", R"({"question":"?"})").body,
              HasSubstr(R"("fallbacks":["Searched by keywords alone: it is gone."])"));
  service.found.degraded = "it is gone";
  EXPECT_EQ(get("/api/search?q=x").body, R"({"hits":[],"degraded":"it is gone","seconds":0})");
}

TEST_F(RoutesTest, AskTakesAFilter) {
  EXPECT_EQ(
      post("/api/ask", R"({"question":" q ","filter":{"documents":["D1","/a/"],"types":["pdf"],"from":1,"to":-2}})")
          .status,
      200);
  EXPECT_EQ(service.question.text, " q ");
  EXPECT_EQ(service.question.filter.documents, (std::vector<std::string>{"D1", "/a/"}));
  EXPECT_EQ(service.question.filter.types, std::vector<std::string>{"pdf"});
  EXPECT_EQ(service.question.filter.modified_from, 1);
  EXPECT_EQ(service.question.filter.modified_to, -2);
}

TEST_F(RoutesTest, HostileBodiesAreBadRequests) {
  std::string many_keys = "{";
  for (int i = 0; i < 100'000; ++i) many_keys += "\"k" + std::to_string(i) + "\":0,";
  many_keys += "\"question\":\"x\"}";
  std::string long_list = R"({"question":"x","filter":{"types":["a")";
  for (int i = 0; i < 1000; ++i) long_list += ",\"a\"";
  for (const std::string& body : {std::string(),
                                  std::string("{"),
                                  std::string("[]"),
                                  std::string("7"),
                                  std::string("null"),
                                  std::string("{}"),
                                  std::string(R"({"question":7})"),
                                  std::string(R"({"question":""})"),
                                  std::string(R"({"question":" \n"})"),
                                  std::string(R"({"question":"a\u0000b"})"),
                                  std::string(R"({"question":"x","filtre":{}})"),
                                  std::string(R"({"question":"x","filter":[]})"),
                                  std::string(R"({"question":"x","filter":{"type":[]}})"),
                                  std::string(R"({"question":"x","filter":{"types":"pdf"}})"),
                                  std::string(R"({"question":"x","filter":{"types":[7]}})"),
                                  std::string(R"({"question":"x","filter":{"types":[""]}})"),
                                  std::string(R"({"question":"x","filter":{"from":1.5}})"),
                                  std::string(R"({"question":"x","filter":{"from":1e400}})"),
                                  std::string(R"({"question":"x","filter":{"from":99999999999999999999}})"),
                                  std::string(R"({"question":"x","question":"y"})"),
                                  std::string(R"({"question":"\ud800"})"),
                                  std::string("{\"question\":\"\xFF\"}"),
                                  std::string(R"({"question":"x"} {})"),
                                  std::string(R"({'question':'x'})"),
                                  R"({"question":")" + std::string(20'000, 'x') + "\"}",
                                  std::string(100'000, '['),
                                  R"({"question":)" + std::string(100'000, '['),
                                  many_keys,
                                  long_list + "]}}"}) {
    const net::Response response = post("/api/ask", body);
    EXPECT_EQ(response.status, 400) << body.substr(0, 80);
    EXPECT_EQ(code_in(response), "invalid_argument") << body.substr(0, 80);
  }
  EXPECT_EQ(service.question.text, "") << "nothing of it reached the service";
}

TEST_F(RoutesTest, SearchReadsItsParameters) {
  service.found.hits = {sample_hit()};
  service.found.seconds = 0.5;
  EXPECT_EQ(get("/api/search?q=two+words&k=3&document=D&document=%2Fb%2F&type=pdf&from=86400000&to=-1").body,
            R"({"hits":[{"document":"/a.pdf","document_id":"D","page":2,"start":3,"end":9,"text":"a\tb",)"
            R"("score":0.03125,"ranks":{"bm25":1,"dense":null,"rerank":null}}],"degraded":null,"seconds":0.5})");
  EXPECT_EQ(service.query.text, "two words");
  EXPECT_EQ(service.query.k, 3U);
  EXPECT_EQ(service.query.filter.documents, (std::vector<std::string>{"D", "/b/"}));
  EXPECT_EQ(service.query.filter.modified_from, 86'400'000);
  EXPECT_EQ(service.query.filter.modified_to, -1);
  EXPECT_EQ(get("/api/search?q=x").status, 200);
  EXPECT_EQ(service.query.k, 10U);
  for (const char* query : {"", "?q=", "?q=+", "?q=x&k=0", "?q=x&k=1001", "?q=x&k=-1", "?q=x&k=ten", "?q=x&k=3x",
                            "?q=x&k=", "?q=x&n=3", "?q=x&type=", "?q=x&from=yesterday", "?q=x&to=1e3"}) {
    EXPECT_EQ(get(std::string("/api/search") + query).status, 400) << query;
  }
}

TEST_F(RoutesTest, DocumentsAreListedAndDeleted) {
  service.document = sample_document();
  service.library.documents = {service.document};
  service.library.generation = 4;
  const std::string object = R"({"document":"/a.md","document_id":"D","version":"v","type":"markdown","title":null,)"
                             R"("size":7,"modified_ms":1,"added_ms":2,"pages":null,"chunks":3,"warnings":["w"]})";
  EXPECT_EQ(get("/api/documents").body, R"({"documents":[)" + object + R"(],"generation":4,"content_hash":null})");
  EXPECT_THAT(get("/api/documents?hash=true").body, HasSubstr(R"("content_hash":"c0ffee")"));
  EXPECT_EQ(send({.method = "DELETE", .target = *net::Target::parse("/api/documents/D")}).body, object);
  EXPECT_EQ(service.removed, "D");
  EXPECT_EQ(send({.method = "DELETE", .target = *net::Target::parse("/api/documents?document=%2Fa%20b.md")}).status,
            200);
  EXPECT_EQ(service.removed, "/a b.md");
  EXPECT_EQ(send({.method = "DELETE", .target = {.path = "/api/documents"}}).status, 400);
  service.failure = Error{Code::kNotFound, "no such document"};
  EXPECT_EQ(send({.method = "DELETE", .target = {.path = "/api/documents/X"}}).status, 404);
}

TEST_F(RoutesTest, VerifyTakesAnAnswerAsItWasGiven) {
  service.answer = sample_answer();
  const std::string answer = post("/api/ask", R"({"question":"?"})").body;
  service.verification = {.holds = true, .citations = {{"/a", {1, 4}, "current"}}};
  EXPECT_EQ(post("/api/verify", answer).body,
            R"({"holds":true,"citations":[{"document":"/a","start":1,"end":4,"state":"current"}]})");
  ASSERT_EQ(service.citations.size(), 1U);
  EXPECT_EQ(service.citations[0].quote, "It is tall.");
  EXPECT_EQ(service.citations[0].span, (doc::Span{10, 21}));
  EXPECT_EQ(service.citations[0].version, "ab");
  for (
      const char* body :
      {"{}", R"({"claims":{}})", R"({"claims":[7]})", R"({"claims":[{}]})", R"({"claims":[{"citations":[7]}]})",
       R"({"claims":[{"citations":[{}]}]})",
       R"({"claims":[{"citations":[{"document":"a","document_id":"b","version":"c","quote":"d","start":-1,"end":2}]}]})",
       R"({"claims":[{"citations":[{"document":"a","document_id":"b","version":"c","quote":"d","start":3,"end":2}]}]})",
       R"({"claims":[{"citations":[{"document":"a","document_id":"b","version":"c","quote":"d","start":1.5,"end":2}]}]})"}) {
    EXPECT_EQ(post("/api/verify", body).status, 400) << body;
  }
}

TEST_F(RoutesTest, IngestAnswersWithOneSummary) {
  service.summary.documents = 2;
  service.summary.added = 1;
  service.summary.unchanged = 1;
  service.summary.failed = {{"/x", "is empty"}};
  service.summary.missing = {"/gone"};
  service.summary.skipped = 3;
  service.summary.renamed = 1;
  service.summary.chunks = 5;
  service.summary.embedded = 4;
  service.summary.seconds = 1.5;
  EXPECT_EQ(post("/api/ingest", R"({"paths":["/a","/b c"]})").body,
            R"({"documents":2,"added":1,"updated":0,"unchanged":1,"failed":[{"path":"/x","error":"is empty"}],)"
            R"("missing":["/gone"],"skipped":3,"renamed":1,"chunks":5,"embedded":4,"seconds":1.5})");
  EXPECT_EQ(service.ingested, (std::vector<std::string>{"/a", "/b c"}));
  for (const char* body : {"{}", R"({"paths":[]})", R"({"paths":"/a"})", R"({"paths":["a"]})", R"({"paths":["../a"]})",
                           R"({"paths":["/a\u0000b"]})", R"({"paths":["/a"],"recursive":true})"}) {
    EXPECT_EQ(post("/api/ingest", body).status, 400) << body;
  }
  service.summary.cancelled = true;
  EXPECT_EQ(code_in(post("/api/ingest", R"({"paths":["/a"]})")), "cancelled");
}

std::vector<std::string> events(const std::string& body) {
  std::vector<std::string> out;
  net::SseParser parser;
  EXPECT_TRUE(parser.feed(body, [&](const net::SseEvent& event) -> Result<> {
    out.push_back(event.name + " " + event.data);
    return {};
  }));
  return out;
}

TEST_F(RoutesTest, IngestStreamsItsProgress) {
  service.progress.resize(2);
  service.progress[0].stage = ingest::Stage::kReading;
  service.progress[0].file = "/a";
  service.progress[0].files_total = 2;
  service.progress[0].pages = 7;
  service.progress[1].stage = ingest::Stage::kDone;
  const net::Response response = post("/api/ingest", R"({"paths":["/a"]})", "text/event-stream");
  EXPECT_EQ(response.headers.find("Content-Type"), "text/event-stream");
  const std::vector<std::string> got = events(response.body);
  ASSERT_EQ(got.size(), 4U);
  EXPECT_EQ(got[0], R"(job {"job":"1"})");
  EXPECT_EQ(got[1], R"(progress {"stage":"reading","file":"/a","files_done":0,"files_total":2,"bytes_done":0,)"
                    R"("bytes_total":0,"pages":7,"chunks_done":0,"chunks_found":0,"seconds":0,"seconds_left":null})");
  EXPECT_THAT(got[2], HasSubstr(R"("stage":"done")"));
  EXPECT_THAT(got[3], HasSubstr(R"(summary {"documents":0)"));
  service.failure = Error{Code::kUnavailable, "no parser", "reinstall"};
  EXPECT_EQ(events(post("/api/ingest", R"({"paths":["/a"]})", "text/event-stream").body).back(),
            R"(error {"error":{"code":"unavailable","message":"no parser","hint":"reinstall"}})");
}

TEST_F(RoutesTest, PathsMayBeRefusedOverTcp) {
  Routes strict({.paths_over_tcp = PathsOverTcp::kRefused}, service, metrics, clock);
  for (const auto& [peer, status] : {std::pair{net::Peer::kTcp, 403}, {net::Peer::kUnixSocket, 200}}) {
    net::testing::RecordingWriter writer;
    strict.handle({.method = "POST", .target = {.path = "/api/ingest"}, .body = R"({"paths":["/a"]})", .peer = peer},
                  writer);
    EXPECT_EQ(writer.response.status, status);
  }
}

std::string form(const std::string& name, const std::string& bytes) {
  return "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n" + bytes + "\r\n";
}

TEST_F(RoutesTest, UploadsKeepTheirNamesAndLoseTheirFolders) {
  service.summary.documents = 1;
  service.summary.added = 1;
  const net::Response response = upload(form("\xE8\x88\xB9.md", "a") + form("C:\\secret\\b.md", std::string("\0b", 2)) +
                                        form("../../etc/c.md", "") + "--XX--");
  EXPECT_THAT(response.body, HasSubstr(R"({"documents":3,"added":3,)"));
  EXPECT_EQ(service.uploads, (std::vector<std::pair<std::string, std::string>>{
                                 {"\xE8\x88\xB9.md", "a"}, {"b.md", std::string("\0b", 2)}, {"c.md", ""}}));
  EXPECT_EQ(events(upload(form("d.md", "x") + "--XX--", "text/event-stream").body).size(), 2U);
}

TEST_F(RoutesTest, BadUploadsAreBadRequests) {
  for (const std::string& body :
       {std::string(), std::string("--XX--"), form("a.md", "x"), form("", "x") + "--XX--", form("..", "x") + "--XX--",
        form("a/", "x") + "--XX--", form(std::string(256, 'x'), "x") + "--XX--",
        std::string("--XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nno file name\r\n--XX--")}) {
    EXPECT_EQ(upload(body).status, 400) << body.substr(0, 80);
  }
  EXPECT_EQ(post("/api/documents", "{}").status, 400);
  EXPECT_TRUE(service.uploads.empty());
  EXPECT_GT(routes.body_bytes({.target = {.path = "/api/documents"}}), 256U << 20U);
  EXPECT_EQ(routes.body_bytes({.target = {.path = "/api/ask"}}), 32U << 20U);
}

TEST_F(RoutesTest, FailuresKeepTheirCodeAndAreCounted) {
  service.failure = Error{Code::kDeadlineExceeded, "too slow", "again"};
  EXPECT_EQ(post("/api/ask", R"({"question":"?"})").status, 504);
  EXPECT_EQ(get("/api/search?q=x").status, 504);
  EXPECT_EQ(get("/api/traces/T").status, 504);
  EXPECT_EQ(get("/api/documents").status, 504);
  (void)get("/secret/in/the/path");
  const std::string text = get("/metrics").body;
  EXPECT_THAT(text, HasSubstr("docmind_queries_total{query_type=\"ask\",status=\"error\"} 1"));
  EXPECT_THAT(text,
              HasSubstr("docmind_http_requests_total{method=\"GET\",route=\"/api/traces/{id}\",status=\"504\"} 1"));
  EXPECT_THAT(text, HasSubstr("docmind_http_requests_total{method=\"other\",route=\"none\",status=\"404\"} 1"));
  EXPECT_THAT(text, HasSubstr("docmind_http_requests_active 1"));
  EXPECT_THAT(text, Not(HasSubstr("secret")));
}

TEST_F(RoutesTest, QuestionsAreCountedWhileTheyAreAnswered) {
  const obs::Gauge& active = metrics.gauge("docmind_active_queries", "");
  double meanwhile = 0;
  service.watched = [&](const agents::Watch&) { meanwhile = active.value(); };
  (void)post("/api/ask", R"({"question":"?"})");
  EXPECT_EQ(meanwhile, 1);
  EXPECT_EQ(active.value(), 0);
  service.failure = Error{Code::kInternal, "no", ""};
  (void)post("/api/ask", R"({"question":"?"})");
  (void)get("/api/search?q=x");
  EXPECT_EQ(active.value(), 0);
}

TEST_F(RoutesTest, AReplaySaysWhetherTheAnswerIsTheSame) {
  EXPECT_EQ(get("/api/traces/T1/replay").body, "{\"trace_id\":\"T1\",\"same\":true,\"differences\":[]}");
  service.replayed.differences = {"Claim 1 is another."};
  EXPECT_EQ(get("/api/traces/T1/replay").body,
            "{\"trace_id\":\"T1\",\"same\":false,\"differences\":[\"Claim 1 is another.\"]}");
}

TEST_F(RoutesTest, ConfigAndTracesAreShownAsTheyAre) {
  EXPECT_EQ(get("/api/settings").body, "{\"search\":{}}");
  EXPECT_EQ(get("/api/traces/T1").body, "{\"trace_id\":\"T1\"}");
  EXPECT_EQ(get("/api/traces/T1").headers.find("Content-Type"), "application/json");
}

// The whole way: client, socket, server, routes, and back.
TEST_F(RoutesTest, WorksOverARealSocket) {
  std::string folder = (std::filesystem::temp_directory_path() / "server-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  auto server = net::Server::open(
      {.body_bytes = [this](const net::Request& head) { return routes.body_bytes(head); }, .lane = Routes::lane},
      [this](const net::Request& request, net::ResponseWriter& out) { routes.handle(request, out); });
  ASSERT_TRUE(server);
  ASSERT_TRUE((*server)->listen_unix(folder + "/s"));
  const auto client = net::Client::open();
  ASSERT_TRUE(client);
  const net::Endpoint here{.unix_path = folder + "/s"};
  EXPECT_EQ((*client)->call(here, {.target = {.path = "/health/live"}})->body, R"({"status":"live"})");
  service.progress.resize(200);
  std::string stream;
  const net::Request request{.method = "POST",
                             .target = {.path = "/api/ingest"},
                             .headers = {{"Accept", "text/event-stream"}},
                             .body = R"({"paths":["/a"]})"};
  ASSERT_TRUE((*client)->call(here, request, {.on_data = [&](std::string_view bytes) -> Result<> {
                                stream += bytes;
                                return {};
                              }}));
  EXPECT_EQ(events(stream).size(), 202U);
  const auto missing = (*client)->call(here, {.target = {.path = "/nowhere"}});
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_NE(missing.error().hint, "");
  (*server)->stop(Deadline::never());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace docmind::server
