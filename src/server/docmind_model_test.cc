// The model "docmind" through the routes: what clients of OpenAI's and Anthropic's APIs send and get.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "llm/testing/fake_backend.h"
#include "net/sse.h"
#include "net/testing/recording_writer.h"
#include "server/cited_text.h"
#include "server/routes.h"
#include "server/testing/fake_service.h"

namespace docmind::server {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

agents::Citation cited(const std::string& quote, std::optional<std::uint32_t> page) {
  agents::Citation citation;
  citation.document = "/d/\xE8\x88\xB9.pdf";
  citation.document_id = "D1";
  citation.version = "ab";
  citation.page = page;
  citation.page_end = page;
  citation.span = {10, 21};
  citation.quote = quote;
  return citation;
}

service::Answer two_sentences() {
  service::Answer answer;
  answer.status = agents::AnswerStatus::kAnswered;
  answer.claims.resize(3);
  answer.claims[0].text = "M\xC3\xA4sts are tall.";
  answer.claims[0].citations = {cited("tall", 3)};
  answer.claims[1].text = "Nobody bears this out.";
  answer.claims[1].supported = false;
  answer.claims[2].text = "They are wood.";
  answer.claims[2].citations = {cited("wood", 3), cited("oak", std::nullopt)};
  answer.tokens.prompt = 100;
  answer.tokens.computed = 40;
  answer.tokens.completion = 7;
  answer.trace_id = "T1";
  return answer;
}

struct DocmindModelTest : ::testing::Test {
  void SetUp() override { service.answer = two_sentences(); }

  net::Response post(const std::string& path, const std::string& body) {
    routes.handle({.method = "POST",
                   .target = {.path = path},
                   .headers = {{"Content-Type", "application/json"},
                               {"Host", "127.0.0.1:8080"},
                               {"Authorization", "Bearer sk-none"},
                               {"x-api-key", "none"},
                               {"anthropic-version", "2023-06-01"}},
                   .body = body,
                   .peer = net::Peer::kTcp},
                  out);
    return out.response;
  }
  json::value chat(const std::string& fields) {
    return *parse_json(post("/v1/chat/completions", R"({"model":"docmind",)" + fields + "}").body);
  }
  std::string refusal(const std::string& path, const std::string& body) {
    const net::Response response = post(path, body);
    if (response.status != 400) return "status " + std::to_string(response.status);
    return std::string(json_text(parse_json(response.body)->at("error").at("message")));
  }
  // The events of what was streamed.
  std::vector<net::SseEvent> events() const {
    std::vector<net::SseEvent> all;
    net::SseParser parser;
    EXPECT_TRUE(parser.feed(out.response.body, [&](const net::SseEvent& event) -> Result<> {
      all.push_back(event);
      return {};
    }));
    return all;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const net::SseEvent& one : events()) all.push_back(one.name);
    return all;
  }

  testing::FakeService service;
  obs::Metrics metrics;
  ManualClock clock;
  llm::testing::FakeBackend raw{"qwen"};
  Routes routes{{.models = {{ModelUse::kText, &raw}}}, service, metrics, clock};
  net::testing::RecordingWriter out;
};

constexpr const char* kHello = R"("messages":[{"role":"user","content":"Masts?"}])";

TEST_F(DocmindModelTest, IsListedBesideTheRawModels) {
  routes.handle({.target = {.path = "/v1/models"}}, out);
  EXPECT_EQ(out.response.body, R"({"object":"list","data":[{"id":"qwen","object":"model"},)"
                               R"({"id":"docmind","object":"model","created":0,"owned_by":"docmind"}]})");
  routes.handle({.target = {.path = "/v1/models/docmind"}}, out);
  EXPECT_THAT(out.response.body, HasSubstr(R"("id":"docmind")"));
  routes.handle({.target = {.path = "/v1/models/gpt-4"}}, out);
  EXPECT_EQ(out.response.status, 404);
  EXPECT_THAT(out.response.body, HasSubstr(R"("type":"invalid_request_error")"));
}

TEST_F(DocmindModelTest, OtherNamesGoToTheRawModels) {
  raw.reply = {200, R"({"choices":[]})", ""};
  EXPECT_EQ(post("/v1/chat/completions", R"({"model":"qwen","messages":[]})").body, R"({"choices":[]})");
  const net::Response unknown = post("/v1/chat/completions", R"({"model":"gpt-4","messages":[]})");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body,
            R"({"error":{"message":"there is no model gpt-4","type":"invalid_request_error","param":null,)"
            R"("code":"not_found","hint":"GET /v1/models lists those that are loaded."}})");
  EXPECT_EQ(service.question.text, "");
}

