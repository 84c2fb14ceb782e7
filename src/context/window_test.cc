#include "context/window.h"

#include <gtest/gtest.h>

namespace docmind::context {
namespace {

TEST(Window, TheSpecificationsFigures) {
  const auto window = window_for({}, Policy::kNewest, 131'072, 2'048);
  ASSERT_TRUE(window);
  EXPECT_EQ(window->limit, 131'072U);
  EXPECT_EQ(window->reserved, 2'048U);
  EXPECT_EQ(window->most, 122'880U);
  EXPECT_EQ(window->trim_from, 120'000U);
  EXPECT_EQ(window->overlap, 2'048U);
}

TEST(Window, ASmallerModelShrinksAll) {
  const auto window = window_for({}, Policy::kSlidingWindow, 65'536, 1'000);
  ASSERT_TRUE(window);
  EXPECT_EQ(window->most, 65'536U - 4'096U);
  EXPECT_EQ(window->trim_from, 60'000U);
  EXPECT_EQ(window->overlap, 1'024U);
  EXPECT_EQ(window_for({}, Policy::kNewest, 1U << 20U, 1'000)->limit, 131'072U);  // A larger one changes nothing.
  EXPECT_EQ(window_for({}, Policy::kNewest, 0, 100)->limit, 8'192U);              // One that is not told.
}

TEST(Window, TheAnswerIsAlwaysReserved) {
  EXPECT_EQ(window_for({}, Policy::kNewest, 131'072, 30'000)->most, 101'072U);
  EXPECT_EQ(window_for({}, Policy::kNewest, 131'072, 30'000)->trim_from, 101'072U);
  EXPECT_EQ(window_for({}, Policy::kNewest, 131'072, 0)->reserved, 8'192U);
  for (const std::uint32_t context : {1U, 2U, 100U, 4'096U, 131'072U}) {
    for (const std::uint32_t wanted : {1U, 50U, 4'095U, 131'071U}) {
      for (const Policy policy : {Policy::kRefuse, Policy::kNewest, Policy::kSlidingWindow}) {
        const auto window = window_for({}, policy, context, wanted);
        ASSERT_EQ(static_cast<bool>(window), wanted < context);
        if (!window) {
          EXPECT_EQ(window.error().code, Code::kResourceExhausted);
          continue;
        }
        EXPECT_LE(window->most + window->reserved, window->limit);
        EXPECT_LE(window->trim_from, window->most);
        EXPECT_GT(window->trim_from, 0U);
      }
    }
  }
}

TEST(Window, RefusingTakesAllButTheAnswer) {
  EXPECT_EQ(window_for({}, Policy::kRefuse, 131'072, 2'048)->most, 129'024U);
  EXPECT_EQ(window_for({}, Policy::kRefuse, 131'072, 0)->trim_from, 131'071U);
}

TEST(Window, AThresholdUpToOneIsAShare) {
  EXPECT_EQ(window_for({.trim_from = 0.9}, Policy::kNewest, 131'072, 100)->trim_from, 117'964U);
  EXPECT_EQ(window_for({.trim_from = 0.9}, Policy::kNewest, 10'000, 100)->trim_from, 8'999U);
  EXPECT_EQ(window_for({.trim_from = 1}, Policy::kNewest, 131'072, 100)->trim_from, 122'880U);
}

TEST(Window, OptionsThatMakeNoSense) {
  for (const WindowOptions& options :
       {WindowOptions{.limit = 0}, WindowOptions{.limit = 100, .buffer = 100}, WindowOptions{.trim_from = 0},
        WindowOptions{.trim_from = -3}, WindowOptions{.trim_from = 200'000}, WindowOptions{.untold = 0},
        WindowOptions{.trim_from = 0.0 / 0.0}}) {
    const auto window = window_for(options, Policy::kNewest, 0, 10);
    ASSERT_FALSE(window);
    EXPECT_EQ(window.error().code, Code::kInvalidArgument);
  }
}

TEST(Window, PoliciesHaveNames) {
  for (const Policy policy : {Policy::kRefuse, Policy::kNewest, Policy::kSlidingWindow}) {
    EXPECT_EQ(*policy_named(name(policy)), policy);
  }
  EXPECT_FALSE(policy_named("last"));
  EXPECT_FALSE(policy_named(""));
}

}  // namespace
}  // namespace docmind::context
