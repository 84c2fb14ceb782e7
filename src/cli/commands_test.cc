#include "cli/commands.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/testing/fake_api.h"

namespace docmind::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct CommandsTest : ::testing::Test {
  Surroundings here(bool json = false) { return {terminal, "/home/anna", json, nullptr}; }

  std::string out;
  std::string err;
  Terminal terminal{[this](std::string_view t) { out += t; }, [this](std::string_view t) { err += t; }};
  testing::FakeApi api;
};

constexpr const char* kAnswer = R"({"answer":"It is tall.","mode":"extractive","status":"answered","claims":[
  {"text":"It is tall.\u001b[2J","citations":[{"document":"/d/a.pdf","page":3,"page_label":"iii","locator":"2 Masts",
   "start":1,"end":12,"quote":"It is tall.\u001b[2J"}]}],"trace_id":"T1","seconds":0.25})";

TEST_F(CommandsTest, AnAnswerThatIsGivenAgainSaysSo) {
  api.body = R"({"answer":"It is tall.","status":"answered","claims":[],"cache":"exact","cache_age":61.2})";
  EXPECT_EQ(ask(api, {.question = "How tall?", .no_cache = true}, here()), kOk);
  EXPECT_EQ(api.requests.at(0).body, R"({"question":"How tall?","cache":"bypass"})");
  EXPECT_THAT(out, HasSubstr("Given 61 seconds ago to who asked the same"));
}

