// Many conversations at once on one thread of execution.
#include <malloc.h>

#include "graph/testing/bench_of_graphs.h"

namespace docmind::graph {
namespace {

constexpr std::int64_t kConversations = 10'000;

// Bytes that the program has asked for and not given back; a sanitizer's own allocator leaves it as it is.
std::int64_t bytes_in_use() { return static_cast<std::int64_t>(mallinfo2().uordblks); }

class Burst : public testing::EngineTest {
 protected:
  // Three nodes, as of a small agent; the second may ask.
  std::shared_ptr<const Graph> graph(bool with_a_question) {
    GraphBuilder builder({last("n", Type::kInteger)});
    const auto doubles = [](const State& state, Context&) -> Result<Command> {
      return Command{{"n", state.integer("n") * 2}};
    };
    builder.node("before", doubles).node("after", doubles);
    builder.node("middle", [with_a_question](const State& state, Context& context) -> Result<Command> {
      const Value more = with_a_question ? DM_TRY(context.interrupt("how much more?")) : Value(1);
      return Command{{"n", state.integer("n") + more.as_int64()}};
    });
    builder.edge(kStart, "before").edge("before", "middle").edge("middle", "after");
    return compiled(std::move(builder));
  }
  static std::string name(std::int64_t i) { return "t" + std::to_string(i); }
};

TEST_F(Burst, E4_TenThousandConversationsOpenAtOnceOnOneThread) {
  const auto asking = graph(true);
  const std::int64_t before = bytes_in_use();
  for (std::int64_t i = 0; i < kConversations; ++i) {
    const RunResult waits = must(engine_.run(asking, Input::values({{"n", i}}), on(name(i))));
    ASSERT_EQ(waits.interrupts.size(), 1U);
  }
  EXPECT_LT((bytes_in_use() - before) / kConversations, 16 << 10);  // What is stored of each, and nothing beside.
  for (std::int64_t i = kConversations - 1; i >= 0; --i) {
    const RunResult done = must(engine_.run(asking, Input::resume(i % 7), on(name(i))));
    ASSERT_EQ(done.values.at("n").as_int64(), (2 * i + i % 7) * 2);
  }
  EXPECT_LE(saver_.pieces(), static_cast<std::size_t>(4 * kConversations));
  for (std::int64_t i = 0; i < kConversations; ++i) ASSERT_TRUE(saver_.delete_thread(name(i), {}));
  EXPECT_EQ(saver_.pieces(), 0U);
}

TEST_F(Burst, E4_RunsThatAreNotSavedLeaveNothingBehind) {
  const auto plain = graph(false);
  const auto run = [&](std::int64_t times) {
    for (std::int64_t i = 0; i < times; ++i) {
      const RunResult done = must(engine_.run(plain, Input::values({{"n", i}}), {}));
      ASSERT_EQ(done.values.at("n").as_int64(), (2 * i + 1) * 2);
    }
  };
  run(100);
  const std::int64_t before = bytes_in_use();
  run(kConversations);
  EXPECT_LT(bytes_in_use() - before, 64 << 10);
}

}  // namespace
}  // namespace docmind::graph
