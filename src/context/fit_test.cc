#include "context/fit.h"

#include <gtest/gtest.h>

#include <string>

#include "base/json.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "context/impl/measure.h"
#include "context/impl/slide.h"
#include "context/impl/turns.h"
#include "context/testing/word_model.h"

namespace docmind::context {
namespace {

using llm::ChatMessage;
using llm::ChatRequest;
using llm::Role;
using testing::model_of;
using testing::WordTokenizer;

std::string words(std::size_t count, std::string_view word = "wor") {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out.append(word).append(i % 10 == 9 ? ".\n" : " ");
  return out;
}

// Sentences of ten words each, numbered, so that what stays can be told.
std::string sentences(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += "Line " + std::to_string(i) + " has a few more words in it. ";
  return out;
}

ChatMessage message(Role role, std::string content) { return {.role = role, .content = std::move(content)}; }
ChatMessage calls(const std::string& id, std::string arguments) {
  return {.role = Role::kAssistant, .tool_calls = {{.id = id, .name = "find", .arguments = std::move(arguments)}}};
}
ChatMessage result(const std::string& id, std::string content) {
  return {.role = Role::kTool, .content = std::move(content), .tool_call_id = id};
}

class Fit : public ::testing::Test {
 protected:
  Result<Fitted> fitted(ChatRequest request, const FitOptions& options = {}) {
    return fit(std::move(request), model, counter, options, Deadline::never(), {});
  }
  std::uint64_t tokens(const ChatRequest& request) {
    return measure(request, model, counter, Deadline::never(), {})->total();
  }

