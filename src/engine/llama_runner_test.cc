#include "engine/llama_runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "engine/testing/tiny_causal.h"
#include "model/kv_size.h"
#include "obs/log.h"
#include "scheduler/kv_files.h"
#include "scheduler/scheduler.h"
#include "sys/clock.h"
#include "sys/files.h"

namespace docmind::engine {
namespace {

using scheduler::Span;
using Tokens = std::vector<TokenId>;

class LlamaRunnerTest : public ::testing::Test {
 protected:
  LlamaRunnerTest() : model_(*CausalModel::open(tiny_.path())) {}

  std::unique_ptr<LlamaRunner> open(LlamaRunnerOptions options = {.cells = 4096, .sequences = 32, .threads = 1}) const {
    return *LlamaRunner::open(*model_, options);
  }
  Tokens words(std::uint64_t seed, std::size_t count) const {
    SeededRng rng(seed);
    Tokens out(count);
    for (TokenId& token : out) token = static_cast<TokenId>(rng.next() % 4096);
    return out;
  }
  // Logits after the last of these tokens, computed in one sequence in one or several steps.
  std::vector<float> logits(LlamaRunner& runner, scheduler::SequenceId sequence, std::uint32_t at,
                            const Tokens& tokens) {
    for (std::size_t from = 0; from < tokens.size(); from += 512) {
      const auto part = std::span(tokens).subspan(from, std::min<std::size_t>(512, tokens.size() - from));
      const Span span{sequence, at + static_cast<std::uint32_t>(from), part, 1};
      EXPECT_TRUE(runner.step({&span, 1}, never_));
    }
    const auto row = runner.logits(0);
    return {row.begin(), row.end()};
  }
  static Tokens joined(Tokens a, const Tokens& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }
  static double furthest(const std::vector<float>& a, const std::vector<float>& b) {
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(static_cast<double>(a[i]) - b[i]));
    return most;
  }

