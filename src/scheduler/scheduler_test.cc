#include "scheduler/scheduler.h"

#include <gtest/gtest.h>

#include <latch>
#include <mutex>
#include <new>
#include <thread>

#include "obs/log.h"
#include "scheduler/kv_files.h"
#include "scheduler/testing/fake_runner.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::scheduler {
namespace {

using testing::FakeRunner;
using Tokens = std::vector<TokenId>;

Tokens words(std::uint64_t seed, std::size_t count) {
  SeededRng rng(seed);
  Tokens out(count);
  for (TokenId& token : out) token = static_cast<TokenId>(1 + rng.next() % 63);
  return out;
}

Tokens joined(Tokens a, const Tokens& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

GenerateRequest greedy(Tokens prompt, std::uint32_t max_tokens) {
  GenerateRequest request;
  request.prompt = std::move(prompt);
  request.max_tokens = max_tokens;
  request.sampling.temperature = 0;
  request.end_tokens = EndTokens::kIgnore;
  return request;
}

// What greedy decoding gives when everything is computed afresh.
Tokens plainly(Tokens text, std::uint32_t count) {
  Tokens out;
  for (std::uint32_t i = 0; i < count; ++i) {
    out.push_back(FakeRunner::next(text, 64));
    text.push_back(out.back());
  }
  return out;
}

struct Fixture {
  explicit Fixture(SchedulerOptions options = {}, RunnerFacts facts = FakeRunner::small(), KvFiles* files = nullptr)
      : runner(std::move(facts)), scheduler(std::make_unique<Scheduler>(options, runner, files, clock, log)) {}

  Result<Tokens> text(GenerateRequest request, GenerateUsage* usage = nullptr) {
    Tokens out;
    const auto take = [&](const Sampled& sampled) {
      out.push_back(sampled.token);
      return Listen::kMore;
    };
    auto made = scheduler->generate(std::move(request), take, Deadline::never(), {});
    if (!made) return made.error();
    if (usage != nullptr) *usage = made->usage;
    return out;
  }
  void rest() { ASSERT_TRUE(scheduler->idle(Deadline::never(), {})); }

  sys::RealClock clock;
  obs::Log log;
  FakeRunner runner;
  std::unique_ptr<Scheduler> scheduler;
};

TEST(Scheduler, WritesWhatPlainDecodingWould) {
  Fixture fixture;
  GenerateUsage usage;
  EXPECT_EQ(*fixture.text(greedy(words(1, 300), 40), &usage), plainly(words(1, 300), 40));
  EXPECT_EQ(usage.prompt, 300U);
  EXPECT_EQ(usage.computed, 300U);
  EXPECT_EQ(usage.completion, 40U);
}

TEST(Scheduler, ReadingAndWritingAreTimedOverAllTexts) {
  Fixture fixture;
  Duration read{};
  Duration written{};
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    GenerateUsage usage;
    ASSERT_TRUE(fixture.text(greedy(words(seed, 100), 20), &usage));
    read += usage.prompt_time - usage.waited;
    written += usage.completion_time;
  }
  EXPECT_GT(read, Duration::zero());
  EXPECT_GT(written, Duration::zero());
  EXPECT_EQ(fixture.scheduler->counts().prefill, read);
  EXPECT_EQ(fixture.scheduler->counts().decode, written);
}

TEST(Scheduler, ASecondTextTakesItsBeginningFromTheFirst) {
  Fixture fixture;
  const Tokens document = words(1, 200);
  GenerateUsage usage;
  (void)fixture.text(greedy(joined(document, words(2, 10)), 5));
  const Tokens prompt = joined(document, words(3, 10));
  EXPECT_EQ(*fixture.text(greedy(prompt, 5), &usage), plainly(prompt, 5));
  EXPECT_EQ(usage.forked, 200U);
  EXPECT_EQ(usage.computed, 10U);
}

TEST(Scheduler, FiveThatComeTogetherComputeTheirDocumentOnce) {
  Fixture fixture;
  const Tokens document = words(1, 1000);
  std::vector<std::jthread> threads;
  std::latch start(5);
  for (std::uint64_t agent = 0; agent < 5; ++agent) {
    threads.emplace_back([&, agent] {
      const Tokens prompt = joined(document, words(10 + agent, 20));
      start.arrive_and_wait();
      EXPECT_EQ(*fixture.text(greedy(prompt, 30)), plainly(prompt, 30));
    });
  }
  threads.clear();
  fixture.rest();
  EXPECT_EQ(fixture.scheduler->counts().computed, 1000U + 5 * 20);
  EXPECT_EQ(fixture.scheduler->counts().forked, 4 * 1000U);
}

TEST(Scheduler, DraftsChangeNothingButTheSteps) {
  // A text that repeats itself: what follows is decided by the runner, drafts are only guesses at it.
  const Tokens prompt = joined(words(1, 60), words(1, 60));
  Fixture with;
  Fixture without(SchedulerOptions{.draft = 0});
  for (const float temperature : {0.0F, 0.9F}) {
    GenerateRequest a = greedy(prompt, 60);
    a.sampling.temperature = temperature;
    a.sampling.seed = 5;
    GenerateRequest b = greedy(prompt, 60);
    b.sampling = a.sampling;
    EXPECT_EQ(*with.text(std::move(a)), *without.text(std::move(b)));
  }
}

TEST(Scheduler, EndsAtAnEndTokenAndDoesNotGiveIt) {
  Fixture fixture;
  const Tokens prompt = words(4, 8);
  const Tokens plain = plainly(prompt, 2000);
  const auto end = std::ranges::find(plain, 0);
  ASSERT_NE(end, plain.end());
  GenerateRequest request = greedy(prompt, 2000);
  request.end_tokens = EndTokens::kObey;
  EXPECT_EQ(*fixture.text(std::move(request)), Tokens(plain.begin(), end));
}

TEST(Scheduler, TheListenerMayStopIt) {
  Fixture fixture;
  int given = 0;
  const auto made = fixture.scheduler->generate(
      greedy(words(1, 10), 1000), [&](const Sampled&) { return ++given == 3 ? Listen::kStop : Listen::kMore; },
      Deadline::never(), {});
  EXPECT_EQ(made->reason, FinishReason::kStopped);
  EXPECT_EQ(made->usage.completion, 3U);
  fixture.rest();
  EXPECT_EQ(fixture.scheduler->counts().running, 0U);
}

TEST(Scheduler, ACallerThatGoesFreesItsRoomAndOthersGoOn) {
  Fixture fixture;
  std::stop_source gone;
  fixture.runner.on_step = [&](std::span<const Span>) {};
  int given = 0;
  const auto made = fixture.scheduler->generate(
      greedy(words(1, 10), 1000),
      [&](const Sampled&) {
        if (++given == 2) gone.request_stop();
        return Listen::kMore;
      },
      Deadline::never(), gone.get_token());
  EXPECT_EQ(made.error().code, Code::kCancelled);
  fixture.rest();
  EXPECT_EQ(fixture.scheduler->counts().cells_reserved, 0U);
  EXPECT_EQ(*fixture.text(greedy(words(2, 10), 5)), plainly(words(2, 10), 5));
}

TEST(Scheduler, RefusesWhatCannotFitWithTheCounts) {
  Fixture fixture;
  const auto made = fixture.text(greedy(words(1, 4000), 200));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kInvalidArgument);
  EXPECT_NE(made.error().message.find("4000"), std::string::npos);
  EXPECT_NE(made.error().message.find("200"), std::string::npos);
  EXPECT_FALSE(fixture.text(greedy({}, 5)));
  EXPECT_FALSE(fixture.text(greedy({64}, 5)));
  EXPECT_FALSE(fixture.text(greedy({-1}, 5)));
  EXPECT_FALSE(fixture.text(greedy({1}, 0)));
}

