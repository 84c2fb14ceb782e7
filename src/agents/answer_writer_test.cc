// Answers by a chat model: what it is shown, what becomes of what it writes, and what happens when it does not.
#include "agents/answer_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>

#include "agents/testing/asked_library.h"

namespace docmind::agents {
namespace {

using testing::HasSubstr;

class Writing : public AskedLibrary {
 protected:
  void SetUp() override {
    library_.put(
        {"/d/boats.txt",
         {{"Hull", {"The hull of the Aurora is built from larch planks. The Aurora was launched in 1911 in Bergen."}},
          {"Rig", {"The main mast of the Aurora is tall. The sails are sewn by hand in a loft."}}}});
    index_ = library_.index();
  }

  Answer answer_to(const std::string& text, double tau = 0.5) {
    AskOptions options;
    options.synthesis.tau = tau;
    return answer_with({text, {}}, options, &writer_);
  }
  // The number of the passage that holds `words`, as the model would cite it.
  std::string mark_of(std::string_view words) { return mark_of(words, model_.asked.back()); }
  static std::string mark_of(std::string_view words, const llm::ChatRequest& request) {
    const auto& passages = request.passages;
    for (std::size_t i = 0; i < passages.size(); ++i) {
      if (passages[i].text.find(words) != std::string::npos) return "[" + std::to_string(i + 1) + "]";
    }
    return "[0]";
  }
};

TEST_F(Writing, WhoStoodInAndWhereTheTextWentIsTold) {
  model_.line = [this](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    return llm::ChatReply{.content = "The sails are sewn by hand " + mark_of("sewn by hand") + ".",
                          .backend = "ollama",
                          .fallbacks = {"vllm: it died"}};
  };
  AskOptions options;
  options.synthesis.tau = 0.5;
  options.sends_text_to = {"http://gpu.example"};
  const Question question{"Where are the sails sewn by hand?", {}};
  const Answer answer = answer_with(question, options, &writer_);
  EXPECT_EQ(answer.fallbacks, std::vector<std::string>{"vllm: it died"});
  EXPECT_EQ(answer.sends_text_to, options.sends_text_to);
  EXPECT_TRUE(answer_with(question, options, nullptr).sends_text_to.empty());  // Nobody was asked.
}

TEST_F(Writing, ARequestIsMadeToFitABackendThatStandsIn) {
  model_.line = [this](const llm::ChatRequest& request) -> Result<llm::ChatReply> {
    if (request.window == 0 || request.window > 2048) {  // Made for the one that is gone by now.
      model_.window = 2048;
      return Error{Code::kUnavailable, "vllm: it died; ollama: its window is smaller"};
    }
    return llm::ChatReply{.content = "The sails are sewn by hand " + mark_of("sewn by hand") + "."};
  };
  const Answer answer = answer_to("Where are the sails sewn by hand?");
  EXPECT_TRUE(answer.generated) << answer.text;
  ASSERT_EQ(model_.asked.size(), 2U);
  EXPECT_EQ(model_.asked.back().window, 2048U);
}

TEST_F(Writing, WhoWatchesSeesItGrow) {
  std::vector<std::string> seen;
  watch_.wrote = [&](std::string_view text) { seen.emplace_back(text); };
  model_.line = [this](const llm::ChatRequest&) {
    return Result<llm::ChatReply>({.content = "The sails are sewn by hand " + mark_of("sewn by hand") + "."});
  };
  const Answer answer = answer_to("Where are the sails sewn by hand?");
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_THAT(seen[1], testing::StartsWith(seen[0]));
  EXPECT_THAT(seen[1], HasSubstr("The sails are sewn by hand"));
  watch_.wrote = {};
  EXPECT_EQ(answer_to("Where are the sails sewn by hand?").text, answer.text);  // Watching changes nothing.
  EXPECT_EQ(model_.streamed, (std::vector<bool>{true, false}));
}

TEST_F(Writing, ABackendThatDiesWhileOneWatchesIsFollowedByAnother) {
  std::vector<std::string> seen;
  watch_.wrote = [&](std::string_view text) { seen.emplace_back(text); };
  bool died = false;
  model_.line = [&](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    if (!std::exchange(died, true)) return Error{Code::kUnavailable, "it died"};
    return llm::ChatReply{.content = "The sails are sewn by hand " + mark_of("sewn by hand") + "."};
  };
  EXPECT_THAT(answer_to("Where are the sails sewn by hand?").text, HasSubstr("sewn by hand"));
  EXPECT_THAT(seen, testing::ElementsAre("Wel", ""));  // What stood there is taken back.
  EXPECT_EQ(model_.streamed, (std::vector<bool>{true, false}));
}

TEST_F(Writing, ASentenceIsCheckedAndQuotesWhatItRestsOn) {
  model_.line = [this](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    return llm::ChatReply{.content = "The sails of the ship are sewn by hand " + mark_of("sewn by hand") + ".",
                          .usage = {.prompt = 100, .cached = 40, .completion = 9}};
  };
  const Answer answer = answer_to("Where are the sails sewn by hand?");
  EXPECT_TRUE(answer.generated);
  EXPECT_EQ(answer.status, AnswerStatus::kAnswered);
  EXPECT_EQ(answer.model, "one-line");
  ASSERT_EQ(answer.claims.size(), 1U);
  EXPECT_TRUE(answer.claims.front().supported) << answer.claims.front().doubt;
  ASSERT_FALSE(answer.claims.front().citations.empty());
  EXPECT_EQ(answer.claims.front().citations.front().quote, "The sails are sewn by hand in a loft.");
  EXPECT_EQ(answer.tokens.prompt, 100U);
  EXPECT_EQ(answer.tokens.computed, 60U);
  EXPECT_EQ(answer.tokens.completion, 9U);
  ASSERT_TRUE(answer.context);
  EXPECT_FALSE(answer.context->trimmed);
  const llm::ChatRequest& asked = model_.asked.front();
  EXPECT_THAT(asked.messages.front().content, HasSubstr("nothing but the passages"));
  EXPECT_EQ(asked.messages.back().content, "Where are the sails sewn by hand?");
  EXPECT_THAT(asked.passages.front().title, HasSubstr("[1] boats.txt"));
}

TEST_F(Writing, WhatThePassagesDoNotBearIsMarkedAndLeftOutOfTheText) {
  model_.line = [this](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    const std::string hull = mark_of("launched");
    return llm::ChatReply{.content = "The Aurora was launched in 1911 " + hull + ". The Aurora was launched in 1924 " +
                                     hull + ". It has a famous captain [99]."};
  };
  const Answer answer = answer_to("When was the Aurora launched?");
  ASSERT_EQ(answer.claims.size(), 3U);
  EXPECT_TRUE(answer.claims[0].supported) << answer.claims[0].doubt;
  EXPECT_FALSE(answer.claims[1].supported);
  EXPECT_THAT(answer.claims[1].doubt, HasSubstr("1924"));
  EXPECT_FALSE(answer.claims[2].supported);
  EXPECT_EQ(answer.text, answer.claims[0].text);
}

constexpr const char* kTwoParts = "Where are the sails sewn, and when was the Aurora launched?";

bool asks(const llm::ChatRequest& request, std::string_view part) {
  return request.messages.back().content.ends_with(std::string("only this part of the question: ") + std::string(part));
}

TEST_F(Writing, PartsAreWrittenAtTheSameTimeFromOnePrompt) {
  std::latch both(2);
  model_.line = [&both](const llm::ChatRequest& request) -> Result<llm::ChatReply> {
    both.arrive_and_wait();  // Alone it would wait for ever.
    const bool launch = asks(request, "when was the Aurora launched?");
    return llm::ChatReply{
        .content = launch ? "The Aurora was launched in 1911 " + mark_of("launched", request) + "."
                          : "The sails are sewn by hand in a loft " + mark_of("sewn by hand", request) + ".",
        .usage = {.prompt = 100, .cached = 40, .completion = 9}};
  };
  const Answer answer = answer_to(kTwoParts);
  EXPECT_EQ(answer.status, AnswerStatus::kAnswered) << answer.partial_reason;
  EXPECT_EQ(answer.text, "The sails are sewn by hand in a loft.\n\nThe Aurora was launched in 1911.");
  EXPECT_EQ(answer.tokens.prompt, 200U);
  EXPECT_EQ(answer.tokens.computed, 120U);
  ASSERT_EQ(model_.asked.size(), 2U);
  for (const llm::ChatRequest& one : model_.asked) {  // Nothing but their last lines differs.
    EXPECT_TRUE(one.messages.back().content.starts_with(kTwoParts));
    EXPECT_EQ(one.messages.front().content, model_.asked.front().messages.front().content);
    ASSERT_EQ(one.passages.size(), model_.asked.front().passages.size());
    for (std::size_t i = 0; i < one.passages.size(); ++i) {
      EXPECT_EQ(one.passages[i].text, model_.asked.front().passages[i].text);
    }
  }
}

TEST_F(Writing, APartWithoutAnAnswerIsToldOfAndWhatWasSaidIsNotSaidAgain) {
  model_.line = [](const llm::ChatRequest& request) -> Result<llm::ChatReply> {
    if (asks(request, "when was the Aurora launched?")) return llm::ChatReply{.content = "NOT IN THE DOCUMENTS"};
    return llm::ChatReply{.content = "The sails are sewn by hand " + mark_of("sewn by hand", request) + "."};
  };
  const Answer partial = answer_to(kTwoParts);
  EXPECT_EQ(partial.status, AnswerStatus::kPartial);
  EXPECT_THAT(partial.partial_reason, HasSubstr("when was the Aurora launched?"));
  EXPECT_EQ(partial.claims.size(), 1U);
  model_.line = [](const llm::ChatRequest& request) -> Result<llm::ChatReply> {
    return llm::ChatReply{.content = "The sails are sewn by hand " + mark_of("sewn by hand", request) + "."};
  };
  EXPECT_EQ(answer_to(kTwoParts).claims.size(), 1U);
}

TEST_F(Writing, AModelThatInventsEverythingGivesWayToTheDocuments) {
  model_.says("Captain Nemo sailed her to the moon in 1969 [1]. Nobody knows why.");
  const Answer answer = answer_to("Where are the sails sewn by hand?");
  EXPECT_FALSE(answer.generated);
  EXPECT_EQ(answer.status, AnswerStatus::kAnswered);
  EXPECT_THAT(answer.text, HasSubstr("sewn by hand in a loft"));
  EXPECT_EQ(answer.dropped.size(), 2U);
  ASSERT_FALSE(answer.fallbacks.empty());
  EXPECT_THAT(answer.fallbacks.back(), HasSubstr("not borne out"));
}

TEST_F(Writing, AModelThatFailsIsReplacedAndTheAnswerSaysSo) {
  model_.line = [](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    return Error{Code::kUnavailable, "The model's server is gone."};
  };
  const Answer answer = answer_to("Where are the sails sewn by hand?");
  EXPECT_FALSE(answer.generated);
  EXPECT_EQ(answer.status, AnswerStatus::kPartial);
  EXPECT_THAT(answer.text, HasSubstr("sewn by hand in a loft"));
  EXPECT_THAT(answer.partial_reason, HasSubstr("The model's server is gone."));
}

TEST_F(Writing, AModelThatWritesNothingLetsTheDocumentsSpeak) {
  for (const std::string nothing : {"", " \n\t"}) {
    model_.says(nothing);
    const Answer answer = answer_to("Where are the sails sewn by hand?");
    EXPECT_FALSE(answer.generated);
    EXPECT_THAT(answer.text, HasSubstr("sewn by hand in a loft"));
    EXPECT_THAT(answer.fallbacks, testing::Contains(HasSubstr("The chat model wrote nothing.")));
  }
}

TEST_F(Writing, AModelThatFindsNothingIsBelieved) {
  model_.says("NOT IN THE DOCUMENTS");
  const Answer answer = answer_to("Where are the sails sewn by hand?");
  EXPECT_EQ(answer.status, AnswerStatus::kAbstained);
  EXPECT_TRUE(answer.claims.empty());
  EXPECT_FALSE(answer.nearest.empty());
}

TEST_F(Writing, WeakEvidenceIsNotShownToTheModelAtAll) {
  model_.says("The ceiling was painted by Ada [1].");
  const Answer answer = answer_to("Who painted the ceiling?", 1.62);
  EXPECT_EQ(answer.status, AnswerStatus::kAbstained);
  EXPECT_TRUE(model_.asked.empty());
}

TEST_F(Writing, PassagesThatDoNotFitAreLeftOutAndToldOf) {
  model_.window = 1100;
  model_.says("The sails are sewn by hand [2].");
  const Answer answer = answer_to("Where are the sails sewn by hand?");
  ASSERT_TRUE(answer.context);
  EXPECT_LE(answer.context->final_tokens + answer.context->reserved, 1100U);
}

TEST_F(Writing, TheDocumentThatIsAskedAboutIsShownWhole) {
  model_.says("NOT IN THE DOCUMENTS");
  AskOptions options;
  options.synthesis.tau = 0.5;
  const auto about = [&](std::vector<std::string> documents) {
    retrieval::Filter filter;
    filter.documents = std::move(documents);
    EXPECT_TRUE(ask({"Where are the sails sewn by hand?", filter}, options,
                    {library_.library(), *index_, library_.clock(), library_.rng(), &writer_}, Deadline::never(), {}));
    return model_.asked.back().documents;
  };
  const auto one = about({"/d/boats.txt"});
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one.front().title, "boats.txt");
  EXPECT_THAT(one.front().text, HasSubstr("launched in 1911"));
  EXPECT_TRUE(about({"/d/"}).empty());
  EXPECT_TRUE(about({}).empty());
  const auto prepared = writer_.prepare(one.front(), Deadline::never(), {});
  ASSERT_TRUE(prepared);
  EXPECT_TRUE(*prepared);
  EXPECT_EQ(model_.asked.back().max_tokens, 1U);
  EXPECT_EQ(model_.asked.back().documents.front().text, one.front().text);
  EXPECT_EQ(model_.asked.back().messages.front().content, model_.asked.front().messages.front().content);
  const auto too_long = writer_.prepare({.title = "long", .text = std::string(1U << 20U, 'a')}, Deadline::never(), {});
  ASSERT_TRUE(too_long);
  EXPECT_FALSE(*too_long);
}

TEST_F(Writing, HostileTextIsOnlyText) {
  model_.says(std::string("\xff\xfe[1][2][[[", 9) + std::string(1U << 20U, '[') +
              "\n\n\n[4294967295] [18446744073709551616]");
  const Answer answer = answer_to("Where are the sails sewn by hand?");
  EXPECT_FALSE(answer.generated);
  EXPECT_THAT(answer.text, HasSubstr("sewn by hand in a loft"));
}

}  // namespace
}  // namespace docmind::agents
