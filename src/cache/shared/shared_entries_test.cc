#include "cache/shared/shared_entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cache/entries/testing/conformance.h"
#include "cache/entries/testing/kept_file.h"
#include "cache/redis/testing/redis_process.h"
#include "sys/testing/fault_files.h"

namespace docmind::cache {
namespace {

using ::testing::HasSubstr;
using testing::KeptFile;
using testing::RedisProcess;

// A store that can be cut off, before it does what it is told or after.
class Breakable final : public Entries {
 public:
  enum class How : std::uint8_t { kWorks, kAway, kDoesButSaysNothing };
  explicit Breakable(Entries& behind) : behind_(behind) {}
  void set(How how) { how_ = how; }
  int calls() const { return calls_; }

  Result<std::optional<std::string>> get(std::string_view key, Deadline deadline, std::stop_token stop) override {
    return call([&] { return behind_.get(key, deadline, stop); });
  }
  Result<Values> get_many(std::span<const std::string> keys, Deadline deadline, std::stop_token stop) override {
    return call([&] { return behind_.get_many(keys, deadline, stop); });
  }
  Result<> put(std::string_view key, Put put, Deadline deadline, std::stop_token stop) override {
    return call([&] { return behind_.put(key, put, deadline, stop); });
  }
  Result<bool> erase(std::string_view key, Deadline deadline, std::stop_token stop) override {
    return call([&] { return behind_.erase(key, deadline, stop); });
  }
  Result<std::uint64_t> purge(std::string_view tag, Deadline deadline, std::stop_token stop) override {
    return call([&] { return behind_.purge(tag, deadline, stop); });
  }
  Result<EntriesStats> stats() override {
    return call([&] { return behind_.stats(); });
  }
  Result<std::uint64_t> moment() override { return behind_.moment(); }

 private:
  template <typename Fn>
  auto call(Fn fn) -> decltype(fn()) {
    ++calls_;
    const Error away{Code::kUnavailable, "It does not answer."};
    if (how_ == How::kAway) return away;
    auto result = fn();
    if (how_ == How::kDoesButSaysNothing) return away;
    return result;
  }
  Entries& behind_;
  std::atomic<How> how_ = How::kWorks;
  std::atomic<int> calls_ = 0;
};
using How = Breakable::How;

// A machine: its own file and journal, and a shared store.
struct Machine {
  Machine(Entries& shared, KeptFile& given) : reach(shared), local(given) { start(); }
  void start() {
    entries.reset();
    journal.emplace(folder / "purges.json", files);
    auto opened = SharedEntries::open("there", {reach, local.open(), *journal, local.clock, metrics, local.log});
    EXPECT_TRUE(opened) << opened.error().message;
    entries = *std::move(opened);
  }
  void put(std::string_view key, std::string value, std::vector<std::string> tags = {}) {
    EXPECT_TRUE(entries->put(key, {.value = std::move(value), .ttl = kForever, .tags = std::move(tags)}, {}, {}));
  }
  std::optional<std::string> value(std::string_view key) {
    const auto got = entries->get(key, {}, {});
    EXPECT_TRUE(got) << got.error().message;
    return got ? *got : std::nullopt;
  }
  void cut_off() {
    reach.set(How::kAway);
    EXPECT_EQ(value("nothing"), std::nullopt);
  }
  void reconnect() {
    reach.set(How::kWorks);
    local.clock.go_on(std::chrono::minutes(1));  // The breaker tries again.
  }
  double waiting() { return metrics.gauge("docmind_cache_purges_waiting", "").value(); }

