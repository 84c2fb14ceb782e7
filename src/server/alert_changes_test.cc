#include "server/alert_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docmind::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using enum AlertState;

class AlertChangesTest : public testing::Test {
 protected:
  AlertChangesTest() { clock_.advance(std::chrono::seconds(50)); }
  static Alert alert(AlertState state, bool foretold = false) {
    Alert out{.name = "disk", .state = state, .since_ms = 1000, .says = "It fills.", .to_do = "Free some space."};
    if (foretold) out.expected = Expected{.seconds = 60, .least = 50, .most = 70};
    return out;
  }
  // "raised warning 1000", "over critical 1000 50000".
  std::vector<std::string> look(const std::vector<Alert>& alerts) {
    std::vector<std::string> out;
    for (const AlertChange& one : changes_.look(alerts)) {
      out.push_back((one.ended_ms == 0 ? "raised " : "over ") + std::string(name_of(one.severity)) + " " +
                    std::to_string(one.since_ms) + (one.ended_ms == 0 ? "" : " " + std::to_string(one.ended_ms)));
    }
    return out;
  }

  ManualClock clock_;
  AlertChanges changes_{clock_};
};

TEST_F(AlertChangesTest, EachIsToldWhenItBeginsAndWhenItEnds) {
  EXPECT_THAT(look({alert(kOk)}), ElementsAre());
  EXPECT_THAT(look({alert(kPending)}), ElementsAre());
  EXPECT_THAT(look({alert(kWarning)}), ElementsAre("raised warning 1000"));
  EXPECT_THAT(look({alert(kWarning)}), ElementsAre());
  EXPECT_THAT(look({alert(kOk)}), ElementsAre("over warning 1000 50000"));
  EXPECT_THAT(look({}), ElementsAre());
}

TEST_F(AlertChangesTest, WorseIsToldAndBetterGoesOn) {
  EXPECT_THAT(look({alert(kWarning)}), ElementsAre("raised warning 1000"));
  EXPECT_THAT(look({alert(kCritical)}), ElementsAre("over warning 1000 50000", "raised critical 1000"));
  EXPECT_THAT(look({alert(kCritical)}), ElementsAre());
  EXPECT_THAT(look({alert(kWarning)}), ElementsAre());
  EXPECT_THAT(look({}), ElementsAre("over critical 1000 50000"));
}

TEST_F(AlertChangesTest, WhatIsForetoldBeginsWhenItIsTold) {
  EXPECT_THAT(look({alert(kOk, true)}), ElementsAre("raised warning 50000"));
  EXPECT_THAT(look({alert(kWarning, true)}), ElementsAre());
  EXPECT_THAT(look({alert(kCritical)}), ElementsAre("over warning 50000 50000", "raised critical 1000"));
}

TEST_F(AlertChangesTest, WhoIsToldNothingElseHasTheLog) {
  std::vector<std::string> lines;
  const auto log = *obs::Log::open(
      {.format = obs::LogFormat::kJson, .sink = [&](std::string_view line) { lines.emplace_back(line); }}, clock_);
  for (const auto& alerts : {std::vector{alert(kCritical)}, std::vector<Alert>{}}) {
    for (const AlertChange& change : changes_.look(alerts)) log_change(*log, change);
  }
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], HasSubstr(R"("level":"warn","event":"alert_raised")"));
  EXPECT_THAT(lines[0],
              HasSubstr(R"("alert":"disk","severity":"critical","says":"It fills.","to_do":"Free some space.")"));
  EXPECT_THAT(lines[1], HasSubstr(R"("level":"info","event":"alert_over")"));
  EXPECT_THAT(lines[1], HasSubstr(R"("alert":"disk","severity":"critical","lasted_ms":49000)"));
}

}  // namespace
}  // namespace docmind::server