TEST(Scheduler, RefusesWhenTooManyWait) {
  Fixture fixture(SchedulerOptions{.running = 1, .waiting = 1});
  std::latch inside(1);
  std::latch leave(1);
  bool first = true;
  std::jthread one([&] {
    (void)fixture.scheduler->generate(greedy(words(1, 10), 50),
                                      [&](const Sampled&) {
                                        if (std::exchange(first, false)) {
                                          inside.count_down();
                                          leave.wait();
                                        }
                                        return Listen::kMore;
                                      },
                                      Deadline::never(), {});
  });
  inside.wait();
  std::jthread two([&] {
    Result<Generated> made = Generated{};
    do {  // The third may be there first.
      made = fixture.scheduler->generate(greedy(words(2, 10), 1),
                                         [&](const Sampled&) {
                                           leave.wait();
                                           return Listen::kMore;
                                         },
                                         Deadline::never(), {});
    } while (!made);
  });
  Result<Tokens> third = Tokens{};
  do {  // The second needs a moment to get in.
    third = fixture.text(greedy(words(3, 10), 1));
  } while (third);
  EXPECT_EQ(third.error().code, Code::kResourceExhausted);
  leave.count_down();
}

TEST(Scheduler, WhatADearTextWaitsForIsComputedFirst) {
  Fixture fixture(SchedulerOptions{.chunk = 64});
  const Tokens document = words(1, 640);
  const auto ask = [&](Tokens prompt, Priority priority) {
    GenerateRequest request = greedy(std::move(prompt), 1);
    request.priority = priority;
    EXPECT_TRUE(fixture.text(std::move(request)));
  };
  std::latch begun(1);
  std::latch queued(1);
  std::optional<SequenceId> leader;
  std::vector<SequenceId> read;  // After the first step, by whom.
  fixture.runner.on_step = [&](std::span<const Span> spans) {
    if (!leader) {
      leader = spans[0].sequence;
      begun.count_down();
      queued.wait();
    } else {
      read.push_back(spans[0].sequence);
    }
  };
  {
    const std::jthread background([&] { ask(document, Priority::kBackground); });
    begun.wait();
    const std::jthread other([&] { ask(words(2, 640), Priority::kNormal); });
    const std::jthread dear([&] { ask(joined(document, words(3, 64)), Priority::kHigh); });
    while (fixture.scheduler->counts().waiting < 2) std::this_thread::yield();
    queued.count_down();
  }
  fixture.rest();
  ASSERT_GE(read.size(), 9U);
  EXPECT_TRUE(std::ranges::all_of(std::span(read).first(9), [&](SequenceId id) { return id == leader; }))
      << "the background text reads the document of the dear one before the other text begins";
}

