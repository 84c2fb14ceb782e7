// General knowledge: only where it is allowed and the documents do not answer, and never without its mark.
#include "agents/general_knowledge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/testing/asked_library.h"
#include "base/json.h"

namespace docmind::agents {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kUnanswered = "Who painted the ceiling?";
constexpr const char* kAnswered = "Where are the sails sewn by hand?";

enum class Allowed : std::uint8_t { kNo, kYes };

class Knowing : public AskedLibrary {
 protected:
  void SetUp() override {
    library_.put(
        {"/d/boats.txt",
         {{"Rig", {"The main mast of the Aurora is tall. The sails of the Aurora are sewn by hand in a loft."}}}});
    index_ = library_.index();
    model_.says("Michelangelo painted it [1]. He finished in 1512 [2, 3].");
  }

  Answer answer_to(const std::string& text, Allowed allowed = Allowed::kYes, const retrieval::Filter& filter = {}) {
    return answer_with({text, filter}, {}, &writer_, allowed == Allowed::kYes ? &general_ : nullptr);
  }
};

TEST_F(Knowing, IsNotAskedWhenItIsNotAllowed) {
  const Answer answer = answer_to(kUnanswered, Allowed::kNo);
  EXPECT_EQ(answer.status, AnswerStatus::kAbstained);
  EXPECT_TRUE(answer.text.empty());
  EXPECT_TRUE(model_.asked.empty());
}

TEST_F(Knowing, IsNotAskedWhenTheDocumentsAnswer) {
  model_.says("The sails of the Aurora are sewn by hand in a loft [1].");
  const Answer answer = answer_to(kAnswered);
  EXPECT_EQ(answer.status, AnswerStatus::kAnswered);
  ASSERT_EQ(model_.asked.size(), 1U);
  EXPECT_THAT(model_.asked.front().messages.front().content, HasSubstr("nothing but the passages"));
  EXPECT_EQ(answer.claims.front().origin, "documents");
}

TEST_F(Knowing, SaysThatItIsNotFromTheDocuments) {
  const Answer answer = answer_to(kUnanswered);
  EXPECT_EQ(answer.status, AnswerStatus::kPartial);
  EXPECT_TRUE(answer.generated);
  EXPECT_EQ(answer.route, "general");
  EXPECT_THAT(answer.partial_reason, StartsWith("The documents do not answer; a chat model"));
  ASSERT_EQ(answer.claims.size(), 2U);
  for (const Claim& claim : answer.claims) {
    EXPECT_EQ(claim.origin, "general");
    EXPECT_FALSE(claim.supported);
    EXPECT_TRUE(claim.citations.empty());
    EXPECT_TRUE(claim.doubt.empty());
  }
  EXPECT_EQ(answer.text, std::string(kNotFromDocuments) + "\n\nMichelangelo painted it.\n\nHe finished in 1512.");
  EXPECT_FALSE(answer.nearest.empty());
  EXPECT_EQ(answer.tokens.prompt, 100U);
  ASSERT_EQ(model_.asked.size(), 1U);
  const llm::ChatRequest& asked = model_.asked.front();
  EXPECT_TRUE(asked.passages.empty());
  EXPECT_TRUE(asked.documents.empty());
  ASSERT_EQ(asked.messages.size(), 2U);
  EXPECT_THAT(asked.messages.front().content, HasSubstr("NOT KNOWN"));
  EXPECT_EQ(asked.messages.back().content, kUnanswered);
  const std::string trace = *library_.read().trace(answer.trace_id);
  EXPECT_THAT(trace, HasSubstr(R"("route":"general")"));
}

TEST_F(Knowing, IsAskedWhenTheModelFindsNoAnswerInThePassages) {
  model_.line = [](const llm::ChatRequest& request) -> Result<llm::ChatReply> {
    return llm::ChatReply{.content = request.passages.empty() ? "In Bergen, as a rule." : "NOT IN THE DOCUMENTS",
                          .usage = {.prompt = 100, .cached = 40, .completion = 9}};
  };
  const Answer answer = answer_to(kAnswered);
  ASSERT_EQ(model_.asked.size(), 2U);
  EXPECT_EQ(answer.route, "general");
  EXPECT_THAT(answer.text, HasSubstr("In Bergen, as a rule."));
  EXPECT_EQ(answer.tokens.prompt, 200U) << "both prompts count";
  EXPECT_EQ(answer.tokens.completion, 18U);
}

TEST_F(Knowing, AModelThatFailsLeavesAnAbstention) {
  model_.line = [](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    return Error{Code::kUnavailable, "The model's server is gone."};
  };
  const Answer answer = answer_to(kUnanswered);
  EXPECT_EQ(answer.status, AnswerStatus::kAbstained);
  EXPECT_TRUE(answer.claims.empty());
  EXPECT_TRUE(answer.text.empty());
  EXPECT_FALSE(answer.generated);
  EXPECT_EQ(answer.route, "hybrid");
  EXPECT_FALSE(answer.nearest.empty());
  ASSERT_EQ(answer.fallbacks.size(), 1U);
  EXPECT_THAT(answer.fallbacks.front(), HasSubstr("The model's server is gone."));
}

TEST_F(Knowing, AModelThatDoesNotKnowLeavesAnAbstention) {
  for (const char* says : {"NOT KNOWN", "I think: NOT KNOWN.", "", " \n\n"}) {
    model_.says(says);
    const Answer answer = answer_to(kUnanswered);
    EXPECT_EQ(answer.status, AnswerStatus::kAbstained) << says;
    EXPECT_TRUE(answer.claims.empty()) << says;
    EXPECT_TRUE(answer.fallbacks.empty()) << says;
  }
}

TEST_F(Knowing, ACountIsNeverLeftToIt) {
  for (const char* question : {"How many ceilings are there?", "List all painters.", "What is the total of the wages?",
                               "Who painted the ceiling, and how many painters are there?"}) {
    EXPECT_EQ(answer_to(question).status, AnswerStatus::kAbstained) << question;
  }
  EXPECT_TRUE(model_.asked.empty());
}

TEST_F(Knowing, AFilterAsksForDocuments) {
  EXPECT_EQ(answer_to(kUnanswered, Allowed::kYes, {.documents = {"/d/boats.txt"}}).status, AnswerStatus::kAbstained);
  EXPECT_EQ(answer_to(kUnanswered, Allowed::kYes, {.types = {"text"}}).status, AnswerStatus::kAbstained);
  EXPECT_EQ(answer_to(kUnanswered, Allowed::kYes, {.modified_from = 0}).status, AnswerStatus::kAbstained);
  EXPECT_TRUE(model_.asked.empty());
}

TEST_F(Knowing, HostileTextIsBounded) {
  model_.says(std::string("\xff\xfe\0[1]", 6) + std::string(1U << 20U, 'a') + ". " + std::string(1U << 20U, '['));
  const Answer answer = answer_to(kUnanswered);
  EXPECT_EQ(answer.route, "general");
  EXPECT_THAT(answer.text, StartsWith(std::string(kNotFromDocuments)));
  EXPECT_LT(answer.text.size(), 300U << 10U);
}

}  // namespace
}  // namespace docmind::agents