TEST_F(DocmindModelTest, AChatCompletionHasMarksAndWhereTheyStand) {
  const json::value body = chat(kHello);
  const json::value& message = body.at("choices").at(0).at("message");
  EXPECT_EQ(message.at("content"), "M\xC3\xA4sts are tall. [1]\n\nThey are wood. [2] [3]");
  EXPECT_EQ(body.at("choices").at(0).at("finish_reason"), "stop");
  EXPECT_EQ(
      to_text(body.at("usage")),
      R"({"prompt_tokens":100,"completion_tokens":7,"total_tokens":107,"prompt_tokens_details":{"cached_tokens":60}})");
  ASSERT_EQ(message.at("annotations").as_array().size(), 3U);
  EXPECT_EQ(to_text(message.at("annotations").at(0)),
            R"({"type":"url_citation","url_citation":{"start_index":16,"end_index":19,"title":")"
            "\xE8\x88\xB9.pdf, page 3"
            R"(","url":"http://127.0.0.1:8080/doc/D1?start=10&end=21&v=ab"}})");
  EXPECT_EQ(message.at("annotations").at(2).at("url_citation").at("start_index"), 40) << "in code points";
  EXPECT_EQ(body.at("docmind").at("trace_id"), "T1");
  EXPECT_EQ(body.at("docmind").at("status"), "answered");
  EXPECT_EQ(body.at("docmind").at("citations").at(1).at("quote"), "wood");
  EXPECT_EQ(body.at("docmind").at("citations").at(1).at("number"), 2);
}

TEST_F(DocmindModelTest, TheLastOfTheUserIsTheQuestionAndTheRestItsHistory) {
  chat(R"("messages":[{"role":"system","content":"Be a pirate."},{"role":"user","content":"Who made the mast?"},)"
       R"({"role":"assistant","content":"Ann did. [1]\n\nIn 1950. [2] [3]"},)"
       R"({"role":"user","content":[{"type":"text","text":"And"},{"type":"text","text":"the hull?"}]}],)"
       R"("user":"u1","docmind":{"filter":{"types":["pdf"]},"cache":"bypass"},"logit_bias":{"5":1})");
  EXPECT_THAT(service.question.text, HasSubstr("hull"));
  EXPECT_EQ(service.question.user, "u1");
  EXPECT_EQ(service.question.filter.types, std::vector<std::string>{"pdf"});
  EXPECT_EQ(service.question.cache, cache::Use::kBypass);
  ASSERT_EQ(service.question.history.size(), 1U);
  EXPECT_EQ(service.question.history[0].question, "Who made the mast?");
  EXPECT_EQ(service.question.history[0].answer, "Ann did.\n\nIn 1950.") << "without the marks";
}

TEST_F(DocmindModelTest, AStreamHasOneDeltaASentence) {
  post("/v1/chat/completions",
       std::string(R"({"model":"docmind","stream":true,"stream_options":{"include_usage":true},)") + kHello + "}");
  const auto all = events();
  ASSERT_EQ(all.size(), 6U) << out.response.body;
  std::string text;
  for (std::size_t i = 0; i < 4; ++i) {
    const json::value chunk = *parse_json(all[i].data);
    EXPECT_EQ(chunk.at("object"), "chat.completion.chunk");
    text += json_text(json_member(chunk.at("choices").at(0).at("delta"), "content"));
  }
  EXPECT_EQ(text, "M\xC3\xA4sts are tall. [1]\n\nThey are wood. [2] [3]");
  const json::value last = *parse_json(all[3].data);
  EXPECT_EQ(last.at("choices").at(0).at("finish_reason"), "stop");
  EXPECT_EQ(last.at("choices").at(0).at("delta").at("annotations").as_array().size(), 3U);
  EXPECT_EQ(parse_json(all[4].data)->at("usage").at("total_tokens"), 107);
  EXPECT_EQ(parse_json(all[4].data)->at("choices").as_array().size(), 0U);
  EXPECT_EQ(all[5].data, "[DONE]");
  EXPECT_TRUE(out.ended);
}

TEST_F(DocmindModelTest, AnAbstentionNamesTheNearestPassages) {
  service.answer = {};
  service.answer.nearest.resize(1);
  service.answer.nearest[0].document = "/a/policy.pdf";
  service.answer.nearest[0].page = 12;
  const json::value body = chat(kHello);
  EXPECT_EQ(body.at("choices").at(0).at("message").at("content"),
            "Your documents do not say.\n\nThe nearest passages:\n- policy.pdf, page 12");
  EXPECT_EQ(body.at("choices").at(0).at("message").at("annotations").as_array().size(), 0U);
  EXPECT_EQ(body.at("docmind").at("status"), "abstained");
}

