#include "service/idle_reading.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <optional>
#include <vector>

namespace docmind::service {
namespace {

Error stopped() { return {Code::kCancelled, "stopped"}; }

// Until it is told to stop.
void wait_for(const std::stop_token& stop) {
  std::latch told(1);
  const std::stop_callback tell(stop, [&told] { told.count_down(); });
  told.wait();
}

TEST(IdleReading, EachVersionOnceInOrder) {
  std::vector<std::string> read;
  std::latch three(3);
  IdleReading reading([&](const std::string& id, const std::stop_token&) -> Result<> {
    read.push_back(id);
    three.count_down();
    return id == "b" ? Result<>(Error{Code::kUnavailable, "no model"}) : Result<>();  // It is not tried again.
  });
  for (const char* id : {"a", "a", "b", "c", "b"}) reading.add(id, std::string("version of ") + id);
  three.wait();
  EXPECT_EQ(read, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(IdleReading, AQuestionInterruptsAndTheSameDocumentGoesOnAfterIt) {
  std::latch begun(1);
  std::latch again(1);
  std::atomic<bool> asking = false;
  std::atomic<int> calls = 0;
  IdleReading reading([&](const std::string& id, const std::stop_token& stop) -> Result<> {
    EXPECT_EQ(id, "a");
    if (++calls == 1) {
      begun.count_down();
      wait_for(stop);  // Without the question it would read for ever.
      return stopped();
    }
    EXPECT_FALSE(asking.load());
    again.count_down();
    return {};
  });
  reading.add("a", "1");
  begun.wait();
  asking = true;
  std::optional<IdleReading::Question> question(&reading);
  {
    const IdleReading::Question other(&reading);
  }
  asking = false;
  question.reset();
  again.wait();
  EXPECT_EQ(calls.load(), 2);
}

TEST(IdleReading, NothingIsReadWhileSomebodyAsks) {
  std::latch read(1);
  std::atomic<bool> asking = true;
  IdleReading reading([&](const std::string&, const std::stop_token&) -> Result<> {
    EXPECT_FALSE(asking.load());
    read.count_down();
    return {};
  });
  {
    const IdleReading::Question question(&reading);
    reading.add("a", "1");
    asking = false;
  }
  read.wait();
}

TEST(IdleReading, ItsEndInterrupts) {
  std::latch begun(1);
  std::atomic<int> calls = 0;
  {
    IdleReading reading([&](const std::string&, const std::stop_token& stop) -> Result<> {
      ++calls;
      begun.count_down();
      wait_for(stop);
      return stopped();
    });
    reading.add("a", "1");
    reading.add("b", "2");
    begun.wait();
  }
  EXPECT_EQ(calls.load(), 1);
}

}  // namespace
}  // namespace docmind::service
