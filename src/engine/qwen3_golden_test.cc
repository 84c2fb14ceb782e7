// The importer, the tokenizer and the runner together against Hugging Face transformers and tokenizers, on a Qwen3
// checkpoint whose weights follow from their names. What they say was written by tests/golden/make_qwen3_golden.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "base/json.h"
#include "engine/causal_model.h"
#include "engine/llama_runner.h"
#include "model/import.h"
#include "model/testing/tiny_qwen3_checkpoint.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"
#include "text/normalise.h"

namespace docmind::engine {
namespace {

namespace json = boost::json;

std::string golden(const char* name) {
  sys::RealFiles files;
  auto text = files.read(std::string(DOCMIND_SOURCE_DIR "/src/engine/testing/") + name, 1U << 24U);
  DM_CHECK(static_cast<bool>(text));
  return *std::move(text);
}

struct Case {
  const char* name;  // In the golden file.
  model::TinyWeights checkpoint;
  model::WeightType weights;
  // How far a logit may lie from the reference's, which computes in float32. A choice between two logits that are
  // nearer to each other than twice this may go either way, and everything after it is another text.
  double rounding;
};

class Qwen3Golden : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    model::TinyQwen3Checkpoint{.weights = GetParam().checkpoint}.write(folder_ / "in");
    const std::string target = (folder_ / "tiny.gguf").string();
    const auto imported = model::import_model(
        {.source = (folder_ / "in").string(), .target = target, .weights = GetParam().weights}, files_);
    ASSERT_TRUE(imported) << imported.error().message;
    auto opened = CausalModel::open(target);
    ASSERT_TRUE(opened) << opened.error().message;
    model_ = *std::move(opened);
    auto runner = LlamaRunner::open(*model_, {.cells = 2048, .sequences = 20, .step_outputs = 20, .threads = 1});
    ASSERT_TRUE(runner) << runner.error().message;
    runner_ = *std::move(runner);
  }

  sys::TempFolder folder_;
  sys::RealFiles files_;
  std::unique_ptr<CausalModel> model_;
  std::unique_ptr<LlamaRunner> runner_;
  const std::atomic<bool> go_on_{false};
};

// One prompt and what the reference said after it.
struct Answer {
  std::vector<TokenId> prompt;
  std::vector<TokenId> tokens;
  std::vector<double> gaps;
};

TEST_P(Qwen3Golden, FirstLogitsAndGreedyTokensAreThoseOfTransformers) {
  const json::value all = *parse_json(golden("qwen3_greedy.json"));
  const auto& prompts = all.at("prompts").as_array();
  const auto& answers = all.at(GetParam().name).as_array();
  ASSERT_EQ(prompts.size(), 20U);
  double worst = 0;
  std::vector<Answer> texts;
  for (std::uint32_t p = 0; p < prompts.size(); ++p) {
    texts.push_back({json::value_to<std::vector<TokenId>>(prompts[p].at("ids")),
                     json::value_to<std::vector<TokenId>>(answers[p].at("tokens")),
                     json::value_to<std::vector<double>>(answers[p].at("gaps"))});
    const scheduler::Span span{p, 0, texts[p].prompt, 1};
    ASSERT_TRUE(runner_->step({&span, 1}, go_on_));
    const std::span<const float> logits = runner_->logits(0);
    const auto some = json::value_to<std::vector<double>>(answers[p].at("every_1000th"));
    for (std::size_t i = 0; i < some.size(); ++i) worst = std::max(worst, std::abs(logits[1000 * i] - some[i]));
    if (texts[p].gaps[0] <= 2 * GetParam().rounding) continue;
    EXPECT_EQ(std::ranges::max_element(logits) - logits.begin(), texts[p].tokens[0]);
  }
  EXPECT_LT(worst, GetParam().rounding);

  // All texts go on together with the reference's tokens, so that a choice that rounding decided changes nothing after
  // it.
  std::size_t compared = 0;
  for (std::size_t i = 1; i < 32; ++i) {
    std::vector<scheduler::Span> spans;
    for (std::uint32_t p = 0; p < texts.size(); ++p) {
      const auto position = static_cast<std::uint32_t>(texts[p].prompt.size() + i - 1);
      spans.push_back({p, position, std::span(texts[p].tokens).subspan(i - 1, 1), 1});
    }
    ASSERT_TRUE(runner_->step(spans, go_on_));
    for (std::size_t p = 0; p < texts.size(); ++p) {
      if (texts[p].gaps[i] <= 2 * GetParam().rounding) continue;
      const std::span<const float> logits = runner_->logits(p);
      EXPECT_EQ(std::ranges::max_element(logits) - logits.begin(), texts[p].tokens[i])
          << "prompt " << p << ", token " << i << ", gap " << texts[p].gaps[i];
      ++compared;
    }
  }
  EXPECT_GT(compared, GetParam().rounding < 1e-2 ? 580U : 400U);
  RecordProperty("compared", static_cast<int>(compared));
  RecordProperty("worst", std::to_string(worst));
}

INSTANTIATE_TEST_SUITE_P(Weights, Qwen3Golden,
                         testing::Values(Case{"bf16", model::TinyWeights::kBf16, model::WeightType::kF32, 1e-3},
                                         Case{"bf16", model::TinyWeights::kBf16, model::WeightType::kBf16, 1e-2},
                                         Case{"fp8", model::TinyWeights::kFp8, model::WeightType::kF32, 1e-3}),
                         [](const auto& of) {
                           return std::string(of.param.name) + "_" + std::string(model::facts(of.param.weights).name);
                         });

TEST(Qwen3Tokenizer, IdsAreThoseOfTheHuggingFaceTokenizerInThirtyScripts) {
  const sys::TempFolder folder;
  sys::RealFiles files;
  model::TinyQwen3Checkpoint{.layers = 1, .hidden = 32, .feed_forward = 32, .heads = 1, .kv_heads = 1, .head_size = 32}
      .write(folder / "in");
  const std::string target = (folder / "tiny.gguf").string();
  ASSERT_TRUE(model::import_model({.source = (folder / "in").string(), .target = target}, files));
  const auto model = *CausalModel::open(target);
  const std::string lines = golden("qwen3_tokens.txt");
  std::size_t count = 0;
  for (std::size_t at = 0; at < lines.size(); ++count) {
    const std::size_t tab = lines.find('\t', at);
    const std::size_t end = lines.find('\n', at);
    const std::string text(parse_json(std::string_view(lines).substr(at, tab - at))->as_string());
    std::vector<TokenId> expected;
    for (const char* next = lines.data() + tab; *next != '\n';) {
      TokenId id = 0;
      next = std::from_chars(next + 1, lines.data() + end, id, 36).ptr;
      expected.push_back(id);
    }
    // The model file says that its tokenizer wants NFC; libllama does not do it.
    const auto tokens = model->tokenise(text::nfc(text), Specials::kParse);
    ASSERT_TRUE(tokens);
    EXPECT_EQ(*tokens, expected) << text;
    at = end + 1;
  }
  EXPECT_EQ(count, 2000U);
}

}  // namespace
}  // namespace docmind::engine