  Breakable reach;
  KeptFile& local;
  sys::TempFolder folder;
  sys::RealFiles real;
  sys::FaultFiles files{real};
  obs::Metrics metrics;
  std::optional<PurgeJournal> journal;
  std::unique_ptr<SharedEntries> entries;
};

struct SharedSubject {
  static constexpr std::uint64_t kMaxValue = 1U << 20U;
  SharedSubject() {
    there.options.max_value_bytes = here.options.max_value_bytes = kMaxValue;
    machine = std::make_unique<Machine>(there.open(), here);
  }
  Entries& entries() { return *machine->entries; }
  void pass(std::chrono::milliseconds time) {
    there.clock.go_on(time);
    here.clock.go_on(time);
  }
  KeptFile there;
  KeptFile here;
  std::unique_ptr<Machine> machine;
};
// While the shared store is away.
struct AwaySubject : SharedSubject {
  AwaySubject() { machine->cut_off(); }
};
using Subjects = ::testing::Types<SharedSubject, AwaySubject>;
INSTANTIATE_TYPED_TEST_SUITE_P(Shared, EntriesConformance, Subjects);

class SharedEntriesTest : public ::testing::Test {
 protected:
  KeptFile store_;  // That both share.
  KeptFile file_a_;
  KeptFile file_b_;
  Machine a_{store_.get(), file_a_};
  Machine b_{store_.get(), file_b_};
};

TEST_F(SharedEntriesTest, MachinesShareWhatTheyPutAndPurge) {
  a_.put("k", "v", {"t"});
  EXPECT_EQ(b_.value("k"), "v");
  EXPECT_EQ(a_.entries->stats()->place, "there");
  EXPECT_EQ(a_.entries->stats()->trouble, "");
  EXPECT_EQ(*b_.entries->purge("t", {}, {}), 1);
  EXPECT_EQ(a_.value("k"), std::nullopt);
  EXPECT_EQ(file_a_.stats().entries, 0);
}

TEST_F(SharedEntriesTest, OneCallPaysForAStoreThatIsAway) {
  a_.put("k", "v");
  a_.reach.set(How::kAway);
  const int before = a_.reach.calls();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(a_.value("k"), std::nullopt);
  EXPECT_EQ(a_.reach.calls(), before + 1);
  a_.put("mine", "v", {"t"});
  EXPECT_EQ(a_.value("mine"), "v");
  const EntriesStats stats = *a_.entries->stats();
  EXPECT_EQ(stats.place, "this machine");
  EXPECT_THAT(stats.trouble, HasSubstr("The shared cache at there is away: It does not answer."));
  a_.reconnect();
  EXPECT_EQ(a_.value("k"), "v");
  EXPECT_EQ(a_.value("mine"), std::nullopt);  // It stayed local, and is not read any more.
  EXPECT_EQ(b_.value("mine"), std::nullopt);
  EXPECT_EQ(file_a_.stats().entries, 0);
  EXPECT_EQ(a_.entries->stats()->place, "there");
}

TEST_F(SharedEntriesTest, WhatIsPurgedWhileItIsAwayIsNeverGivenAgain) {
  a_.put("k", "v", {"t"});
  a_.put("other", "v");
  a_.cut_off();
  EXPECT_TRUE(a_.entries->purge("t", {}, {}));
  EXPECT_EQ(a_.waiting(), 1);
  EXPECT_THAT(a_.entries->stats()->trouble, HasSubstr("1 purges wait for it"));
  EXPECT_EQ(b_.value("k"), "v");  // It has not heard of it.
  a_.reconnect();
  EXPECT_EQ(a_.value("k"), std::nullopt);
  EXPECT_EQ(a_.value("other"), "v");
  EXPECT_EQ(a_.waiting(), 0);
  EXPECT_EQ(b_.value("k"), std::nullopt);
}

TEST_F(SharedEntriesTest, NorAfterARestart) {
  a_.put("k", "v", {"t"});
  a_.cut_off();
  EXPECT_TRUE(a_.entries->purge("t", {}, {}));
  a_.start();
  EXPECT_EQ(a_.waiting(), 1);
  EXPECT_EQ(a_.value("k"), std::nullopt);
  a_.start();
  a_.reconnect();
  EXPECT_EQ(a_.value("k"), std::nullopt);
  EXPECT_EQ(b_.value("k"), std::nullopt);
  a_.start();
  EXPECT_EQ(a_.waiting(), 0);
}

// The store has done it, and its answer was lost: it is done again.
TEST_F(SharedEntriesTest, APurgeWhoseAnswerIsLostIsMadeAgain) {
  a_.put("k", "v", {"t"});
  a_.reach.set(How::kDoesButSaysNothing);
  EXPECT_TRUE(a_.entries->purge("t", {}, {}));
  EXPECT_EQ(a_.waiting(), 1);
  b_.put("k", "since then", {"t"});
  a_.reconnect();
  EXPECT_EQ(a_.value("k"), std::nullopt);
  EXPECT_EQ(a_.waiting(), 0);
}

TEST_F(SharedEntriesTest, APurgeThatCannotBeNotedIsNotAnswered) {
  a_.put("k", "v", {"t"});
  a_.cut_off();
  a_.files.fail(a_.folder / "purges.json", Error{Code::kResourceExhausted, "The disk is full."});
  EXPECT_FALSE(a_.entries->purge("t", {}, {}));
  a_.files.fail(a_.folder / "purges.json", std::nullopt);
  a_.reconnect();
  EXPECT_EQ(a_.value("k"), std::nullopt);  // Of what was not promised, more is done.
}

TEST_F(SharedEntriesTest, AJournalThatCannotBeReadHoldsAPurgeOfEverything) {
  a_.put("k", "v", {"t"});
  for (const char* bytes :
       {"", "{", "{}", R"({"pending":["?"]})", R"({"pending":[],"last":{"tag":"","moment":"x"}})"}) {
    (void)a_.folder.write("purges.json", bytes);
    a_.start();
    EXPECT_EQ(a_.waiting(), 1) << bytes;
    EXPECT_EQ(a_.value("k"), std::nullopt);
    a_.put("k", "v", {"t"});
    a_.start();
    EXPECT_EQ(a_.value("k"), "v");
  }
}

// What others purge while this machine is shared must not come back from its own file in a later absence.
TEST_F(SharedEntriesTest, WhatOthersPurgeIsNotFoundInTheLocalFileLater) {
  a_.cut_off();
  a_.put("k", "v", {"t"});
  EXPECT_EQ(a_.value("k"), "v");
  a_.reconnect();
  EXPECT_EQ(a_.value("k"), std::nullopt);
  EXPECT_TRUE(b_.entries->purge("t", {}, {}));
  a_.cut_off();
  EXPECT_EQ(a_.value("k"), std::nullopt);
}

TEST_F(SharedEntriesTest, APutFromBeforeAChangeIsDropped) {
  const std::uint64_t shared = *a_.entries->moment();
  a_.cut_off();
  EXPECT_TRUE(a_.entries->put("k", {.value = "v", .ttl = kForever, .since = shared}, {}, {}));
  EXPECT_EQ(a_.value("k"), std::nullopt);
  const std::uint64_t away = *a_.entries->moment();
  EXPECT_TRUE(a_.entries->put("k", {.value = "v", .ttl = kForever, .since = away}, {}, {}));
  EXPECT_EQ(a_.value("k"), "v");
  a_.reconnect();
  EXPECT_TRUE(a_.entries->put("k", {.value = "v", .ttl = kForever, .since = away}, {}, {}));
  EXPECT_EQ(a_.value("k"), std::nullopt);
  EXPECT_EQ(b_.value("k"), std::nullopt);
  EXPECT_EQ(a_.entries->stats()->outrun, 2);
}

// One machine loses and finds the store all the time, both put and purge: whatever a machine has purged, it is not
// given there again.
TEST_F(SharedEntriesTest, NothingPurgedIsGivenThoughTheStoreComesAndGoes) {
  std::atomic<bool> over = false;
  std::atomic<int> wrong = 0;
  std::thread weather([&] {
    for (int i = 0; !over; ++i) {
      a_.reach.set(i % 3 == 0 ? How::kAway : i % 3 == 1 ? How::kDoesButSaysNothing : How::kWorks);
      file_a_.clock.go_on(std::chrono::seconds(10));
      std::this_thread::yield();
    }
  });
  std::atomic<std::uint64_t> round = 1;
  std::atomic<std::uint64_t> purged = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string key = "k" + std::to_string((t + i) % 5);
        const std::uint64_t since = *a_.entries->moment();
        const std::uint64_t mine = round;
        (void)a_.entries->put(key, {.value = std::to_string(mine), .ttl = kForever, .tags = {"t"}, .since = since}, {},
                              {});
        const std::uint64_t gone = purged;
        const auto got = a_.entries->get(key, {}, {});
        if (got && *got && std::stoull(**got) <= gone) ++wrong;
      }
    });
  }
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t before = round++;
    if (a_.entries->purge("t", {}, {})) purged = before;
  }
  for (std::thread& thread : threads) thread.join();
  over = true;
  weather.join();
  EXPECT_EQ(wrong, 0);
}

