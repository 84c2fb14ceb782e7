#include "scheduler/prefix_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/rng.h"

namespace docmind::scheduler {
namespace {

using Tokens = std::vector<TokenId>;

TimePoint at(int seconds) { return TimePoint{} + std::chrono::seconds(seconds); }

constexpr PrefixTree::Cut kNothing{99, 99};  // No test has them.

TEST(PrefixTree, IsEmptyAtFirst) {
  PrefixTree tree;
  EXPECT_EQ(tree.match(Tokens{1, 2}).length, 0U);
  EXPECT_EQ(tree.match(Tokens{}).length, 0U);
  EXPECT_FALSE(tree.evict(at(0)));
  EXPECT_FALSE(tree.unsaved(1));
  EXPECT_EQ(tree.broken(), "");
}

TEST(PrefixTree, ShowsWhatIsBeingComputedBeforeItIsReady) {
  PrefixTree tree;
  EXPECT_FALSE(tree.begin(7, Tokens{1, 2, 3, 4}, 0, 0, at(0)).passed);
  tree.computed(7, 2);
  const PrefixTree::Match match = tree.match(Tokens{1, 2, 3, 9});
  EXPECT_EQ(match.length, 3U);
  EXPECT_EQ(match.ready, 2U);
  EXPECT_EQ(match.holder, 7U);
  EXPECT_EQ(tree.tokens(), 4U);
  EXPECT_EQ(tree.ready(), 2U);
  EXPECT_EQ(tree.kept(), 0U);
}

TEST(PrefixTree, ForksInTheMiddleOfANodeThatIsStillComputed) {
  PrefixTree tree;
  tree.begin(1, Tokens{1, 2, 3, 4, 5}, 0, 0, at(0));
  tree.computed(1, 3);
  tree.begin(2, Tokens{1, 2, 8, 9}, 2, 0, at(0));
  EXPECT_EQ(tree.broken(), "");
  EXPECT_EQ(tree.tokens(), 7U);
  tree.computed(1, 5);
  tree.computed(2, 4);
  EXPECT_EQ(tree.match(Tokens{1, 2, 3, 4, 5, 6}).ready, 5U);
  EXPECT_EQ(tree.match(Tokens{1, 2, 8, 9}).ready, 4U);
  EXPECT_EQ(tree.end(1, Tokens{1, 2, 3, 4, 5}, at(1)).keep, 5U);
  EXPECT_EQ(tree.end(2, Tokens{1, 2, 8, 9, 20, 21}, at(1)).keep, 6U);
  EXPECT_EQ(tree.kept(), 9U);
  EXPECT_EQ(tree.broken(), "");
}

TEST(PrefixTree, ASequenceThatEndsHalfReadKeepsWhatItRead) {
  PrefixTree tree;
  tree.begin(1, Tokens{1, 2, 3, 4}, 0, 2, at(0));
  tree.computed(1, 3);
  EXPECT_EQ(tree.end(1, Tokens{1, 2, 3}, at(0)).keep, 3U);
  EXPECT_EQ(tree.tokens(), 3U);
  tree.begin(2, Tokens{5, 6}, 0, 0, at(0));
  EXPECT_EQ(tree.end(2, {}, at(0)).keep, 0U) << "it had read nothing";
  EXPECT_EQ(tree.sequences(), 1U);
  EXPECT_EQ(tree.broken(), "");
}

TEST(PrefixTree, AKeptSequenceThatIsContinuedGivesUpItsId) {
  PrefixTree tree;
  tree.begin(1, Tokens{1, 2, 3}, 0, 0, at(0));
  tree.computed(1, 3);
  EXPECT_EQ(tree.end(1, Tokens{1, 2, 3}, at(0)).keep, 3U);
  EXPECT_EQ(tree.begin(2, Tokens{1, 2, 3, 4}, 3, 0, at(0)).passed, 1U);
  EXPECT_EQ(tree.broken(), "");
  EXPECT_EQ(tree.tokens(), 4U);
}

TEST(PrefixTree, TheSameTextWrittenTwiceIsKeptOnce) {
  PrefixTree tree;
  EXPECT_EQ(tree.begin(1, Tokens{1, 2, 3}, 0, 0, at(0)).in_tree, 3U);
  tree.computed(1, 3);
  EXPECT_EQ(tree.end(1, Tokens{1, 2, 3, 7, 8}, at(0)).keep, 5U);
  EXPECT_EQ(tree.begin(2, Tokens{1, 2, 3}, 2, 0, at(0)).in_tree, 2U) << "it computes token 3 a second time";
  EXPECT_EQ(tree.begin(3, Tokens{1, 2, 3}, 2, 0, at(0)).in_tree, 2U);
  EXPECT_EQ(tree.end(2, Tokens{1, 2, 3, 7, 8}, at(0)).keep, 0U);
  const PrefixTree::Ended ended = tree.end(3, Tokens{1, 2, 3, 7, 9}, at(0));
  EXPECT_EQ(ended.keep, 5U);
  EXPECT_EQ(ended.twice_begin, 2U);
  EXPECT_EQ(ended.twice_end, 4U);
  EXPECT_EQ(ended.holder, 1U);
  EXPECT_EQ(tree.broken(), "");
  EXPECT_EQ(tree.tokens(), 6U);
}

TEST(PrefixTree, GivesUpTheLeastWorthFirst) {
  PrefixTree tree;
  const auto keep = [&](SequenceId sequence, TokenId first, std::uint32_t shared, int when) {
    tree.begin(sequence, Tokens{first, 2, 3}, 0, shared, at(when));
    tree.computed(sequence, 3);
    EXPECT_EQ(tree.end(sequence, Tokens{first, 2, 3}, at(when)).keep, 3U);
  };
  keep(1, 10, 0, 0);
  keep(2, 20, 3, 0);  // Shared, so worth more.
  keep(3, 30, 0, 100);
  EXPECT_EQ(tree.evict(at(101)).value_or(kNothing).sequence, 1U);
  EXPECT_EQ(tree.evict(at(101)).value_or(kNothing).sequence, 3U);
  EXPECT_EQ(tree.evict(at(101)).value_or(kNothing).sequence, 2U);
  EXPECT_FALSE(tree.evict(at(101)));
  EXPECT_EQ(tree.tokens(), 0U);
}

TEST(PrefixTree, LeavesGoBeforeWhatTheyStandOn) {
  PrefixTree tree;
  tree.begin(1, Tokens{1, 2, 3}, 0, 0, at(0));
  tree.computed(1, 3);
  EXPECT_EQ(tree.end(1, Tokens{1, 2, 3, 4, 5}, at(0)).keep, 5U);
  const PrefixTree::Cut cut = tree.evict(at(0)).value_or(kNothing);
  EXPECT_EQ(cut.sequence, 1U);
  EXPECT_EQ(cut.keep, 3U);
  EXPECT_EQ(tree.evict_sequence(at(0)).value_or(kNothing).keep, 0U);
  EXPECT_EQ(tree.sequences(), 0U);
}

TEST(PrefixTree, NeverGivesUpWhatRuns) {
  PrefixTree tree;
  tree.begin(1, Tokens{1, 2, 3}, 0, 0, at(0));
  tree.computed(1, 3);
  EXPECT_FALSE(tree.evict(at(1000)));
  EXPECT_FALSE(tree.evict_sequence(at(1000)));
}

TEST(PrefixTree, NamesASharedBeginningOnceItIsReady) {
  PrefixTree tree;
  tree.begin(1, Tokens{1, 2, 3, 4}, 0, 3, at(0));
  tree.computed(1, 2);
  EXPECT_FALSE(tree.unsaved(1));
  tree.computed(1, 4);
  EXPECT_FALSE(tree.unsaved(4)) << "too short";
  const auto unsaved = tree.unsaved(3).value_or(PrefixTree::Unsaved{});
  EXPECT_EQ(unsaved.tokens, (Tokens{1, 2, 3}));
  EXPECT_EQ(unsaved.holder, 1U);
  tree.mark_saved(unsaved.tokens);
  EXPECT_FALSE(tree.unsaved(1));
  tree.mark_saved(Tokens{9, 9});  // Not here: no harm.
}

// Against the plainest model there is: each sequence's tokens, and a set of all their beginnings.
TEST(PrefixTree, AgreesWithAPlainModelOverRandomLives) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SeededRng rng(seed);
    const auto below = [&](std::uint64_t n) { return static_cast<std::uint32_t>(rng.next() % n); };
    PrefixTree tree;
    struct Life {
      Tokens tokens;
      std::uint32_t computed = 0;
      bool running = true;
      std::uint32_t in_tree = 0;
    };
    std::map<SequenceId, Life> lives;
    for (int turn = 0; turn < 300; ++turn) {
      Tokens tokens(1 + below(12));
      for (TokenId& token : tokens) token = static_cast<TokenId>(below(3));
      const auto match = tree.match(tokens);
      std::uint32_t ready = 0;
      for (const auto& [id, life] : lives) {
        const std::span<const TokenId> have = std::span(life.tokens).first(std::min(life.computed, life.in_tree));
        const auto same = std::ranges::mismatch(have, tokens).in1 - have.begin();
        ready = std::max(ready, static_cast<std::uint32_t>(same));
      }
      ASSERT_EQ(match.ready, ready) << "seed " << seed << " turn " << turn;
      const SequenceId id = below(12);
      const auto life = lives.find(id);
      const auto dropped = [&](std::optional<PrefixTree::Cut> cut) {
        if (!cut) return;
        if (cut->keep == 0) {
          lives.erase(cut->sequence);
        } else {
          lives.at(cut->sequence).computed = cut->keep;
        }
      };
      if (life == lives.end()) {
        if (match.length > match.ready) continue;
        const std::uint32_t forked =
            std::min<std::uint32_t>(match.ready, static_cast<std::uint32_t>(tokens.size()) - 1);
        lives[id] = {tokens, forked, true};
        const std::uint32_t shared = below(2) * below(static_cast<std::uint32_t>(tokens.size()));
        const auto begun = tree.begin(id, tokens, forked, shared, at(turn));
        lives[id].in_tree = begun.in_tree;
        if (begun.passed) lives.erase(*begun.passed);
      } else if (life->second.running && life->second.computed < life->second.tokens.size()) {
        life->second.computed +=
            1 + below(static_cast<std::uint32_t>(life->second.tokens.size()) - life->second.computed);
        tree.computed(id, life->second.computed);
      }
      if (life != lives.end() && life->second.running && below(3) == 0) {
        Tokens more(below(4));
        for (TokenId& token : more) token = static_cast<TokenId>(below(3));
        if (life->second.computed < life->second.tokens.size()) more.clear();
        life->second.tokens.insert(life->second.tokens.end(), more.begin(), more.end());
        life->second.computed += static_cast<std::uint32_t>(more.size());
        life->second.running = false;
        const auto ended = tree.end(id, std::span(life->second.tokens).first(life->second.computed), at(turn));
        if (ended.passed) lives.erase(*ended.passed);
        life->second.computed = life->second.in_tree = ended.keep;
        if (ended.keep == 0) lives.erase(id);
      }
      if (below(10) == 0) dropped(below(2) == 0 ? tree.evict(at(turn)) : tree.evict_sequence(at(turn)));
      ASSERT_EQ(tree.broken(), "") << "seed " << seed << " turn " << turn;
      std::set<Tokens> distinct;
      for (const auto& [other, each] : lives) {
        for (std::uint32_t n = 1; n <= std::min(each.computed, each.in_tree); ++n)
          distinct.emplace(each.tokens.begin(), each.tokens.begin() + n);
      }
      ASSERT_EQ(tree.ready(), distinct.size()) << "seed " << seed << " turn " << turn;
    }
  }
}

}  // namespace
}  // namespace docmind::scheduler