TEST(Scheduler, WhatIsNotToBeKeptGoesWithItsText) {
  Fixture fixture;
  GenerateRequest kept = greedy(words(1, 300), 10);
  ASSERT_TRUE(fixture.text(std::move(kept)));
  fixture.rest();
  const std::uint32_t before = fixture.scheduler->counts().cells_kept;
  GenerateRequest request = greedy(joined(words(1, 200), words(2, 100)), 10);
  request.keep = Keep::kNo;
  request.shared = 250;
  GenerateUsage usage;
  ASSERT_TRUE(fixture.text(std::move(request), &usage));
  fixture.rest();
  EXPECT_EQ(usage.forked, 200U);
  EXPECT_EQ(fixture.scheduler->counts().cells_kept, before) << "what the first one has stays";
  EXPECT_EQ(fixture.scheduler->counts().sequences, 1U);
  EXPECT_EQ(fixture.runner.cells(), before);
}

TEST(Scheduler, AFailedStepFailsItsTextsAlone) {
  Fixture fixture;
  fixture.runner.fail_next = "boom";
  const auto made = fixture.text(greedy(words(1, 10), 5));
  EXPECT_EQ(made.error().code, Code::kInternal);
  EXPECT_EQ(*fixture.text(greedy(words(1, 10), 5)), plainly(words(1, 10), 5));
}