TEST_F(CommandsTest, KeptAnswersAreCountedAndTakenAway) {
  api.body = R"({"answers":3,"bytes":1048576,"hits":{"exact":2,"semantic":1},"misses":4,"saved_seconds":1.5,)"
             R"("place":"redis://h:6379/0","trouble":"It is away."})";
  EXPECT_EQ(cache_stats(api, {}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("3 answers, 1.0 MiB, in redis://h:6379/0\nIt is away.\nsince"));
  api.body = R"({"max_distance":0.1,"calibration":null})";
  EXPECT_EQ(cache_stats(api, {}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("distance 0.1: not calibrated"));
  api.body = R"({"max_distance":0.1,"calibration":{"served":700,"wrong":0,"wrong_at_most":0.0043,"confidence":0.95}})";
  EXPECT_EQ(cache_stats(api, {}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("distance 0.1: at most 0.43 % of semantic hits wrong, 95 % confidence, n = 700"));
  api.body = R"({"purged":2})";
  EXPECT_EQ(cache_purge(api, {.session = "ferries"}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("2 taken away"));
  EXPECT_EQ(api.requests.back().method, "DELETE");
  EXPECT_EQ(api.requests.back().target.parameter("session"), "ferries");
}

TEST_F(CommandsTest, PerformanceIsToldAndWhatNobodyKnowsIsADash) {
  api.body =
      R"({"inference":{"model":"tiny\u001b[2J","backend":"llamacpp","tokens_generated":12,"total_latency":250.0,)"
      R"("time_to_first_token":null},"generations":{"count":3,"latency_ms":{"p50":1,"p95":2,"p99":3.25},)"
      R"("prefill_tokens_per_second":null,"decode_tokens_per_second":80.5,"cached_share":0.6},)"
      R"("answers":{"count":100,"latency_ms":null,"coordination_ms":4.25,"given_again_share":0.5}})";
  EXPECT_EQ(performance(api, {}, here()), kOk);
  EXPECT_EQ(api.requests.back().target.text(), "/api/performance");
  EXPECT_THAT(out, HasSubstr("p50 1.0 ms, p95 2.0 ms, p99 3.2 ms"));
  EXPECT_THAT(out, HasSubstr("prefill -, decode 80.5 tokens/s, prompt not computed 60.0 %"));
  EXPECT_THAT(out, HasSubstr("given again 50.0 %, coordination 4.2 ms"));
  EXPECT_THAT(out, HasSubstr("by llamacpp, 12 tokens in 250.0 ms, the first after -"));
  EXPECT_THAT(out, Not(HasSubstr("\u001b")));
  out.clear();
  api.body = R"({"inference":null,"generations":{"count":0,"latency_ms":null},"answers":{"count":0}})";
  EXPECT_EQ(performance(api, {}, here()), kOk);
  EXPECT_THAT(out, Not(HasSubstr("newest")));
}

TEST_F(CommandsTest, AnswersShowMarkersAndPlaces) {
  api.body = kAnswer;
  EXPECT_EQ(ask(api, {"How tall?", {}}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("It is tall."));
  EXPECT_THAT(out, HasSubstr("[1] a.pdf, page 3 (“iii”), 2 Masts"));
  EXPECT_THAT(out, HasSubstr("docmind trace T1"));
  EXPECT_THAT(out, Not(HasSubstr("\x1b"))) << "a document steers the terminal";
  EXPECT_EQ(api.requests.at(0).body, R"({"question":"How tall?"})");
}

TEST_F(CommandsTest, WhatNoDocumentBearsOutIsMarked) {
  api.body = R"({"status":"partial","claims":[{"text":"By Michelangelo.","supported":null,"origin":"general"}],
    "partial_reason":"The documents do not answer.","nearest":[{"document":"/d/a.txt","text":"A ceiling."}]})";
  EXPECT_EQ(ask(api, {"Who painted it?", {}}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("what the chat model knows of itself:\nBy Michelangelo.\n"));
  EXPECT_THAT(out, HasSubstr("The nearest passages:"));
  EXPECT_THAT(out, HasSubstr("A ceiling."));
  out.clear();
  api.body = R"({"status":"answered","claims":[{"text":"It is red.","supported":false,"origin":"documents"},
    {"text":"It is tall.","supported":true,"origin":"documents"}]})";
  EXPECT_EQ(ask(api, {"How is it?", {}}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("It is red. (not borne out by the documents)\nIt is tall.\n"));
  EXPECT_THAT(out, Not(HasSubstr("knows of itself")));
}

TEST_F(CommandsTest, APlaceThatIsNotThereIsSaid) {
  api.body = R"({"status":"abstained","answer":"a.pdf has no page\u001b 9: it has 2 pages.","nearest":[]})";
  EXPECT_EQ(ask(api, {"What is on page 9 of a.pdf?", {}}, here()), kOk);
  EXPECT_EQ(out, "a.pdf has no page  9: it has 2 pages.\n");
}

TEST_F(CommandsTest, AFallbackIsSaid) {
  api.body = R"({"status":"abstained","fallbacks":["Searched by keywords alone: it\u001b is gone."]})";
  EXPECT_EQ(ask(api, {"How tall?", {}}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("Searched by keywords alone: it  is gone.\n"));
  out.clear();
  api.body = R"({"hits":[],"degraded":"it is gone"})";
  EXPECT_EQ(search(api, {"mast", 10, {}}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("Searched by keywords alone: it is gone\n"));
  out.clear();
  api.body = R"({"hits":[],"degraded":null})";
  EXPECT_EQ(search(api, {"mast", 10, {}}, here()), kOk);
  EXPECT_EQ(out, "Nothing found.\n");
}

TEST_F(CommandsTest, EachDocumentHasItsHeading) {
  api.body = R"({"status":"partial","mode":"extractive","coverage":{"read":3,"total":5,"unit":"document"},
    "claims":[{"text":"It is 24 m.","supported":true,"citations":[{"document":"/d/a.txt","quote":"It is 24 m."}]},
              {"text":"It is 31 m.","supported":true,"citations":[{"document":"/d/b.txt","quote":"It is 31 m."}]}],
    "parts":[{"document":"/d/a.txt","status":"answered","first":0,"count":1},
             {"document":"/d/b\u001b.txt","status":"answered","first":1,"count":1},
             {"document":"/d/c.txt","status":"abstained","first":2,"count":0},
             {"document":"/d/d.txt","status":"failed","reason":"It hung.","first":2,"count":900}]})";
  AskOptions options{.question = "How tall?"};
  options.separate = true;
  EXPECT_EQ(ask(api, options, here()), kOk);
  EXPECT_EQ(api.requests.at(0).body, R"({"question":"How tall?","analysis":"separate"})");
  EXPECT_THAT(out, HasSubstr("/d/a.txt\nIt is 24 m. [1]\n\n/d/b .txt\nIt is 31 m. [2]\n\n/d/d.txt\nIt could not be "
                             "asked: It hung.\n\nDo not say: /d/c.txt\n\nNot asked: 1 document with passages further "
                             "away.\n"));
  out.clear();
  api.body = R"({"status":"abstained","parts":[
    {"document":"/d/c.txt","status":"abstained","first":0,"count":0},
    {"document":"/d/e.txt","status":"abstained","first":0,"count":0}]})";
  EXPECT_EQ(ask(api, options, here()), kOk);
  EXPECT_THAT(out, HasSubstr("Do not say: /d/c.txt, /d/e.txt\n"));
}

