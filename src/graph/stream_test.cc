// What a run tells, when several kinds are listened to at once and when the listener is slow.
#include <atomic>
#include <thread>

#include "base/testing/threaded_seams.h"
#include "graph/testing/bench_of_graphs.h"

namespace docmind::graph {
namespace {

using testing::logs;
using testing::text;

constexpr std::uint8_t kAll =
    Stream::kValues | Stream::kUpdates | Stream::kMessages | Stream::kCustom | Stream::kTasks | Stream::kDebug;

// Two nodes at once, a subgraph that speaks, and a question at the end.
std::shared_ptr<const Graph> talkative() {
  const auto says = [](const char* word) -> Node {
    return [word](const State&, Context& context) -> Result<Command> {
      context.message(word);
      context.custom(Object{{"of", word}});
      return Command{{"log", Array{word}}};
    };
  };
  GraphBuilder inner({append("log")});
  inner.node("deep", says("deep")).edge(kStart, "deep");
  GraphBuilder outer({append("log")});
  outer.node("b", says("b")).node("a", says("a")).subgraph("worker", *std::move(inner).compile());
  outer.node("ask", [](const State&, Context& context) -> Result<Command> {
    DM_TRY(context.interrupt("?"));
    return Command{};
  });
  outer.edge(kStart, "a").edge(kStart, "b").edge("a", "worker").edge("worker", "ask");
  return *std::move(outer).compile();
}

// Of a run in a world of its own, so that any two hear the same.
std::vector<std::pair<std::uint8_t, std::string>> heard(std::uint8_t modes) {
  const ManualClock clock;
  SeededRng rng(1);
  MemorySaver saver;
  const Engine engine(Seams{.clock = clock, .rng = rng, .saver = &saver});
  std::vector<std::pair<std::uint8_t, std::string>> out;
  RunOptions options;
  options.thread = "t";
  options.listening = {
      modes, [&](const Event& event) {
        out.emplace_back(static_cast<std::uint8_t>(event.mode),
                         std::to_string(event.step) + " " + event.space + " " + event.node + " " + text(event.data));
      }};
  EXPECT_TRUE(engine.run(talkative(), Input::values({}), options));
  return out;
}

TEST(Streams, E7_EachModeAloneIsItsPartOfAllTogether) {
  const auto all = heard(kAll);
  for (std::uint8_t mode = 1; mode <= static_cast<std::uint8_t>(Stream::kDebug); mode <<= 1U) {
    auto part = all;
    std::erase_if(part, [&](const auto& event) { return event.first != mode; });
    EXPECT_FALSE(part.empty());
    EXPECT_EQ(heard(mode), part);
  }
  EXPECT_TRUE(heard(0).empty());
}

TEST(Streams, E7_AllModesTogetherKeepTheOrderOfAStep) {
  std::string order;
  for (const auto& [mode, event] :
       heard(static_cast<std::uint8_t>(kAll & ~static_cast<std::uint8_t>(Stream::kDebug)))) {
    if (!event.starts_with("0  ")) continue;  // The first superstep, outside the subgraph.
    order += mode == static_cast<std::uint8_t>(Stream::kTasks)
                 ? (event.find("start") != std::string::npos ? "start " : "end ")
             : mode == static_cast<std::uint8_t>(Stream::kMessages) ? "message "
             : mode == static_cast<std::uint8_t>(Stream::kCustom)   ? "custom "
             : mode == static_cast<std::uint8_t>(Stream::kUpdates)  ? "update "
                                                                    : "values ";
  }
  EXPECT_EQ(order, "start start message custom message custom end update end update values ");
}

TEST(Streams, E7_ASlowListenerHoldsUpWhoeverSpeaks) {
  constexpr int kNodes = 4;
  constexpr int kPieces = 50;
  const SteadyClock clock;
  LockedRng rng(1);
  const auto pool = *exec::Pool::open({.threads = kNodes});
  const Engine engine(Seams{.clock = clock, .rng = rng, .pool = pool.get()});
  std::atomic<int> said = 0;
  std::atomic<int> inside = 0;
  std::vector<std::vector<int>> heard(kNodes);  // Only one thread at a time is in the listener.
  int done = 0;
  int most_ahead = 0;
  GraphBuilder builder({append("log")});
  for (int node = 0; node < kNodes; ++node) {
    const std::string name(1, static_cast<char>('0' + node));
    builder.node(name, [&](const State&, Context& context) -> Result<Command> {
      for (int piece = 0; piece < kPieces; ++piece) {
        ++said;
        context.custom(piece);
      }
      return Command{};
    });
    builder.edge(kStart, name);
  }
  RunOptions options;
  options.listening = {
      Stream::kCustom, [&](const Event& event) {
        EXPECT_EQ(++inside, 1);
        most_ahead = std::max(most_ahead, said.load() - done);
        std::this_thread::yield();
        heard.at(static_cast<std::size_t>(event.node[0] - '0')).push_back(static_cast<int>(event.data.as_int64()));
        ++done;
        --inside;
      }};
  ASSERT_TRUE(engine.run(*std::move(builder).compile(), Input::values({}), options));
  EXPECT_LE(most_ahead, kNodes);  // Each node is ahead by what it waits with, and no more.
  for (const std::vector<int>& one : heard) {
    ASSERT_EQ(one.size(), static_cast<std::size_t>(kPieces));
    for (int piece = 0; piece < kPieces; ++piece) EXPECT_EQ(one[static_cast<std::size_t>(piece)], piece);
  }
}

class Listening : public testing::EngineTest {};

TEST_F(Listening, E7_AListenerMayCancelTheRunAndTheThreadGoesOn) {
  GraphBuilder builder({append("log")});
  builder.node("a", logs("a")).node("b", logs("b")).node("c", logs("c"));
  builder.edge(kStart, "a").edge("a", "b").edge("b", "c");
  const auto graph = compiled(std::move(builder));
  std::stop_source stop;
  std::vector<std::string> seen;
  RunOptions options = on("t");
  options.stop = stop.get_token();
  options.listening = {Stream::kUpdates | Stream::kValues, [&](const Event& event) {
                         if (event.mode == Stream::kUpdates) seen.push_back(event.node);
                         if (event.node == "b") stop.request_stop();
                       }};
  EXPECT_EQ(engine_.run(graph, Input::values({}), options).error().code, Code::kCancelled);
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b"}));
  options.stop = {};
  EXPECT_EQ(text(must(engine_.run(graph, Input::proceed(), options)).values), R"({"log":["a","b","c"]})");
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "c"}));
}

}  // namespace
}  // namespace docmind::graph