TEST(Scheduler, ARunnerWithoutMemoryFailsEveryTextFromThenOn) {
  Fixture fixture;
  std::jthread other;
  fixture.runner.on_step = [&](auto) {
    if (fixture.runner.fallen.exchange(true)) return;
    other = std::jthread([&] { EXPECT_EQ(fixture.text(greedy(words(2, 9), 5)).error().code, Code::kUnavailable); });
  };
  EXPECT_EQ(fixture.text(greedy(words(1, 10), 5)).error().code, Code::kUnavailable);
  EXPECT_EQ(fixture.text(greedy(words(3, 10), 5)).error().code, Code::kUnavailable);
  other.join();
  fixture.rest();
  EXPECT_EQ(fixture.scheduler->counts().running, 0U);
}

TEST(Scheduler, MemoryThatFailsInItsOwnThreadFailsEveryTextAndNothingElse) {
  Fixture fixture;
  Tokens got;
  std::uint32_t steps = 0;
  fixture.runner.on_step = [&](auto) {
    if (++steps == 4) throw std::bad_alloc();
  };
  GenerateRequest request = greedy(words(1, 10), 50);
  request.drafting = Drafting::kOff;
  const auto take = [&](const Sampled& sampled) {
    got.push_back(sampled.token);
    return Listen::kMore;
  };
  const auto made = fixture.scheduler->generate(std::move(request), take, Deadline::never(), {});
  EXPECT_EQ(made.error().code, Code::kUnavailable);
  const Tokens all = plainly(words(1, 10), 50);
  EXPECT_EQ(got, Tokens(all.begin(), all.begin() + 3)) << "what was written before is given out";
  EXPECT_EQ(fixture.text(greedy(words(1, 10), 5)).error().code, Code::kUnavailable);
  fixture.rest();
}

TEST(Scheduler, AListenerWithoutMemoryLeavesItsPlaceToOthers) {
  Fixture fixture({.running = 1, .waiting = 1});
  for (int i = 0; i < 5; ++i) {
    const auto take = [](const Sampled&) -> Listen { throw std::bad_alloc(); };
    const auto made = fixture.scheduler->generate(greedy(words(1, 10), 50), take, Deadline::never(), {});
    EXPECT_EQ(made.error().code, Code::kUnavailable);
  }
  fixture.rest();
  EXPECT_EQ(fixture.scheduler->counts().running, 0U);
  EXPECT_EQ(*fixture.text(greedy(words(1, 10), 5)), plainly(words(1, 10), 5));
}

TEST(Scheduler, MakesRoomByGivingUpWhatIsKept) {
  Fixture fixture;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Tokens prompt = words(i, 700);
    EXPECT_EQ(*fixture.text(greedy(prompt, 10)), plainly(prompt, 10));
  }
  fixture.rest();
  const SchedulerCounts counts = fixture.scheduler->counts();
  EXPECT_LE(counts.cells_held, 4096U);
  EXPECT_GT(counts.cells_kept, 2000U);
  fixture.scheduler->forget();
  fixture.rest();
  EXPECT_EQ(fixture.scheduler->counts().cells_held, 0U);
  EXPECT_EQ(fixture.scheduler->counts().sequences, 0U);
  fixture.scheduler.reset();
  EXPECT_EQ(fixture.runner.cells(), 0U);
}

TEST(Scheduler, SavedBeginningsComeBackAfterARestart) {
  const sys::TempFolder folder;
  sys::RealFiles disk;
  obs::Log log;
  const Tokens document = words(1, 600);
  const auto open = [&] { return *KvFiles::open({.folder = folder.path()}, "fake", disk, log); };
  {
    const auto files = open();
    Fixture fixture({}, FakeRunner::small(), files.get());
    GenerateRequest request = greedy(joined(document, words(2, 9)), 4);
    request.shared = 600;
    (void)fixture.text(std::move(request));
    fixture.rest();
    EXPECT_EQ(files->counts().written, 1U);
  }
  const auto files = open();
  Fixture fixture({}, FakeRunner::small(), files.get());
  const Tokens prompt = joined(document, words(3, 9));
  GenerateUsage usage;
  EXPECT_EQ(*fixture.text(greedy(prompt, 4), &usage), plainly(prompt, 4));
  EXPECT_EQ(usage.restored, 600U);
  EXPECT_EQ(usage.computed, 9U);
  EXPECT_EQ(fixture.runner.computed, 9U + 4 - 1);
}