TEST_F(CommandsTest, ATraceNamesThoseOfItsParts) {
  api.body = R"({"trace_id":"T1","question":"Q?","status":"answered","seconds":1,"parts":[],"agents":[],
    "documents":[{"document_id":"D1","status":"abstained","trace_id":"T2"}]})";
  EXPECT_EQ(trace(api, {.id = "T1"}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("└─ document D1: abstained → docmind trace T2\n"));
}

constexpr const char* kTrace = R"({"trace_id":"T1","question":"How\u001b tall?","status":"partial","route":"hybrid",
  "route_reason":"It has words.","seconds":1.5,"model":"qwen","dropped":2,
  "parts":[{"asks":"how tall","candidates":31,"best":1.8,"threshold":1.62},
           {"asks":"who","candidates":2,"best":0.5,"threshold":0.5}],
  "agents":[{"name":"query_router","part":null,"began":0,"seconds":0.0001,"status":"ok"},
    {"name":"query_planner","part":null,"began":0.0001,"seconds":0.0001,"status":"ok"},
    {"name":"retrieval_expert","part":0,"began":0.0002,"seconds":0.0125,"status":"ok"},
    {"name":"retrieval_expert","part":1,"began":0.0002,"seconds":0.2,"status":"failed",
     "error":{"message":"it hung"},"replaced_by":"keywords alone"},
    {"name":"result_synthesizer","part":null,"began":0.2125,"seconds":1.2,"status":"ok"},
    {"name":"response_validator","part":null,"began":1.4125,"seconds":0.01,"status":"ok"}],
  "model_calls":[{"began":0.22,"seconds":1.19,"prompt":1200,"reused":800,"computed":400,"completion":56}]})";

TEST_F(CommandsTest, ATraceIsATreeWithTimesAndTokens) {
  api.body = kTrace;
  EXPECT_EQ(trace(api, {.id = "T1"}, here()), kOk);
  EXPECT_EQ(api.requests.at(0).target.path, "/api/traces/T1");
  EXPECT_EQ(
      out,
      "      began         took     prompt     reused   computed    written\n"
      "               1500.0 ms                                              How  tall?: partial\n"
      "     0.0 ms       0.1 ms                                              ├─ query_router: hybrid, It has words.\n"
      "     0.1 ms       0.1 ms                                              ├─ query_planner: 2 parts\n"
      "                                                                      ├─ retrieval_expert\n"
      "     0.2 ms      12.5 ms                                              │  ├─ part 1 “how tall”: 31 looked at, "
      "the best 1.80 where 1.62 is too little\n"
      "     0.2 ms     200.0 ms                                              │  └─ part 2 “who”: 2 looked at, "
      "the best 0.50 where 0.50 is too little, failed: it hung → keywords alone\n"
      "   212.5 ms    1200.0 ms                                              ├─ result_synthesizer\n"
      "   220.0 ms    1190.0 ms       1200        800        400         56  │  └─ qwen\n"
      "  1412.5 ms      10.0 ms                                              └─ response_validator: 2 claims dropped\n"
      "Candidates with ranks and scores: docmind trace T1 --json\n");
}

