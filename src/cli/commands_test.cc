#include "cli/commands.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/render.h"

namespace docmind::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Answers every request with what it was given and remembers what was asked.
class FakeApi final : public Api {
 public:
  Result<net::Response> call(const net::Request& request) override {
    requests.push_back(request);
    if (failure) return *failure;
    return net::json_response(200, body);
  }
  Result<net::Response> stream(const net::Request& request, const net::SseParser::OnEvent& on_event) override {
    requests.push_back(request);
    if (failure) return *failure;
    for (const net::SseEvent& event : events) {
      if (auto taken = on_event(event); !taken) return taken.error();
    }
    return net::Response{};
  }

  std::string body = "{}";
  std::vector<net::SseEvent> events;
  std::optional<Error> failure;
  std::vector<net::Request> requests;
};

struct CommandsTest : testing::Test {
  Surroundings here(bool json = false) { return {terminal, "/home/anna", json, nullptr}; }

  std::string out;
  std::string err;
  Terminal terminal{[this](std::string_view t) { out += t; }, [this](std::string_view t) { err += t; }};
  FakeApi api;
};

constexpr const char* kAnswer = R"({"answer":"It is tall.","mode":"extractive","status":"answered","claims":[
  {"text":"It is tall.\u001b[2J","citations":[{"document":"/d/a.pdf","page":3,"page_label":"iii","locator":"2 Masts",
   "start":1,"end":12,"quote":"It is tall.\u001b[2J"}]}],"trace_id":"T1","seconds":0.25})";

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
  EXPECT_THAT(out, HasSubstr(R"({"name":"parser","status":"ok","message":"fine"}],"machine":{"a":1}})"));
  EXPECT_EQ(doctor(api, found("failed"), here()), kFailed);
  api.failure = Error{Code::kUnavailable, "the library is damaged", "restore it"};
  out.clear();
  EXPECT_EQ(doctor(api, found("ok"), here()), kFailed);
  EXPECT_THAT(out, HasSubstr("16 GiB"));
  EXPECT_THAT(out, HasSubstr("the library is damaged; restore it"));
  api.failure = Error{Code::kCancelled, "stopped", ""};
  EXPECT_EQ(doctor(api, found("ok"), here()), kInterrupted);
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

TEST(RenderJson, IsIndentedAndStillJson) {
  const auto value = *parse_json(R"({"a":[1,{"b":"x"}],"c":{}})");
  EXPECT_EQ(*parse_json(render_json(value)), value);
  EXPECT_THAT(render_json(value), HasSubstr("\n  \"a\": [\n"));
}

}  // namespace
}  // namespace docmind::cli
