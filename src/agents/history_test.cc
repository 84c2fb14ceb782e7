// What a chat model is shown of the turns before: in which order, what goes first, and what it may not become.
#include "agents/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/testing/asked_library.h"

namespace docmind::agents {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kAsked = "Where are the sails sewn by hand?";

std::vector<HistoryTurn> turns(std::size_t count, std::size_t bytes = 20) {
  std::vector<HistoryTurn> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back({.question = "Q" + std::to_string(i), .answer = "A" + std::to_string(i) + std::string(bytes, '.')});
  }
  return out;
}

class History : public AskedLibrary {
 protected:
  void SetUp() override {
    library_.put(
        {"/d/boats.txt", {{"Rig", {"The main mast is tall. The sails of the Aurora are sewn by hand in a loft."}}}});
    // Beside what is found, so that bread is not.
    library_.put({"/d/rope.txt", {{"Rope", {"Rope is laid. It is tarred. It is coiled. It is stored."}}}});
    bread_ = library_.put({"/d/bread.txt", {{"Dough", {"Knead the dough for ten minutes."}}}});
    index_ = library_.index();
    model_.says("The sails of the Aurora are sewn by hand in a loft [1].");
  }

  Answer answer_to(const std::string& text, std::vector<HistoryTurn> history, const retrieval::Filter& filter = {}) {
    AskOptions options;
    options.synthesis.tau = 0.5;
    return answer_with({text, filter, std::move(history)}, options, &writer_, &general_);
  }

  library::Document bread_;
};

TEST_F(History, StandsBetweenTheSystemMessageAndTheQuestion) {
  const Answer answer = answer_to(kAsked, turns(2), {.documents = {"/d/boats.txt"}});
  EXPECT_EQ(answer.status, AnswerStatus::kAnswered);
  const llm::ChatRequest& asked = model_.asked.back();
  std::vector<std::string> said;
  for (const llm::ChatMessage& message : asked.messages) {
    said.push_back(std::string(name(message.role)) + " " + message.content.substr(0, 2));
  }
  EXPECT_EQ(said,
            (std::vector<std::string>{"system Yo", "user Q0", "assistant A0", "user Q1", "assistant A1", "user Wh"}));
  EXPECT_EQ(asked.messages.back().content, kAsked);
  EXPECT_EQ(asked.documents.size(), 1U);
  EXPECT_FALSE(asked.passages.empty());
  for (const auto& message : asked.messages) EXPECT_THAT(message.content, Not(HasSubstr("main mast")));
}

TEST_F(History, ATurnOnlyAppends) {
  for (std::size_t count = 0; count < 9; ++count) answer_to(kAsked, turns(count));
  for (std::size_t i = 1; i < model_.asked.size(); ++i) {
    const auto& before = model_.asked[i - 1].messages;
    const auto& after = model_.asked[i].messages;
    ASSERT_EQ(after.size(), before.size() + 2);
    for (std::size_t at = 0; at + 1 < before.size(); ++at) {
      EXPECT_EQ(before[at].role, after[at].role);
      EXPECT_EQ(before[at].content, after[at].content) << "turn " << i << ", message " << at;
    }
  }
}

TEST_F(History, TheOldestTurnsGoBeforeAnyPassage) {
  model_.window = 2048;
  const Answer answer = answer_to(kAsked, turns(8, 1200));
  const llm::ChatRequest& asked = model_.asked.back();
  ASSERT_TRUE(answer.context);
  EXPECT_TRUE(answer.context->trimmed);
  EXPECT_LE(answer.context->final_tokens + answer.context->reserved, 2048U);
  for (const auto& dropped : answer.context->dropped) EXPECT_EQ(dropped.kind, context::PieceKind::kMessage);
  EXPECT_FALSE(asked.passages.empty());
  ASSERT_GT(asked.messages.size(), 2U);
  EXPECT_LT(asked.messages.size(), 18U);
  EXPECT_THAT(asked.messages[asked.messages.size() - 2].content, testing::StartsWith("A7")) << "the newest stays";
  EXPECT_EQ(asked.messages.back().content, kAsked);
}

TEST_F(History, IsNoSource) {
  std::vector<HistoryTurn> history = turns(1);
  history[0].answer = "The Aurora was painted by Anna in 1924.";
  model_.says("The Aurora was painted by Anna in 1924. The sails of the Aurora are sewn by hand in a loft [1].");
  const Answer answer = answer_to(kAsked, history);
  ASSERT_EQ(answer.claims.size(), 2U);
  EXPECT_FALSE(answer.claims[0].supported);
  EXPECT_THAT(answer.text, Not(HasSubstr("Anna")));
}

TEST_F(History, GeneralKnowledgeIsNotShownIt) {
  model_.line = [](const llm::ChatRequest& request) -> Result<llm::ChatReply> {
    return llm::ChatReply{.content = request.passages.empty() ? "By hand, as a rule." : "NOT IN THE DOCUMENTS"};
  };
  const Answer answer = answer_to(kAsked, turns(2));
  EXPECT_EQ(answer.route, "general");
  EXPECT_EQ(model_.asked.back().messages.size(), 2U) << "the turns before hold documents' words";
}

TEST_F(History, TheTraceGoesWithADocumentOfTheTurnsBefore) {
  std::vector<HistoryTurn> history = turns(1);
  history[0].documents = {bread_.id, "gone"};
  const std::string filtered = answer_to(kAsked, history, {.documents = {"/d/boats.txt"}}).trace_id;
  const std::string alone = answer_to(kAsked, {}, {.documents = {"/d/boats.txt"}}).trace_id;
  ASSERT_TRUE(library_.read().trace(filtered));
  ASSERT_TRUE(library_.read().trace(alone));
  ASSERT_TRUE(library_.library().remove_document(bread_.id, Deadline::never(), {}));
  EXPECT_FALSE(library_.read().trace(filtered));
  EXPECT_TRUE(library_.read().trace(alone));
}

}  // namespace
}  // namespace docmind::agents