  TinyCausal tiny_{{.head_size = 32}};  // Quantised cells come in blocks of 32.
  std::unique_ptr<CausalModel> model_;
  std::atomic<bool> never_ = false;
};

TEST_F(LlamaRunnerTest, KnowsItsModel) {
  const auto runner = open();
  EXPECT_EQ(model_->facts().architecture, "qwen3");
  EXPECT_EQ(model_->facts().layers, 4U);
  EXPECT_EQ(runner->facts().cells, 4096U);
  EXPECT_EQ(runner->facts().cell_bytes, 2U * 4 * 2 * 32 * 2);
  EXPECT_FALSE(runner->facts().end_tokens.empty());
  EXPECT_EQ(model_->vocabulary().size, tiny_.vocabulary());
  EXPECT_EQ(model_->vocabulary().special.size(), TinyCausal::kSpecial.size());
  const Tokens tokens = *model_->tokenise("Hello, world", Specials::kText);
  std::string text;
  for (const TokenId token : tokens) text += model_->piece(token);
  EXPECT_EQ(text, "Hello, world");
}

TEST_F(LlamaRunnerTest, ComputesWithFewerThreadsTheSame) {
  const auto runner = open({.cells = 1024, .sequences = 4, .threads = 3});
  const Tokens prompt = words(5, 200);
  const std::vector<float> all = logits(*runner, 0, 0, prompt);
  EXPECT_EQ(runner->threads(), 3U);
  for (const auto& [wanted, computing] : {std::pair{1U, 1U}, {0U, 1U}, {2U, 2U}, {99U, 3U}}) {
    runner->use_threads(wanted);
    runner->drop(0, 0, UINT32_MAX);
    EXPECT_EQ(furthest(logits(*runner, 0, 0, prompt), all), 0) << wanted;
    EXPECT_EQ(runner->threads(), computing) << wanted;
  }
}

// What `docmind kv` says from the file alone against what libllama allocates.
TEST_F(LlamaRunnerTest, KeysAndValuesTakeWhatTheModelFileSays) {
  const auto shape = model::kv_shape(*model::read_model_file(tiny_.path()));
  ASSERT_TRUE(shape);
  for (const auto& [kv, cells] : {std::pair{model::KvType::kF16, CellType::kF16},
                                  {model::KvType::kQ8, CellType::kQ8},
                                  {model::KvType::kQ4, CellType::kQ4}}) {
    const auto runner = open({.cells = 4096, .sequences = 32, .threads = 1, .cell_type = cells});
    const double said = 4096.0 * static_cast<double>(model::kv_bytes(*shape, kv).value_or(0));
    EXPECT_NEAR(static_cast<double>(runner->memory().cells), said, said / 100) << name(cells);
    EXPECT_EQ(runner->memory().weights, model_->facts().bytes);
  }
}

TEST_F(LlamaRunnerTest, AForkGoesOnAsIfItHadBeenComputed) {
  const auto runner = open();
  const Tokens document = words(1, 300);
  const Tokens question = words(2, 20);
  const auto plain = logits(*runner, 0, 0, joined(document, question));
  (void)logits(*runner, 1, 0, document);
  runner->fork(1, 2, 0, 300);
  const auto forked = logits(*runner, 2, 300, question);
  (void)logits(*runner, 3, 0, document);
  const auto again = logits(*runner, 3, 300, question);
  EXPECT_EQ(forked, again) << "the same batch shapes: bitwise";
  EXPECT_LT(furthest(plain, forked), 0.02) << "other batch shapes: rounding";
}

TEST_F(LlamaRunnerTest, DroppedCellsLeaveNoTrace) {
  const auto runner = open();
  const Tokens document = words(1, 100);
  (void)logits(*runner, 0, 0, document);
  const auto before = logits(*runner, 0, 100, {5});
  runner->drop(0, 100, UINT32_MAX);
  (void)logits(*runner, 0, 100, words(9, 30));
  runner->drop(0, 100, UINT32_MAX);
  EXPECT_EQ(logits(*runner, 0, 100, {5}), before);
}

TEST_F(LlamaRunnerTest, SavedCellsAreTheSameCells) {
  const auto runner = open();
  const Tokens document = words(1, 300);
  (void)logits(*runner, 0, 0, document);
  const std::string cells = *runner->save(0);
  EXPECT_NEAR(static_cast<double>(cells.size()), 300.0 * static_cast<double>(runner->facts().cell_bytes), 300 * 64);
  const auto before = logits(*runner, 0, 300, {5});
  const auto other = open();
  ASSERT_TRUE(other->restore(7, cells, 300));
  EXPECT_EQ(logits(*other, 7, 300, {5}), before);
  EXPECT_EQ(other->restore(8, cells, 299).error().code, Code::kDataLoss);
  EXPECT_EQ(other->restore(8, std::string_view(cells).substr(0, cells.size() / 2), 300).error().code, Code::kDataLoss);
  EXPECT_EQ(logits(*other, 8, 0, {5}).size(), other->facts().vocabulary) << "the sequence is empty again";
}

TEST_F(LlamaRunnerTest, AnInterruptedStepLeavesTheSequencesAsTheyWere) {
  const auto runner = open();
  (void)logits(*runner, 0, 0, words(1, 50));
  const std::atomic<bool> raised = true;
  const Tokens more = words(2, 400);
  const std::vector<Span> spans{{0, 50, std::span(more).first(200), 0}, {1, 0, std::span(more).last(200), 1}};
  EXPECT_EQ(runner->step(spans, raised).error().code, Code::kCancelled);
  EXPECT_TRUE(runner->step(spans, never_)) << "positions still fit";
}

TEST_F(LlamaRunnerTest, CellsOfAnotherModelHaveAnotherIdentity) {
  const auto one = open({.cells = 512, .sequences = 4, .threads = 1, .model_hash = "a"});
  const auto two = open({.cells = 512, .sequences = 8, .threads = 2, .model_hash = "a"});
  const auto other = open({.cells = 512, .sequences = 4, .threads = 1, .model_hash = "b"});
  const auto small = open({.cells = 512, .sequences = 4, .threads = 1, .cell_type = CellType::kQ8, .model_hash = "a"});
  EXPECT_EQ(one->facts().identity, two->facts().identity);
  EXPECT_NE(one->facts().identity, other->facts().identity);
  EXPECT_NE(one->facts().identity, small->facts().identity);
}

// Texts that share beginnings, forked, drafted, restored, in batches as they come: each has the tokens of plain greedy
// decoding up to the first place where the two likeliest are closer than rounding.
TEST_F(LlamaRunnerTest, TheSchedulerWritesWhatPlainDecodingWrites) {
  const auto plain = open();
  const auto runner = open();
  sys::RealClock clock;
  obs::Log log;
  sys::RealFiles disk;
  const sys::TempFolder folder;
  const auto files = *scheduler::KvFiles::open({.folder = folder.path()}, runner->facts().identity, disk, log);
  scheduler::Scheduler scheduler({}, *runner, files.get(), clock, log);
  constexpr double kRounding = 0.05;  // Of the largest logit difference between batch shapes, measured above.
  constexpr std::uint32_t kWritten = 24;
  std::vector<std::jthread> threads;
  std::vector<Tokens> prompts;
  std::vector<Tokens> written(6);
  for (std::uint64_t i = 0; i < 6; ++i) prompts.push_back(joined(words(i % 2, 300), words(10 + i, 17)));
  for (std::size_t i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      scheduler::GenerateRequest request;
      request.prompt = prompts[i];
      request.shared = 300;
      request.max_tokens = kWritten;
      request.sampling.temperature = 0;
      request.end_tokens = scheduler::EndTokens::kIgnore;
      const auto made = scheduler.generate(std::move(request),
                                           [&](const scheduler::Sampled& sampled) {
                                             written[i].push_back(sampled.token);
                                             return scheduler::Listen::kMore;
                                           },
                                           Deadline::never(), {});
      EXPECT_TRUE(made);
    });
  }
  threads.clear();
  EXPECT_EQ(scheduler.counts().computed, 2U * 300 + 6 * 17);
  std::size_t compared = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    ASSERT_EQ(written[i].size(), kWritten);
    auto row = logits(*plain, 0, 0, prompts[i]);
    for (std::uint32_t n = 0; n < kWritten; ++n) {
      std::vector<float> top = row;
      std::ranges::partial_sort(top, top.begin() + 2, std::greater{});
      if (static_cast<double>(top[0] - top[1]) < kRounding) break;
      const auto best = static_cast<TokenId>(std::ranges::max_element(row) - row.begin());
      ASSERT_EQ(written[i][n], best) << "text " << i << " token " << n;
      ++compared;
      row = logits(*plain, 0, static_cast<std::uint32_t>(prompts[i].size()) + n, {best});
    }
    plain->drop(0, 0, UINT32_MAX);
  }
  EXPECT_GT(compared, 20U);
}

}  // namespace
}  // namespace docmind::engine