TEST_F(DocmindModelTest, RefusesWhatCouldOnlyBeObeyedWrongly) {
  const auto chat_with = [this](const std::string& fields) {
    return refusal("/v1/chat/completions", R"({"model":"docmind",)" + fields + "}");
  };
  EXPECT_THAT(chat_with(R"("stream":false)"), HasSubstr("\"messages\" is missing"));
  EXPECT_THAT(chat_with(R"("messages":"a")"), HasSubstr("\"messages\" must be a list"));
  EXPECT_THAT(chat_with(R"("messages":[])"), HasSubstr("role \"user\""));
  EXPECT_THAT(chat_with(R"("messages":[7])"), HasSubstr("\"role\""));
  EXPECT_THAT(chat_with(R"("messages":[{"role":"user","content":7}])"), HasSubstr("\"content\""));
  EXPECT_THAT(chat_with(R"("messages":[{"role":"user","content":[{"type":"image_url"}]}])"), HasSubstr("image_url"));
  const std::string hello = std::string(kHello) + ",";
  EXPECT_THAT(chat_with(hello + R"("stream":"yes")"), HasSubstr("\"stream\" must be true or false"));
  EXPECT_THAT(chat_with(hello + R"("temperature":"hot")"), HasSubstr("\"temperature\" must be a number"));
  EXPECT_THAT(chat_with(hello + R"("n":2)"), HasSubstr("\"n\" must be 1"));
  EXPECT_THAT(chat_with(hello + R"("response_format":{"type":"json_object"})"), HasSubstr("sentences"));
  EXPECT_THAT(chat_with(hello + R"("tool_choice":"required")"), HasSubstr("tool_choice"));
  EXPECT_THAT(chat_with(hello + R"("docmind":{"fliter":{}})"), HasSubstr("fliter"));
  EXPECT_THAT(refusal("/v1/responses", R"({"input":7})"), HasSubstr("\"input\""));
  EXPECT_THAT(refusal("/v1/responses", R"({"input":"a","previous_response_id":"r"})"), HasSubstr("keeps no responses"));
  EXPECT_THAT(refusal("/v1/messages", R"({"messages":[{"role":"user","content":"a"}],"max_tokens":"a"})"),
              HasSubstr("max_tokens"));
  EXPECT_EQ(service.question.text, "");
}

TEST_F(DocmindModelTest, FailuresHaveTheShapeOfTheirApi) {
  service.failure = Error{Code::kUnavailable, "it sleeps", "Wake it."};
  const std::string asked = std::string("{\"model\":\"docmind\",") + kHello + ",\"stream\":true}";
  const net::Response chat = post("/v1/chat/completions", asked);
  EXPECT_EQ(chat.status, 503) << "nothing was streamed yet";
  EXPECT_EQ(chat.body, R"({"error":{"message":"it sleeps","type":"server_error","param":null,"code":"unavailable",)"
                       R"("hint":"Wake it."}})");
  const net::Response message = post("/v1/messages", asked);
  EXPECT_EQ(message.status, 503);
  EXPECT_EQ(message.body, R"({"type":"error","error":{"type":"overloaded_error","message":"it sleeps: Wake it."}})");
  EXPECT_EQ(post("/v1/messages", R"({"model":"claude-3","messages":[]})").status, 404);
}

TEST_F(DocmindModelTest, AResponseNamesTheFiles) {
  const json::value body = *parse_json(post("/v1/responses", R"({"model":"docmind","input":"Masts?"})").body);
  EXPECT_EQ(service.question.text, "Masts?");
  EXPECT_EQ(body.at("status"), "completed");
  const json::value& text = body.at("output").at(0).at("content").at(0);
  EXPECT_EQ(text.at("text"), "M\xC3\xA4sts are tall. [1]\n\nThey are wood. [2] [3]");
  EXPECT_EQ(to_text(text.at("annotations").at(0)),
            "{\"type\":\"file_citation\",\"file_id\":\"D1\",\"filename\":\"\xE8\x88\xB9.pdf\",\"index\":16}");
  EXPECT_EQ(body.at("usage").at("input_tokens"), 100);
}

TEST_F(DocmindModelTest, AResponseStreamGoesFromCreatedToCompleted) {
  post("/v1/responses", R"({"model":"docmind","stream":true,"input":[{"role":"user","content":[)"
                        R"({"type":"input_text","text":"Masts?"}]}]})");
  EXPECT_EQ(names(), (std::vector<std::string>{
                         "response.created", "response.in_progress", "response.output_item.added",
                         "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
                         "response.output_text.annotation.added", "response.output_text.annotation.added",
                         "response.output_text.annotation.added", "response.output_text.done",
                         "response.content_part.done", "response.output_item.done", "response.completed"}));
  const auto all = events();
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(parse_json(all[i].data)->at("sequence_number"), i);
    EXPECT_EQ(parse_json(all[i].data)->at("type").as_string(), all[i].name);
  }
}