TEST_F(CommandsTest, ASupervisedAnswerShowsItsStepsAndWhatWasWrittenWithoutThem) {
  api.body = R"({"trace_id":"T2","question":"Q?","status":"partial","seconds":3,"model":"qwen","parts":[{}],
  "agents":[{"name":"result_synthesizer","part":null,"began":0,"seconds":3,"status":"ok"}],
  "model_calls":[{"began":0.1001,"seconds":0.8,"prompt":100,"reused":0,"computed":100,"completion":5},
                 {"began":1.0,"seconds":0.4,"prompt":120,"reused":90,"computed":30,"completion":6},
                 {"began":2.0,"seconds":0.9,"prompt":90,"reused":0,"computed":90,"completion":7}],
  "supervisor":{"end":"failed","failure":{"message":"its 2 calls are used\u001b up"},"steps":[
    {"agent":"retrieval_expert","tool":"search","began":1.5,"seconds":0.01,"error":"no\u001b phrase"},
    {"agent":"supervisor","tool":null,"began":0.1,"seconds":0.8001,"error":null,"prompt":100,"reused":0,
     "computed":100,"completion":5},
    {"agent":"retrieval_expert","tool":null,"began":1.0,"seconds":0.4,"error":null,"prompt":120,"reused":90,
     "computed":30,"completion":6}]}})";
  EXPECT_EQ(trace(api, {.id = "T2"}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("├─ supervised: failed, its 2 calls are used  up\n"));
  EXPECT_THAT(out, HasSubstr("100          5     │  ├─ supervisor\n"));
  EXPECT_THAT(out, HasSubstr(" 10.0 ms                                                 │  └─ retrieval_expert: search, "
                             "failed: no  phrase\n"));
  EXPECT_THAT(out, HasSubstr("90          7     └─ qwen\n"));
  EXPECT_EQ(out.find("qwen"), out.rfind("qwen")) << "its calls are not shown twice";
}

TEST_F(CommandsTest, AnOldTraceIsShownWithWhatItHas) {
  api.body =
      R"({"trace_id":"T0","question":"Why?","status":"answered","route":"keyword","route_reason":"An identifier.",
    "parts":[{"asks":"why","candidates":3,"best":2,"threshold":1.62}],
    "agents":[{"name":"query_router","seconds":0.001,"status":"ok"},{"name":"retrieval_expert","seconds":0.002,"status":"ok"}]})";
  EXPECT_EQ(trace(api, {.id = "T0"}, here()), kOk);
  EXPECT_EQ(out,
            "      began         took\n"
            "                          Why?: answered\n"
            "                  1.0 ms  ├─ query_router: keyword, An identifier.\n"
            "                  2.0 ms  └─ retrieval_expert: 3 looked at, the best 2.00 where 1.62 is too little\n"
            "Candidates with ranks and scores: docmind trace T0 --json\n");
}

