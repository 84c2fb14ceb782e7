// Cards that are told by scripts, and by a real child with a driver library made for tests.
#include "app/cards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "sys/clock.h"
#include "sys/testing/temp_folder.h"

namespace docmind::app {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

std::vector<sys::GpuFacts> two_cards() {
  std::vector<sys::GpuFacts> cards(2);
  cards[0].name = "RTX 4080";
  cards[0].memory_total = 16000;
  cards[0].memory_free = 1000;
  cards[0].watts = 81.5;
  cards[0].celsius = 61;
  cards[0].busy_percent = 42;
  cards[0].slowed = {sys::GpuSlowing::kHeat};
  cards[1].index = 3;
  cards[1].memory_total = 16000;
  cards[1].memory_free = 16000;
  return cards;
}

TEST(Cards, ALineSaysWhatTheyDo) {
  const auto told = cards_of(line_of(two_cards()));
  ASSERT_TRUE(told);
  ASSERT_TRUE(*told);
  const std::vector<sys::GpuFacts>& cards = **told;
  ASSERT_EQ(cards.size(), 2U);
  EXPECT_EQ(cards[0].name, "RTX 4080");
  EXPECT_EQ(cards[0].memory_free, 1000U);
  EXPECT_EQ(cards[0].watts, 81.5);
  EXPECT_EQ(cards[0].celsius, 61);
  EXPECT_EQ(cards[0].busy_percent, 42U);
  EXPECT_EQ(cards[0].slowed, std::vector{sys::GpuSlowing::kHeat});
  EXPECT_EQ(cards[1].index, 3U);
  EXPECT_FALSE(cards[1].watts);
  EXPECT_FALSE(cards[1].busy_percent);
}

TEST(Cards, NoCardsAndNoLine) {
  const auto none = cards_of(line_without_cards());
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  for (const char* other : {"", "cards", "[]", "{}", R"({"cards":7})", R"({"cards":[)"}) {
    EXPECT_EQ(cards_of(other).error().code, Code::kInvalidArgument) << other;
  }
  // A driver that says more free than there is, or something else.
  const auto odd = cards_of(R"({"cards":[{"memory_total":5,"memory_free":9,"watts":"x","slowed":["x",7]},8]})");
  ASSERT_TRUE(odd && *odd);
  EXPECT_EQ((**odd)[0].memory_free, 5U);
  EXPECT_FALSE((**odd)[0].watts);
  EXPECT_TRUE((**odd)[0].slowed.empty());
}

TEST(Cards, TheFullest) {
  EXPECT_EQ(fullest({}), std::nullopt);
  EXPECT_EQ(fullest({sys::GpuFacts{}}), std::nullopt);
  EXPECT_DOUBLE_EQ(fullest(two_cards()).value_or(0), 93.75);
}

class CardWatchTest : public ::testing::Test {
 protected:
  CardWatchTest() {
    obs::LogOptions options;
    options.sink = [this](std::string_view line) {
      const MutexLock lock(mutex_);
      lines_ += std::string(line) + "\n";
    };
    log_ = *obs::Log::open(std::move(options), clock_);
    options_.first_pause = milliseconds(1);
    options_.longest_pause = std::chrono::hours(1);
  }

  void child(const std::string& script) {
    const fs::path file = folder_.write("child.sh", "#!/bin/sh\n" + script + "\n");
    fs::permissions(file, fs::perms::owner_all);
    options_.command = {file.string()};
  }
  std::string line() { return "echo '" + line_of(two_cards()) + "'\n"; }
  void watch() { watch_ = std::make_unique<CardWatch>(options_, clock_, *log_, metrics_); }
  // How often it has been started.
  std::size_t starts() const { return fs::exists(folder_ / "starts") ? fs::file_size(folder_ / "starts") : 0; }
  std::string told() {
    const MutexLock lock(mutex_);
    return lines_;
  }
  template <typename Holds>
  void wait_for(Holds holds) {
    const TimePoint last = clock_.now() + std::chrono::seconds(60);
    while (!holds() && clock_.now() < last) std::this_thread::yield();
    EXPECT_TRUE(holds());
  }