// The same with a real server that hangs, dies and comes back with what it had.
TEST(SharedOnRedis, NothingPurgedIsGivenThoughTheServerHangsAndDies) {
  RedisProcess redis;
  sys::RealClock clock;
  RedisEntriesOptions options{.url = redis.url()};
  options.timeout = std::chrono::milliseconds(500);
  const auto server = RedisEntries::open(options, clock);
  ASSERT_TRUE(server);
  KeptFile file;
  Machine machine(**server, file);
  const auto come_back = [&] {
    for (int i = 0; i < 1'000 && machine.entries->stats()->place != "there"; ++i) machine.reconnect();
    EXPECT_EQ(machine.entries->stats()->place, "there");
  };
  come_back();
  machine.put("k", "v", {"t"});
  EXPECT_EQ(machine.value("k"), "v");
  redis.halt();
  EXPECT_TRUE(machine.entries->purge("t", {}, {}));
  EXPECT_EQ(machine.value("k"), std::nullopt);
  redis.go_on();
  come_back();
  EXPECT_EQ(machine.value("k"), std::nullopt);
  EXPECT_EQ(*(*server)->get("k", {}, {}), std::nullopt);

  machine.put("k", "v", {"t"});
  redis.kill();
  EXPECT_EQ(machine.value("k"), std::nullopt);
  machine.put("k", "mine", {"t"});
  EXPECT_EQ(machine.value("k"), "mine");
  EXPECT_TRUE(machine.entries->purge("t", {}, {}));
  EXPECT_EQ(machine.value("k"), std::nullopt);
  redis.start();
  come_back();
  machine.put("k", "new", {"t"});
  EXPECT_EQ(machine.value("k"), "new");
}

}  // namespace
}  // namespace docmind::cache
