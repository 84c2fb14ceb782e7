#include <gtest/gtest.h>

#include <array>
#include <iomanip>
#include <iostream>
#include <map>

#include "cache/guard/normalised.h"
#include "cache/guard/testing/opened.h"
#include "cache/guard/testing/paraphrases.h"

// Thousands of pairs made by rule of real questions: none that asks something else may count as the same, and enough of
// those that ask the same must. A half of the questions, by hash, was never looked at while lists were made.
namespace docmind::cache {
namespace {

struct Tally {
  std::size_t all = 0;
  std::size_t same = 0;
};
using Tallies = std::map<std::string, std::array<Tally, 2>>;  // By kind; of the half for development, and the other.

std::size_t half_of(const Pair& pair) { return is_for_development(pair) ? 0 : 1; }

// As the cache asks: the exact layer first, then the guards.
bool are_same(const Pair& pair) {
  const Guards& guards = opened_guards();
  if (normalised(pair.a) == normalised(pair.b)) return true;
  return guards.difference(guards.read(pair.a), guards.read(pair.b)) == Difference::kNone;
}

void print(std::string_view what, const Tallies& tallies) {
  std::cout << std::left << std::setw(20) << what << "   pairs    same   | held out     same\n";
  Tally sum[2];
  const auto line = [](const std::string& kind, const Tally& a, const Tally& b) {
    std::cout << std::left << std::setw(20) << kind << std::right << std::setw(8) << a.all << std::setw(8) << a.same
              << "   |" << std::setw(9) << b.all << std::setw(9) << b.same << '\n';
  };
  for (const auto& [kind, halves] : tallies) {
    line(kind, halves[0], halves[1]);
    for (std::size_t half = 0; half < 2; ++half) {
      sum[half].all += halves[half].all;
      sum[half].same += halves[half].same;
    }
  }
  line("all", sum[0], sum[1]);
}

TEST(Generated, NoPairThatAsksSomethingElseIsTheSame) {
  const std::vector<std::string> questions = usable(real_questions(), opened_guards());
  const Negatives negatives(questions);
  Tallies tallies;
  for (const Pair& pair : negatives.pairs()) {
    Tally& tally = tallies[pair.kind][half_of(pair)];
    ++tally.all;
    if (!are_same(pair)) continue;
    ++tally.same;
    if (half_of(pair) == 0) {
      ADD_FAILURE() << pair.kind << ": \"" << pair.a << "\" and \"" << pair.b << '"';
    } else {
      ADD_FAILURE() << pair.kind << " (held out)";
    }
  }
  std::cout << questions.size() << " questions\n";
  print("negatives", tallies);
  EXPECT_GE(negatives.pairs().size(), 5'000U);
}

TEST(Generated, EnoughPairsThatAskTheSameAre) {
  const Paraphrases paraphrases(usable(real_questions(), opened_guards()));
  Tallies tallies;
  Tally lexical[2];  // P1 to P7.
  std::size_t far = 0;
  for (const Pair& pair : paraphrases.pairs()) {
    const bool same = are_same(pair);
    const std::size_t half = half_of(pair);
    Tally& tally = tallies[pair.kind][half];
    ++tally.all;
    tally.same += same ? 1 : 0;
    if (shared_words(pair) < 0.7) ++far;
    if (pair.kind.starts_with("P8") || pair.kind.starts_with("P9")) continue;
    ++lexical[half].all;
    lexical[half].same += same ? 1 : 0;
  }
  print("paraphrases", tallies);
  std::cout << far << " of " << paraphrases.pairs().size()
            << " pairs share less than 70 % of their words that carry meaning\n";
  EXPECT_GE(paraphrases.pairs().size(), 1'000U);
  EXPECT_GE(far * 2, paraphrases.pairs().size());
  for (const Tally& tally : lexical) {
    EXPECT_GE(static_cast<double>(tally.same), 0.6 * static_cast<double>(tally.all))
        << tally.same << " of " << tally.all;
  }
}

}  // namespace
}  // namespace docmind::cache
