#include "llm/router/prefix_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/testing/threaded_seams.h"

namespace docmind::router {
namespace {

using ::testing::ElementsAre;

struct PrefixOrderTest : testing::Test {
  // Enters on a thread of its own, notes its name when it is in, and leaves when it is told.
  struct Caller {
    std::stop_source stop;
    std::atomic<bool> may_end = false;
    std::atomic<bool> in = false;
    std::atomic<bool> refused = false;
    std::jthread thread;
    ~Caller() { end(); }
    void end() {
      may_end = true;
      may_end.notify_all();
    }
  };
  std::unique_ptr<Caller> call(std::uint64_t beginning) {
    auto caller = std::make_unique<Caller>();
    caller->thread = std::jthread([this, beginning, one = caller.get()] {
      auto turn = order->enter(beginning, Deadline::never(), one->stop.get_token());
      if (!turn) {
        one->refused = true;
        return;
      }
      {
        const std::lock_guard lock(mutex);
        went.push_back(beginning);
      }
      one->in = true;
      one->may_end.wait(false);
      turn->first_token();
    });
    return caller;
  }
  static void wait(const std::atomic<bool>& flag) {
    while (!flag) std::this_thread::yield();
  }
  PrefixOrder::Turn enter(std::uint64_t beginning) { return *order->enter(beginning, Deadline::never(), {}); }

  SteadyClock clock;
  std::unique_ptr<PrefixOrder> order =
      std::make_unique<PrefixOrder>(PrefixOrderOptions{.patience = std::chrono::hours(1)}, clock);
  std::mutex mutex;
  std::vector<std::uint64_t> went;
};

TEST_F(PrefixOrderTest, TheFirstLeadsAndTheOthersComeAfterItsFirstToken) {
  PrefixOrder::Turn leader = enter(7);
  EXPECT_TRUE(leader.leads());
  const auto follower = call(7);
  const auto another = call(7);
  EXPECT_FALSE(enter(0).leads());  // Without documents nobody waits,
  EXPECT_TRUE(enter(8).leads());   // nor with others.
  EXPECT_FALSE(follower->in || another->in);
  leader.first_token();
  wait(follower->in);
  wait(another->in);  // Together.
  EXPECT_FALSE(enter(7).leads());
}

TEST_F(PrefixOrderTest, WhenTheLeaderFailsTheNextLeads) {
  std::optional<PrefixOrder::Turn> leader(enter(7));
  const auto next = call(7);
  const auto last = call(7);
  leader.reset();
  while (!next->in && !last->in) std::this_thread::yield();
  EXPECT_NE(next->in.load(), last->in.load());
  next->end();
  last->end();
  wait(next->in);
  wait(last->in);
}

TEST_F(PrefixOrderTest, OneSlotGoesToTheSameBeginningFirst) {
  order =
      std::make_unique<PrefixOrder>(PrefixOrderOptions{.slots = 1, .run = 2, .patience = std::chrono::hours(1)}, clock);
  std::optional<PrefixOrder::Turn> first(enter(1));
  first->first_token();
  std::vector<std::unique_ptr<Caller>> callers;
  for (const std::uint64_t beginning : {2, 1, 1, 2}) {
    callers.push_back(call(beginning));
    callers.back()->end();
    // They come one after the other, and all of them before the slot is free.
    while (order->waiting() < callers.size()) std::this_thread::yield();
  }
  first.reset();
  for (const auto& caller : callers) caller->thread.join();
  EXPECT_THAT(went, ElementsAre(1, 2, 2, 1));  // Two in a row, the first among them.
}

TEST_F(PrefixOrderTest, AStopAndADeadlineEndTheWait) {
  const PrefixOrder::Turn leader = enter(7);
  const auto waiting = call(7);
  waiting->stop.request_stop();
  wait(waiting->refused);
  const auto late = order->enter(7, Deadline::in(std::chrono::milliseconds(1), clock), {});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kDeadlineExceeded);
}

TEST_F(PrefixOrderTest, NobodyWaitsForAHangingLeaderForEver) {
  order = std::make_unique<PrefixOrder>(PrefixOrderOptions{.patience = std::chrono::milliseconds(1)}, clock);
  const PrefixOrder::Turn leader = enter(7);
  EXPECT_FALSE(enter(7).leads());
}

TEST_F(PrefixOrderTest, ManyBeginningsAreForgotten) {
  order = std::make_unique<PrefixOrder>(PrefixOrderOptions{.remembered = 2}, clock);
  for (const std::uint64_t beginning : {1, 2, 3}) enter(beginning).first_token();
  EXPECT_FALSE(enter(3).leads());
  EXPECT_TRUE(enter(1).leads());
}

TEST_F(PrefixOrderTest, TheBeginningIsWhatRequestsShare) {
  const auto request = [](std::string system, std::string document, std::string question) {
    return llm::ChatRequest{.messages = {{.role = llm::Role::kSystem, .content = std::move(system)},
                                         {.role = llm::Role::kUser, .content = std::move(question)}},
                            .documents = {{.title = "t", .text = std::move(document)}}};
  };
  const std::uint64_t one = beginning_of(request("s", "d", "q"));
  EXPECT_NE(one, 0U);
  EXPECT_EQ(one, beginning_of(request("s", "d", "another question")));
  EXPECT_NE(one, beginning_of(request("s", "e", "q")));
  EXPECT_NE(one, beginning_of(request("S", "d", "q")));
  llm::ChatRequest none = request("s", "d", "q");
  none.documents.clear();
  EXPECT_EQ(beginning_of(none), 0U);
}

}  // namespace
}  // namespace docmind::router
