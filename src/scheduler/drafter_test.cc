#include "scheduler/drafter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "scheduler/impl/pace.h"

namespace docmind::scheduler {
namespace {

using Tokens = std::vector<TokenId>;

// Writes what `next` says; counts the steps with a draft. Drafts that stand are taken over, as the scheduler does.
std::size_t drafted_steps(Drafter& drafter, Tokens text, const Tokens& next, double cost) {
  std::size_t drafted = 0;
  for (std::size_t at = 0; at < next.size();) {
    const Tokens draft = drafter.draft(text);
    drafted += draft.empty() ? 0 : 1;
    const auto [stood, unused] =
        std::mismatch(draft.begin(), draft.end(), next.begin() + static_cast<std::ptrdiff_t>(at), next.end());
    const auto accepted = static_cast<std::uint32_t>(stood - draft.begin());
    drafter.checked(static_cast<std::uint32_t>(draft.size()), accepted, cost);
    for (std::uint32_t i = 0; i <= accepted && at < next.size(); ++i) text.push_back(next[at++]);
  }
  return drafted;
}

TEST(Drafter, FollowsWhatFollowedBefore) {
  Drafter drafter(4);
  EXPECT_EQ(drafter.draft(Tokens{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3}), (Tokens{4, 5, 6})) << "hopeful, not sure";
  drafter.checked(3, 3, 0.1);
  EXPECT_EQ(drafter.draft(Tokens{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6}), (Tokens{7, 8, 9, 1}));
}

TEST(Drafter, GoesOnBehindAReplacedToken) {
  Drafter drafter(4);
  Tokens text{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3};
  EXPECT_EQ(drafter.draft(text), (Tokens{4, 5, 6}));
  drafter.checked(3, 1, 0.1);
  text.insert(text.end(), {4, 77});  // 77 instead of 5.
  EXPECT_EQ(drafter.draft(text).front(), 6);
  for (int i = 0; i < 3; ++i) {
    drafter.checked(1, 0, 0.1);
    text.push_back(88 + i);
    (void)drafter.draft(text);
  }
  EXPECT_TRUE(drafter.draft(text).empty()) << "but not for ever";
}

TEST(Drafter, HasNothingToSayOfWhatIsNew) {
  Drafter drafter(4);
  EXPECT_TRUE(drafter.draft({}).empty());
  EXPECT_TRUE(drafter.draft(Tokens{1, 1}).empty());
  EXPECT_TRUE(drafter.draft(Tokens{1, 2, 3, 4, 5, 6}).empty());
  EXPECT_TRUE(Drafter(0).draft(Tokens{1, 2, 3, 4, 1, 2, 3}).empty());
}

TEST(Drafter, ACopyGoesOnInLongDrafts) {
  Tokens text;
  for (TokenId t = 0; t < 400; ++t) text.push_back(t);
  const Tokens copy = text;
  Tokens prompt = text;
  prompt.insert(prompt.end(), {0, 1, 2});
  Drafter drafter(7);
  EXPECT_LT(drafted_steps(drafter, prompt, Tokens(copy.begin() + 3, copy.end()), 0.3), 60U) << "8 tokens a step";
}

TEST(Drafter, PausesWhenDraftsCostMoreThanTheyBring) {
  // Every third token of what follows is another one, so that a draft of two brings one at best.
  Tokens text;
  Tokens next;
  for (TokenId t = 0; t < 900; ++t) text.push_back(t % 30);
  for (TokenId t = 0; t < 900; ++t) next.push_back(t % 4 == 3 ? 1000 + t : t % 30);
  Drafter cheap(7);
  Drafter dear(7);
  const std::size_t many = drafted_steps(cheap, text, next, 0.05);
  const std::size_t few = drafted_steps(dear, text, next, 1);
  EXPECT_GT(many, 3 * few);
}

TEST(Pace, LearnsWhatADraftCosts) {
  using std::chrono::milliseconds;
  Pace pace(milliseconds(500), 512);
  for (int i = 0; i < 50; ++i) {
    pace.took(milliseconds(20), 1, 0, 0);
    pace.took(milliseconds(30), 1, 5, 0);
  }
  EXPECT_NEAR(pace.draft_cost(), 0.1, 0.01) << "5 drafts take half of what a token takes";
  for (int i = 0; i < 50; ++i) {
    pace.took(milliseconds(20), 4, 0, 0);
    pace.took(milliseconds(30), 4, 5, 0);
  }
  EXPECT_NEAR(pace.draft_cost(), 0.4, 0.01) << "4 texts share the 20 ms";
}

TEST(Pace, PromptPiecesFitIntoTheGap) {
  using std::chrono::milliseconds;
  Pace pace(milliseconds(100), 512);
  EXPECT_EQ(pace.budget(false), 512U);
  EXPECT_EQ(pace.budget(true), 64U) << "nothing is known yet";
  for (int i = 0; i < 50; ++i) pace.took(milliseconds(20), 1, 0, 0);
  pace.took(milliseconds(20 + 256), 1, 0, 256);
  EXPECT_EQ(pace.budget(true), 64U) << "80 ms are room for 80 tokens";
  for (int i = 0; i < 50; ++i) pace.took(milliseconds(20 + 64), 1, 0, 256);
  EXPECT_EQ(pace.budget(true), 256U);
  EXPECT_EQ(pace.budget(false), 512U);
}

}  // namespace
}  // namespace docmind::scheduler