TEST_F(CommandsTest, AReplayTellsWhatDiffers) {
  api.body = R"({"trace_id":"T1","same":true,"differences":[]})";
  EXPECT_EQ(trace(api, {.id = "T1", .replay = true}, here()), kOk);
  EXPECT_EQ(api.requests.at(0).target.path, "/api/traces/T1/replay");
  EXPECT_EQ(out, "The answer is the same, byte for byte.\n");
  out.clear();
  api.body = R"({"trace_id":"T1","same":false,"differences":["Claim 1 is another: \u001b[2J"]})";
  EXPECT_EQ(trace(api, {.id = "T1", .replay = true}, here()), kFailed);
  EXPECT_EQ(out, "The answer is not the same:\n  Claim 1 is another:  [2J\n");
  api.failure = Error{Code::kConflict, "A document was changed.", "Ask again."};
  EXPECT_EQ(trace(api, {.id = "T1", .replay = true}, here()), kFailed);
  EXPECT_THAT(err, HasSubstr("A document was changed."));
}

TEST(RenderSummary, TellsOfFilesThatWereNotRead) {
  const auto summary = *parse_json(R"({"documents":1,"skipped":2,"renamed":1,"missing":["/a/\u001bgone.md"]})");
  const std::string text = render_summary(summary, Terminal{});
  EXPECT_THAT(text, HasSubstr("skipped: 2 files"));
  EXPECT_THAT(text, HasSubstr("renamed: 1 document\n"));
  EXPECT_THAT(text, HasSubstr("missing: /a/ gone.md\n"));
}

TEST_F(CommandsTest, JsonIsTheBodyAndNothingElse) {
  api.body = R"({"hits":[]})";
  EXPECT_EQ(search(api, {"x", 3, {{"sub/b.md"}, {"pdf"}, "1970-01-02", ""}}, here(true)), kOk);
  EXPECT_EQ(out, "{\"hits\":[]}\n");
  EXPECT_EQ(api.requests.at(0).target.text(),
            "/api/search?q=x&k=3&document=%2Fhome%2Fanna%2Fsub%2Fb.md&type=pdf&from=86400000");
}

TEST_F(CommandsTest, ADayThatIsNotThereIsAnError) {
  EXPECT_EQ(search(api, {"x", 3, {{}, {}, "2023-02-30", ""}}, here()), kFailed);
  EXPECT_THAT(err, HasSubstr("there is no day 2023-02-30"));
}

TEST_F(CommandsTest, IngestShowsProgressAndTheExitCodeCountsFailures) {
  const auto run = [&](const std::string& summary) {
    api.events = {{"progress", R"({"stage":"reading","files_done":0,"files_total":2})", ""}, {"summary", summary, ""}};
    return ingest(api, {{"docs", "/abs/x.pdf"}}, here());
  };
  EXPECT_EQ(run(R"({"documents":2,"added":2,"failed":[]})"), kOk);
  EXPECT_THAT(err, HasSubstr("reading 0/2 files"));
  EXPECT_EQ(api.requests.at(0).body, R"({"paths":["/home/anna/docs","/abs/x.pdf"]})");
  EXPECT_EQ(run(R"({"documents":1,"failed":[{"path":"/p","error":"is empty"}]})"), kSomeFailed);
  EXPECT_THAT(out, HasSubstr("is empty"));
  EXPECT_EQ(run(R"({"documents":0,"failed":[{"path":"/p","error":"is empty"}]})"), kFailed);
  EXPECT_EQ(run(R"({"documents":0,"failed":[]})"), kOk);
  api.events = {{"error", R"({"error":{"code":"unavailable","message":"no parser","hint":"reinstall"}})", ""}};
  EXPECT_EQ(ingest(api, {{"x"}}, here()), kFailed);
  EXPECT_THAT(err, HasSubstr("no parser\n  reinstall"));
  api.events.clear();
  EXPECT_EQ(ingest(api, {{"x"}}, here()), kFailed);
  api.failure = Error{Code::kCancelled, "the request was stopped", ""};
  EXPECT_EQ(ingest(api, {{"x"}}, here()), kInterrupted);
  EXPECT_THAT(err, HasSubstr("docmind: stopped\n  What was read is in the library"));
}

TEST_F(CommandsTest, ErrorsGoToStderrWithTheirHintAndCancelIs130) {
  api.failure = Error{Code::kUnavailable, "nobody listens", "start it"};
  EXPECT_EQ(ask(api, {"x", {}}, here()), kFailed);
  EXPECT_THAT(err, HasSubstr("docmind: nobody listens\n  start it"));
  EXPECT_EQ(out, "");
  EXPECT_EQ(ask(api, {"x", {}}, here(true)), kFailed);
  EXPECT_THAT(out, HasSubstr(R"("code":"unavailable")"));
  api.failure = Error{Code::kCancelled, "stopped", ""};
  EXPECT_EQ(ask(api, {"x", {}}, here()), kInterrupted);
}

TEST_F(CommandsTest, ABodyThatIsNotJsonIsAnError) {
  api.body = "<html>";
  EXPECT_EQ(ask(api, {"x", {}}, here()), kFailed);
}

TEST_F(CommandsTest, VerifyAndDoctorTurnVerdictsIntoCodes) {
  Surroundings with_file = here();
  with_file.read_file = [](const std::string&) -> Result<std::string> { return std::string("{\"claims\":[]}"); };
  api.body = R"({"holds":true,"citations":[]})";
  EXPECT_EQ(verify(api, {"a.json"}, with_file), kOk);
  api.body = R"({"holds":false,"citations":[{"state":"changed","document":"/d","start":1,"end":2}]})";
  EXPECT_EQ(verify(api, {"a.json"}, with_file), kFailed);
  EXPECT_THAT(out, HasSubstr("changed"));
  with_file.read_file = [](const std::string&) -> Result<std::string> { return std::string("not json"); };
  EXPECT_EQ(verify(api, {"a.json"}, with_file), kFailed);
  EXPECT_THAT(err, HasSubstr("is not an answer"));
  api.body = R"({"checks":[{"name":"parser","status":"ok","message":"fine"}]})";
  EXPECT_EQ(doctor(api, {}, here()), kOk);
  api.body = R"({"checks":[{"name":"parser","status":"failed","message":"no libpdfium"}]})";
  EXPECT_EQ(doctor(api, {}, here()), kFailed);
}

TEST_F(CommandsTest, DoctorTellsOfTheMachineEvenWhenTheProductDoesNotStart) {
  const auto found = [](const char* status) {
    return parse_json(
               fmt::format(R"({{"checks":[{{"name":"memory","status":"{}","message":"16 GiB"}}],"machine":{{"a":1}}}})",
                           status))
        ->as_object();
  };
  api.body = R"({"status":"ok","checks":[{"name":"parser","status":"ok","message":"fine"}]})";
  EXPECT_EQ(doctor(api, found("degraded"), here(true)), kOk);
  EXPECT_THAT(out, StartsWith(R"({"status":"degraded","checks":[{"name":"memory",)"));
  EXPECT_THAT(out, HasSubstr(R"({"name":"parser","status":"ok","message":"fine"}],"machine":{"a":1},"parts":[]})"));
  EXPECT_EQ(doctor(api, found("failed"), here()), kFailed);
  api.failure = Error{Code::kUnavailable, "the library is damaged", "restore it"};
  out.clear();
  EXPECT_EQ(doctor(api, found("ok"), here()), kFailed);
  EXPECT_THAT(out, HasSubstr("16 GiB"));
  EXPECT_THAT(out, HasSubstr("the library is damaged; restore it"));
  api.failure = Error{Code::kCancelled, "stopped", ""};
  EXPECT_EQ(doctor(api, found("ok"), here()), kInterrupted);
}

TEST_F(CommandsTest, DoctorTellsOfPartsThatAreNotWellOrWereNot) {
  api.body = R"({"status":"ok","checks":[],"parts":[
    {"name":"library","status":"ok","message":"","since_ms":1000,"last_error":null,"fallback":null},
    {"name":"embedder","status":"degraded","message":"no\u001b answer","since_ms":2000,
     "last_error":{"code":"unavailable","message":"no\u001b answer","at_ms":3000},"fallback":"words alone"},
    {"name":"backend vllm","status":"ok","message":"in use","since_ms":4000,
     "last_error":{"code":"internal","message":"it fell","at_ms":3500},"fallback":null}]})";
  EXPECT_EQ(doctor(api, {}, here()), kOk);
  EXPECT_EQ(out,
            "degraded  embedder  since 1970-01-01T00:00:02.000Z: no  answer; instead: words alone; "
            "last error 1970-01-01T00:00:03.000Z (unavailable)\n"
            "ok        backend vllm  since 1970-01-01T00:00:04.000Z: in use; "
            "last error 1970-01-01T00:00:03.500Z (internal): it fell\n");
  out.clear();
  EXPECT_EQ(doctor(api, {}, here(true)), kOk);
  EXPECT_THAT(out, HasSubstr(R"("parts":[{"name":"library","status":"ok","message":"","since_ms":1000,)"));
}