  sys::TempFolder folder_;
  sys::RealClock clock_;
  Mutex mutex_;
  std::string lines_;
  std::unique_ptr<obs::Log> log_;
  obs::Metrics metrics_;
  CardWatchOptions options_;
  std::unique_ptr<CardWatch> watch_;
};

TEST_F(CardWatchTest, ShowsWhatIsTold) {
  child(line() + "exec /bin/sleep 600");
  watch();
  wait_for([&] { return watch_->cards().size() == 2; });
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("docmind_gpu_memory_bytes{device=\"0\"} 15000"));
  EXPECT_THAT(text, HasSubstr("docmind_gpu_memory_bytes{device=\"3\"} 0"));
  EXPECT_THAT(text, HasSubstr("docmind_gpu_memory_total_bytes{device=\"0\"} 16000"));
  EXPECT_THAT(text, HasSubstr("docmind_gpu_utilization_percent{device=\"0\"} 42"));
  EXPECT_THAT(text, HasSubstr("docmind_gpu_temperature_celsius{device=\"0\"} 61"));
  EXPECT_THAT(text, HasSubstr("docmind_gpu_power_watts{device=\"0\"} 81.5"));
  EXPECT_THAT(text, HasSubstr("docmind_gpu_throttled{device=\"0\",reason=\"heat\"} 1"));
  EXPECT_THAT(text, HasSubstr("docmind_gpu_throttled{device=\"0\",reason=\"power\"} 0"));
  EXPECT_THAT(text, Not(HasSubstr("docmind_gpu_power_watts{device=\"3\"}")));
  EXPECT_FALSE(watch_->over());
  EXPECT_EQ(told(), "");
}

TEST_F(CardWatchTest, WithoutADriverNoChildStays) {
  child("printf x >>" + (folder_ / "starts").string() + "\necho '" + line_without_cards() + "'");
  watch();
  wait_for([&] { return watch_->over(); });
  EXPECT_EQ(starts(), 1U);
  EXPECT_EQ(told(), "");
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("docmind_gpu")));
}

TEST_F(CardWatchTest, OneThatDiesIsStartedAgainAndToldOnce) {
  child("printf x >>" + (folder_ / "starts").string() + "\n" + line() + "kill -ABRT $$");
  watch();
  wait_for([&] { return starts() >= 4; });
  watch_.reset();
  EXPECT_THAT(told(), HasSubstr("cards_not_watched"));
  EXPECT_THAT(told(), HasSubstr("killed by signal 6"));
  EXPECT_EQ(std::ranges::count(told(), '\n'), 1) << told();
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("docmind_gpu"))) << "what nobody knows any more is not shown";
}

TEST_F(CardWatchTest, OneThatFallsSilentIsStartedAgain) {
  options_.patience = milliseconds(1);
  child("printf x >>" + (folder_ / "starts").string() + "\n" + line() + "exec /bin/sleep 600");
  watch();
  wait_for([&] { return starts() >= 2; });
  wait_for([&] { return told().find("it does not answer") != std::string::npos; });
}

TEST_F(CardWatchTest, OneThatCannotBeStartedIsTold) {
  options_.command = {"/nowhere/docmind"};
  watch();
  wait_for([&] { return told().find("cards_not_watched") != std::string::npos; });
  EXPECT_FALSE(watch_->over());
}

TEST_F(CardWatchTest, NonsenseIsNoCard) {
  child("echo '{\"cards\":true}'\nexec /bin/sleep 600");
  watch();
  wait_for([&] { return told().find("something else") != std::string::npos; });
  EXPECT_TRUE(watch_->cards().empty());
}

}  // namespace
}  // namespace docmind::app