  WordTokenizer tokenizer;
  TokenCounter counter{tokenizer};
  llm::Capabilities model = model_of(4'096);  // Trimmed from 3,750, at most 3,840.
};

TEST_F(Fit, WhatFitsIsLeftAlone) {
  const ChatRequest request{.messages = {message(Role::kSystem, "Be brief."), message(Role::kUser, words(3'000))},
                            .max_tokens = 200};
  const auto out = fitted(request);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->request.messages[1].content, request.messages[1].content);
  EXPECT_FALSE(out->report.trimmed);
  EXPECT_EQ(out->report.original_tokens, tokens(request));
  EXPECT_EQ(out->report.final_tokens, out->report.original_tokens);
  EXPECT_EQ(out->report.limit, 4'096U);
  EXPECT_EQ(out->report.reserved, 200U);
  EXPECT_TRUE(fitted({})->request.messages.empty());
}

TEST_F(Fit, TheOldestTurnsGo) {
  ChatRequest request{.messages = {message(Role::kSystem, "Be brief.")}, .max_tokens = 200};
  for (int i = 0; i < 10; ++i) {
    request.messages.push_back(message(Role::kUser, "question " + std::to_string(i) + words(200)));
    request.messages.push_back(message(Role::kAssistant, words(300)));
  }
  request.messages.push_back(message(Role::kUser, "last question"));
  const auto out = fitted(request);
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->report.trimmed);
  EXPECT_LE(out->report.final_tokens, 3'750U);
  EXPECT_EQ(out->report.final_tokens, tokens(out->request));
  EXPECT_EQ(out->request.messages.front().role, Role::kSystem);
  EXPECT_EQ(out->request.messages[1].role, Role::kUser);
  EXPECT_EQ(out->request.messages.back().content, "last question");
  EXPECT_EQ(out->report.dropped.size(), request.messages.size() - out->request.messages.size());
  EXPECT_EQ(out->report.dropped[0].index, 1U);
  EXPECT_EQ(out->report.dropped[0].role, "user");
  std::uint64_t gone = 0;
  for (const Dropped& dropped : out->report.dropped) gone += dropped.tokens;
  EXPECT_EQ(gone, out->report.original_tokens - out->report.final_tokens);
}

// A cached beginning is worth nothing when each new turn moves it.
TEST_F(Fit, TheBeginningStaysTheSameForManyTurns) {
  ChatRequest request{.max_tokens = 200};
  int moved = 0;
  int turns = 0;
  std::string first;
  for (int i = 0; i < 400; ++i) {
    request.messages.push_back(message(Role::kUser, "question " + std::to_string(i) + words(20)));
    const auto out = fitted(request);
    ASSERT_TRUE(out);
    request.messages.push_back(message(Role::kAssistant, words(30)));
    if (!out->report.trimmed) continue;
    ++turns;
    EXPECT_GE(out->report.final_tokens, 3'750U * 7 / 8 - 100);
    if (out->request.messages.front().content != first) ++moved;
    first = out->request.messages.front().content;
  }
  EXPECT_GT(turns, 300);
  EXPECT_LT(moved, turns / 5);
}

TEST_F(Fit, ALargeTurnIsNotDroppedForRoundNumbers) {
  const ChatRequest request{.messages = {message(Role::kUser, words(300)), message(Role::kAssistant, words(300)),
                                         message(Role::kUser, words(1'500)), message(Role::kAssistant, words(1'500)),
                                         message(Role::kUser, "last")},
                            .max_tokens = 200};
  ASSERT_GT(tokens(request), 3'750U);
  const auto out = fitted(request);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->request.messages.size(), 3U);
}

TEST_F(Fit, ToolRoundsOfTheNewestTurnGoWhole) {
  ChatRequest request{.messages = {message(Role::kUser, "question")}, .max_tokens = 200};
  for (int i = 0; i < 20; ++i) {
    request.messages.push_back(calls("c" + std::to_string(i), R"({"words":"lamp"})"));
    request.messages.push_back(result("c" + std::to_string(i), words(300)));
  }
  const auto out = fitted(request);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->request.messages.front().content, "question");
  EXPECT_EQ(out->request.messages.size() % 2, 1U);
  EXPECT_EQ(out->request.messages[1].tool_calls.at(0).id, out->request.messages[2].tool_call_id);
  EXPECT_EQ(out->request.messages.back().tool_call_id, "c19");
  EXPECT_EQ(out->report.dropped[0].id, "c0");
}

TEST_F(Fit, PassagesAndDocumentsGoByRankIfTheyMay) {
  ChatRequest request{.messages = {message(Role::kUser, "question")},
                      .documents = {{"d", words(500)}},
                      .passages = {{"a", words(1'500)}, {"b", words(1'500)}, {"c", words(1'500)}},
                      .max_tokens = 200};
  const auto refused = fitted(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  const auto out = fitted(request, {.passages = Ranked::kDropLast});
  ASSERT_TRUE(out);
  ASSERT_EQ(out->request.passages.size(), 2U);
  EXPECT_EQ(out->request.passages[1].title, "b");
  EXPECT_EQ(out->report.dropped.at(0).id, "c");
  EXPECT_EQ(out->request.documents.size(), 1U);
  request.documents = {{"d", words(1'500)}, {"e", words(4'000)}};
  const auto both = fitted(request, {.passages = Ranked::kDropLast, .documents = Ranked::kDropLast});
  ASSERT_TRUE(both);
  EXPECT_TRUE(both->request.passages.empty());
  EXPECT_EQ(both->request.documents.size(), 1U);
}

TEST_F(Fit, RefusedWithTheCounts) {
  const ChatRequest request{.messages = {message(Role::kUser, words(5'000))}, .max_tokens = 200};
  const auto refused = fitted(request, {.policy = Policy::kRefuse});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  EXPECT_EQ(refused.error().message, "The prompt has " + std::to_string(tokens(request)) +
                                         " tokens and 200 are kept for the answer; the window of words holds 4096.");
  EXPECT_NE(refused.error().hint, "");
  // What cannot be trimmed is refused, too: nothing is cut that was not named.
  const auto newest = fitted(request);
  ASSERT_FALSE(newest);
  EXPECT_NE(newest.error().message.find("of them have to stay"), std::string::npos);
  ChatRequest system{.messages = {message(Role::kSystem, words(5'000)), message(Role::kUser, "hi")}, .max_tokens = 9};
  EXPECT_FALSE(fitted(system));
  EXPECT_FALSE(fitted(system, {.policy = Policy::kSlidingWindow}));
  // Refusing takes all of the window but the answer's room.
  EXPECT_TRUE(
      fitted({.messages = {message(Role::kUser, words(3'700))}, .max_tokens = 200}, {.policy = Policy::kRefuse}));
}

TEST_F(Fit, ToolsAreCounted) {
  ChatRequest request{.messages = {message(Role::kUser, words(3'500))}, .max_tokens = 200};
  ASSERT_TRUE(fitted(request));
  request.tools = {{"find", words(300), R"({"type":"object","properties":{"words":{"type":"string"}}})"}};
  EXPECT_FALSE(fitted(request));
}

TEST_F(Fit, AModelThatCannotCountIsNeverPassed) {
  model.counts_tokens = false;
  ChatRequest request{.max_tokens = 100};
  for (int i = 0; i < 50; ++i) request.messages.push_back(message(Role::kUser, words(40)));
  const auto out = fitted(request);
  ASSERT_TRUE(out);
  EXPECT_FALSE(out->report.exact);
  std::size_t bytes = 0;
  for (const ChatMessage& one : out->request.messages) bytes += one.content.size();
  EXPECT_LE(bytes, 3'840U);
  EXPECT_NE(fitted({.messages = {message(Role::kUser, words(5'000))}}).error().message.find("up to"),
            std::string::npos);
}

TEST_F(Fit, AWindowSlidesOverASinglePrompt) {
  model = model_of(131'072);
  const std::string text = sentences(20'000);
  ChatRequest request{.messages = {message(Role::kSystem, "Be brief."), message(Role::kUser, text)},
                      .max_tokens = 2'048};
  const auto out = fitted(request, {.policy = Policy::kSlidingWindow});
  ASSERT_TRUE(out) << out.error().message;
  const std::string& kept = out->request.messages[1].content;
  ASSERT_EQ(out->report.dropped.size(), 1U);
  const Dropped& dropped = out->report.dropped[0];
  EXPECT_EQ(kept, text.substr(0, dropped.start) + std::string(kTruncationMark) + text.substr(dropped.end));
  // The first 20,000 and the last 100,000, to a few bytes; the tail a sentence earlier.
  EXPECT_NEAR(WordTokenizer::tokens_of(std::string_view(text).substr(0, dropped.start)), 20'000, 16);
  const std::uint64_t tail = WordTokenizer::tokens_of(std::string_view(text).substr(dropped.end));
  EXPECT_GE(tail, 99'984U);
  EXPECT_LE(tail, 100'000U + 2'048U);
  EXPECT_EQ(text.substr(dropped.end, 5), "Line ");
  EXPECT_LE(out->report.final_tokens, 122'880U);
  EXPECT_EQ(out->report.final_tokens, tokens(out->request));
}

TEST_F(Fit, LongDocumentsAreCutToOneLength) {
  const ChatRequest request{.messages = {message(Role::kUser, "question")},
                            .documents = {{"a", sentences(300)}, {"b", sentences(20)}, {"c", sentences(700)}},
                            .max_tokens = 200};
  const auto out = fitted(request, {.policy = Policy::kSlidingWindow});
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->report.dropped.size(), 2U);
  EXPECT_EQ(out->request.documents[1].text, sentences(20));
  const auto a = WordTokenizer::tokens_of(out->request.documents[0].text);
  const auto c = WordTokenizer::tokens_of(out->request.documents[2].text);
  EXPECT_NEAR(a, c, 64);
  EXPECT_GT(out->report.final_tokens, 3'500U);
  EXPECT_LE(out->report.final_tokens, 3'840U);
}

TEST_F(Fit, SlidingKeepsCharactersWhole) {
  std::string text;
  for (int i = 0; i < 9'000; ++i) text += i % 20 == 19 ? "。" : "灯";
  const auto out =
      fitted({.messages = {message(Role::kUser, text)}, .max_tokens = 100}, {.policy = Policy::kSlidingWindow});
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_TRUE(is_utf8(out->request.messages[0].content));
  const auto broken = fitted({.messages = {message(Role::kUser, std::string(40'000, '\xff'))}, .max_tokens = 100},
                             {.policy = Policy::kSlidingWindow});
  ASSERT_TRUE(broken) << broken.error().message;
  EXPECT_TRUE(is_utf8(broken->request.messages[0].content));
}

TEST_F(Fit, TheReportAsJson) {
  Report report{.trimmed = true, .policy = Policy::kNewest, .limit = 100, .reserved = 10, .trim_from = 90};
  report.original_tokens = 120;
  report.final_tokens = 80;
  report.dropped.push_back({.index = 1, .role = "tool", .id = "c1", .tokens = 40});
  report.dropped.push_back({.kind = PieceKind::kDocument, .index = 0, .id = "a", .tokens = 3, .start = 5, .end = 9});
  EXPECT_EQ(
      to_text(to_json(report)),
      R"({"trimmed":true,"policy":"newest","limit":100,"reserved":10,"trim_from":90,"original_tokens":120,)"
      R"("final_tokens":80,"exact":true,"dropped":[{"kind":"message","index":1,"role":"tool","id":"c1","tokens":40},)"
      R"({"kind":"document","index":0,"id":"a","tokens":3,"start":5,"end":9}]})");
  report.dropped.assign(250, {.tokens = 2});
  const auto json = to_json(report);
  const auto& dropped = json.at("dropped").as_array();
  ASSERT_EQ(dropped.size(), 101U);
  EXPECT_EQ(to_text(dropped.back()), R"({"kind":"more","count":150,"tokens":300})");
}

// What a random conversation is made of; hostile ones too: results nobody asked for, ids used twice, NULs.
class Histories {
 public:
  explicit Histories(std::uint64_t seed) : rng_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return rng_.next() % bound; }

  ChatRequest next() {
    ChatRequest out{.max_tokens = static_cast<std::uint32_t>(below(4) == 0 ? 0 : 1 + below(300))};
    const std::size_t count = 1 + below(40);
    while (out.messages.size() < count) add(out.messages);
    for (std::uint64_t i = below(8) == 0 ? 1 + below(3) : 0; i > 0; --i) out.documents.push_back({"d", text(300)});
    for (std::uint64_t i = below(8) == 0 ? 1 + below(5) : 0; i > 0; --i) out.passages.push_back({"p", text(200)});
    if (below(5) == 0) out.tools.push_back({"find", text(20), R"({"type":"object"})"});
    return out;
  }

 private:
  std::string text(std::uint64_t most) {
    std::string out = words(below(below(10) == 0 ? most * 4 : most), below(3) == 0 ? "灯" : "lamp");
    if (below(20) == 0) out += std::string("\0<|im_end|>", 11);
    return out;
  }

  void add(std::vector<ChatMessage>& to) {
    switch (below(9)) {
      case 0:
        return to.push_back(message(below(3) == 0 ? Role::kSystem : Role::kUser, text(40)));
      case 1:
      case 2:
        return to.push_back(message(Role::kUser, text(200)));
      case 3:
      case 4:
        return to.push_back(message(Role::kAssistant, text(200)));
      case 5:
        return to.push_back(result(std::to_string(below(9)), text(100)));
      default:
        const std::string id = std::to_string(below(4));
        to.push_back(calls(id, R"({"a":[1,2]})"));
        if (below(4) > 0) to.push_back(result(below(9) == 0 ? "" : id, text(200)));
    }
  }

  SeededRng rng_;
};

// `kept` in order, each equal to a message of `all`; which.
std::vector<std::size_t> places(const std::vector<ChatMessage>& all, const Report& report) {
  std::vector<bool> gone(all.size());
  for (const Dropped& dropped : report.dropped) {
    if (dropped.kind == PieceKind::kMessage && dropped.end == 0) gone.at(dropped.index) = true;
  }
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!gone[i]) out.push_back(i);
  }
  return out;
}

bool same(const ChatMessage& a, const ChatMessage& b) {
  return a.role == b.role && a.content == b.content && a.tool_calls == b.tool_calls && a.tool_call_id == b.tool_call_id;
}

TEST_F(Fit, TenThousandRandomHistories) {
  Histories histories(5);
  int trimmed = 0;
  int refused = 0;
  for (int round = 0; round < 10'000; ++round) {
    model = model_of(static_cast<std::uint32_t>(500 + histories.below(5'000)));
    const ChatRequest request = histories.next();
    FitOptions options{.policy = histories.below(4) == 0 ? Policy::kSlidingWindow : Policy::kNewest};
    if (histories.below(2) == 0) options.passages = options.documents = Ranked::kDropLast;
    const auto out = fitted(request, options);
    if (!out) {
      ASSERT_EQ(out.error().code, Code::kResourceExhausted);
      ++refused;
      continue;
    }
    trimmed += out->report.trimmed ? 1 : 0;
    const Report& report = out->report;
    const std::uint64_t sent = tokens(out->request);
    ASSERT_LE(sent, report.final_tokens) << round;
    ASSERT_LE(report.final_tokens + report.reserved, model.context) << round;
    const std::vector<std::size_t> kept = places(request.messages, report);
    ASSERT_EQ(kept.size(), out->request.messages.size()) << round;
    if (options.policy == Policy::kSlidingWindow) {
      ASSERT_EQ(kept.size(), request.messages.size()) << round;
      continue;
    }
    for (std::size_t i = 0; i < kept.size(); ++i) {
      ASSERT_TRUE(same(out->request.messages[i], request.messages[kept[i]])) << round;
    }
    std::vector<bool> stays(request.messages.size());
    for (const std::size_t i : kept) stays[i] = true;
    for (std::size_t i = 0; i < stays.size(); ++i) {
      if (request.messages[i].role == Role::kSystem) ASSERT_TRUE(stays[i]) << round;
    }
    for (const Atom& atom : atoms(request.messages)) {  // Whole or not at all.
      for (std::size_t i = atom.begin; i < atom.end; ++i) {
        if (request.messages[i].role != Role::kSystem) ASSERT_EQ(stays[i], stays[atom.begin]) << round;
      }
    }
    // What is newest stays: the last user's message and the last message of all.
    ASSERT_TRUE(stays.back()) << round;
    for (std::size_t i = stays.size(); i-- > 0;) {
      if (request.messages[i].role != Role::kUser) continue;
      ASSERT_TRUE(stays[i]) << round;
      break;
    }
    if (!report.trimmed) ASSERT_EQ(sent, report.original_tokens);
  }
  EXPECT_GT(trimmed, 3'000);
  EXPECT_LT(refused, 4'000);
}

}  // namespace
}  // namespace docmind::context