TEST_F(CommandsTest, DeleteTriesAnUploadsNameWhenThePathIsNotThere) {
  api.failure = Error{Code::kNotFound, "no such document", ""};
  EXPECT_EQ(remove(api, {{"up.pdf"}}, here()), kFailed);
  ASSERT_EQ(api.requests.size(), 2U);
  EXPECT_EQ(api.requests[0].target.parameter("document"), "/home/anna/up.pdf");
  EXPECT_EQ(api.requests[1].target.parameter("document"), "up.pdf");
  EXPECT_EQ(api.requests[1].method, "DELETE");
}

TEST(Progress, LineNeverBreaksAndTellsWhatIsLeft) {
  std::string err;
  Terminal terminal{[](std::string_view) {}, [&](std::string_view t) { err += t; }};
  terminal.live = true;
  terminal.width = 30;
  ProgressView view(terminal);
  view.show(*parse_json(R"({"stage":"embedding","files_done":1,"files_total":3,"pages":40,"chunks_done":10,
    "chunks_found":20,"seconds":2.0,"seconds_left":2.0,"file":"/x/船\n船.pdf"})"));
  view.finish();
  EXPECT_THAT(err, Not(HasSubstr("\n")));
  EXPECT_EQ(
      progress_line(*parse_json(R"({"stage":"embedding","files_done":1,"files_total":3,"pages":40,"chunks_done":10,
    "chunks_found":20,"seconds":2.0,"seconds_left":2.0,"file":"/x/a.pdf"})")),
      "embedding 1/3 files, 40 pages, 10/20 chunks, 20 pages/s, 5 chunks/s, 2 s left: a.pdf");
}

}  // namespace
}  // namespace docmind::cli