TEST_F(DocmindModelTest, AMessageHasABlockASentence) {
  const json::value body = *parse_json(
      post("/v1/messages", std::string(R"({"model":"docmind","max_tokens":9,"system":"x",)") + kHello + "}").body);
  EXPECT_EQ(body.at("stop_reason"), "end_turn");
  EXPECT_EQ(body.at("usage").at("input_tokens"), 40);
  ASSERT_EQ(body.at("content").as_array().size(), 2U);
  EXPECT_EQ(body.at("content").at(1).at("text"), "\n\nThey are wood.");
  EXPECT_EQ(to_text(body.at("content").at(0).at("citations")),
            "[{\"type\":\"page_location\",\"cited_text\":\"tall\",\"document_index\":0,\"document_title\":"
            "\"\xE8\x88\xB9.pdf\",\"file_id\":null,\"start_page_number\":3,\"end_page_number\":4}]");
  EXPECT_EQ(body.at("content").at(1).at("citations").at(1).at("type"), "search_result_location");
  EXPECT_EQ(body.at("content").at(1).at("citations").at(1).at("source"),
            "http://127.0.0.1:8080/doc/D1?start=10&end=21&v=ab");
}

TEST_F(DocmindModelTest, AMessageStreamHasAnthropicsOrder) {
  post("/v1/messages", std::string(R"({"model":"docmind","max_tokens":9,"stream":true,)") + kHello + "}");
  EXPECT_EQ(names(), (std::vector<std::string>{"message_start", "content_block_start", "content_block_delta",
                                               "content_block_delta", "content_block_stop", "content_block_start",
                                               "content_block_delta", "content_block_delta", "content_block_delta",
                                               "content_block_stop", "message_delta", "message_stop"}));
  EXPECT_EQ(parse_json(events()[2].data)->at("delta").at("type"), "citations_delta");
  EXPECT_EQ(parse_json(events()[3].data)->at("delta").at("text"), "M\xC3\xA4sts are tall.");
}

TEST_F(DocmindModelTest, EachDocumentsSentencesStandBelowItsName) {
  service.answer.by_document.resize(3);
  for (const auto& [at, name] : {std::pair{0, "/d/a.pdf"}, std::pair{1, "/d/b.pdf"}, std::pair{2, "/d/c.pdf"}}) {
    service.answer.by_document[at].document = name;
    service.answer.by_document[at].status = at == 2 ? "failed" : "abstained";
  }
  service.answer.by_document[0].count = 3;
  service.answer.by_document[2].reason = "It hung.";
  service.answer.units_total = 5;
  const json::value reply =
      chat(R"("messages":[{"role":"user","content":"How tall?"}],"docmind":{"analysis":"separate"})");
  EXPECT_EQ(service.question.analysis, service::Analysis::kSeparate);
  EXPECT_EQ(reply.at("choices").at(0).at("message").at("content"),
            "a.pdf:\n\nM\xC3\xA4sts are tall. [1]\n\nThey are wood. [2] [3]\n\nb.pdf: This document does not "
            "say.\n\nc.pdf: It could not be asked: It hung.\n\nFurther documents that were not asked: 2.");
  EXPECT_EQ(reply.at("docmind").at("parts").as_array().size(), 3U);
}

TEST(CitedText, OnlyMarksAreTakenOut) {
  EXPECT_EQ(unmarked("a [1] b [23]."), "a b.");
  EXPECT_EQ(unmarked("a [] [x] [1 x[2] ["), "a [] [x] [1 x[2] [");
}

TEST(CitedText, GeneralKnowledgeStandsBehindWordsThatSaySo) {
  const json::value answer = {
      {"claims", json::array{{{"text", "Wood."}, {"supported", nullptr}, {"origin", "general"}}}},
      {"partial_reason", "The documents do not answer."}};
  const std::vector<Sentence> said = sentences_of(answer);
  ASSERT_EQ(said.size(), 2U);
  EXPECT_THAT(said[0].text, HasSubstr("not from your documents"));
}

TEST(CitedText, APartSaysWhyItIsNoMore) {
  const json::value answer = {
      {"claims", json::array{{{"text", "Wood."}, {"supported", true}, {"origin", "documents"}}}},
      {"partial_reason", "A page is missing."}};
  EXPECT_EQ(sentences_of(answer).back().text, "This is not the whole answer. A page is missing.");
}

}  // namespace
}  // namespace docmind::server
