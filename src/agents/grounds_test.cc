#include "agents/grounds.h"

#include "agents/testing/asked_library.h"

namespace docmind::agents {
namespace {

class GroundsTest : public AskedLibrary {
 protected:
  GroundsTest() {
    library_.put({.path = "pump.txt", .sections = {{"Pump", {"The pump runs at 40 bar."}}}});
    library_.put({.path = "house.txt", .sections = {{"House", {"The house has a green roof."}}}});
    index_ = library_.index();
    options_.synthesis.tau = 0.1;
    options_.synthesis.claims = 1;  // In so small a library every sentence would be one.
  }
  Result<ContentHash> now(const std::string& question) {
    return best_now({.text = question, .filter = {}}, options_,
                    {.library = library_.library(), .index = *index_, .clock = library_.clock(), .rng = library_.rng()},
                    Deadline::never(), {});
  }
  Answer ask_it(const std::string& question) {
    return answer_with({.text = question, .filter = {}}, options_, nullptr);
  }
  AskOptions options_;
  const std::string kQuestion = "At how many bar does the pump run?";
};

TEST_F(GroundsTest, LookingAgainTellsTheSameAndNamesTheDocuments) {
  const Answer answer = ask_it(kQuestion);
  ASSERT_TRUE(answer.grounds.best);
  EXPECT_EQ(*answer.grounds.best, *now(kQuestion));
  EXPECT_EQ(answer.grounds.documents.size(), 2U);
  EXPECT_FALSE(answer.grounds.cut);
}

TEST_F(GroundsTest, ABetterDocumentIsSeenAndAChangeElsewhereIsNot) {
  const Answer answer = ask_it(kQuestion);
  ASSERT_TRUE(answer.grounds.best);
  library_.put({.path = "house.txt", .sections = {{"House", {"The house has a red roof."}}}});
  EXPECT_EQ(*answer.grounds.best, *now(kQuestion));
  library_.put({.path = "better.txt", .sections = {{"Pump", {"At how many bar does the pump run: at 60 bar."}}}});
  EXPECT_NE(*answer.grounds.best, *now(kQuestion));
}

TEST_F(GroundsTest, ADegradedSearchTellsNothing) {
  const Answer answer = ask_it(kQuestion);
  library_.embedder().fail_after(0, {Code::kUnavailable, "it is down"});
  const auto best = now(kQuestion);
  ASSERT_FALSE(best);
  EXPECT_EQ(best.error().code, Code::kUnavailable);
}

TEST_F(GroundsTest, WhatAModelLooksForOrSomebodyStandsInForIsNotLookedUpAgain) {
  options_.off = {"query_planner"};
  EXPECT_FALSE(ask_it(kQuestion).grounds.best);
  EXPECT_FALSE(ask_it("How many documents are there?").grounds.best);
}

}  // namespace
}  // namespace docmind::agents