TEST(Scheduler, DamagedBeginningsAreComputedAgain) {
  const sys::TempFolder folder;
  sys::RealFiles disk;
  obs::Log log;
  const Tokens document = words(1, 600);
  {
    const auto files = *KvFiles::open({.folder = folder.path()}, "fake", disk, log);
    ASSERT_TRUE(files->write(document, "these are not its cells"));
  }
  const auto files = *KvFiles::open({.folder = folder.path()}, "fake", disk, log);
  Fixture fixture({}, FakeRunner::small(), files.get());
  const Tokens prompt = joined(document, words(3, 9));
  EXPECT_EQ(*fixture.text(greedy(prompt, 4)), plainly(prompt, 4));
  fixture.rest();
}

// Random texts that share beginnings, come at random, are given up at random, in too little room: each that ends has
// exactly the tokens of plain decoding, and at the end nothing is left behind.
TEST(Scheduler, IsExactOverRandomSchedules) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const sys::TempFolder folder;
    sys::RealFiles disk;
    obs::Log log;
    RunnerFacts facts = FakeRunner::small();
    facts.cells = facts.window = 700;
    facts.sequences = 8;
    const auto files = *KvFiles::open({.folder = folder.path(), .max_bytes = 3000}, "fake", disk, log);
    SchedulerOptions options{.running = 5, .waiting = 64, .chunk = 64, .save_from = 40};
    Fixture fixture(options, facts, files.get());
    std::vector<std::jthread> threads;
    for (std::uint64_t client = 0; client < 8; ++client) {
      threads.emplace_back([&, client] {
        SeededRng rng(seed * 100 + client);
        for (int i = 0; i < 12; ++i) {
          const std::uint32_t shared = static_cast<std::uint32_t>(rng.next() % 3) * 60;
          const Tokens prompt = joined(Tokens{}, joined(
                                                     [&] {
                                                       Tokens head = words(1 + rng.next() % 2, 120);
                                                       head.resize(shared + 1);
                                                       return head;
                                                     }(),
                                                     words(rng.next(), 1 + rng.next() % 90)));
          const auto count = static_cast<std::uint32_t>(1 + rng.next() % 40);
          GenerateRequest request = greedy(prompt, count);
          request.shared = rng.next() % 2 == 0 ? shared : 0;
          request.priority = static_cast<Priority>(rng.next() % 3);
          const std::uint64_t give_up_at = rng.next() % 3 == 0 ? rng.next() % 10 : 1000;
          std::stop_source gone;
          Tokens out;
          const auto made = fixture.scheduler->generate(
              std::move(request),
              [&](const Sampled& sampled) {
                out.push_back(sampled.token);
                if (out.size() == give_up_at) gone.request_stop();
                return Listen::kMore;
              },
              Deadline::never(), gone.get_token());
          const Tokens plain = plainly(prompt, count);
          ASSERT_TRUE(std::ranges::equal(out, std::span(plain).first(out.size()))) << "seed " << seed;
          if (made) {
            ASSERT_EQ(out.size(), count);
            ASSERT_EQ(made->usage.computed + made->usage.forked + made->usage.restored, prompt.size());
          } else {
            ASSERT_EQ(made.error().code, Code::kCancelled);
          }
        }
      });
    }
    threads.clear();
    fixture.rest();
    const SchedulerCounts counts = fixture.scheduler->counts();
    EXPECT_EQ(counts.running, 0U);
    EXPECT_EQ(counts.cells_reserved, 0U);
    EXPECT_EQ(counts.cells_held, counts.cells_kept);
    fixture.scheduler->forget();
    fixture.rest();
    EXPECT_EQ(fixture.scheduler->counts().cells_held, 0U);
    fixture.scheduler.reset();
    EXPECT_EQ(fixture.runner.cells(), 0U);
  }
}

}  // namespace
}  // namespace docmind::scheduler
