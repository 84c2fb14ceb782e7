// The tiny chat model that other tests stand on is one that libllama loads and computes with.
#include "engine/testing/tiny_causal.h"

#include <gtest/gtest.h>
#include <llama-cpp.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace docmind::engine {
namespace {

std::vector<llama_token> tokens_of(const llama_vocab* vocab, const std::string& text) {
  std::vector<llama_token> tokens(text.size() + 8);
  const int count = llama_tokenize(vocab, text.data(), static_cast<int>(text.size()), tokens.data(),
                                   static_cast<int>(tokens.size()), false, true);
  tokens.resize(static_cast<std::size_t>(std::max(count, 0)));
  return tokens;
}

std::string text_of(const llama_vocab* vocab, const std::vector<llama_token>& tokens) {
  std::string text;
  std::array<char, 256> piece{};
  for (const llama_token token : tokens) {
    const int length = llama_token_to_piece(vocab, token, piece.data(), static_cast<int>(piece.size()), 0, true);
    text.append(piece.data(), static_cast<std::size_t>(std::max(length, 0)));
  }
  return text;
}

void be_silent(ggml_log_level, const char*, void*) {}

TEST(TinyCausal, LoadsTokenisesAndComputes) {
  llama_log_set(be_silent, nullptr);
  const TinyCausal tiny;
  llama_model_params model_params = llama_model_default_params();
  model_params.n_gpu_layers = 0;
  const llama_model_ptr model(llama_model_load_from_file(tiny.path().c_str(), model_params));
  ASSERT_NE(model, nullptr);
  const llama_vocab* vocab = llama_model_get_vocab(model.get());
  EXPECT_EQ(llama_vocab_n_tokens(vocab), static_cast<int>(tiny.vocabulary()));
  EXPECT_TRUE(llama_vocab_is_eog(vocab, tiny.special("<|im_end|>")));

  const std::string text = "<|im_start|>user\nThe cat sat on the mat, 喵。<|im_end|>\n";
  const std::vector<llama_token> tokens = tokens_of(vocab, text);
  EXPECT_EQ(tokens.front(), tiny.special("<|im_start|>"));
  EXPECT_LT(tokens.size(), text.size() / 2);  // Merges work.
  EXPECT_EQ(text_of(vocab, tokens), text);

  llama_context_params context_params = llama_context_default_params();
  context_params.n_ctx = 256;
  context_params.n_threads = context_params.n_threads_batch = 1;
  const llama_context_ptr context(llama_init_from_model(model.get(), context_params));
  ASSERT_NE(context, nullptr);
  std::vector<llama_token> batch = tokens;
  ASSERT_EQ(llama_decode(context.get(), llama_batch_get_one(batch.data(), static_cast<int>(batch.size()))), 0);
  const float* logits = llama_get_logits_ith(context.get(), -1);
  float sum = 0;
  float squares = 0;
  for (std::uint32_t i = 0; i < tiny.vocabulary(); ++i) {
    sum += logits[i];
    squares += logits[i] * logits[i];
  }
  const float n = static_cast<float>(tiny.vocabulary());
  EXPECT_NEAR(sum / n, 0, 0.2);
  EXPECT_NEAR(std::sqrt(squares / n), 1.0, 0.3);  // Neither flat nor a spike.
}

TEST(TinyCausal, CutsTextAsTheWholeVocabularyDoesWhereItsTokensReach) {
  const TinyCausal tiny({.ordinary = TinyCausalOptions::kAll, .layers = 1});
  llama_model_params params = llama_model_default_params();
  params.vocab_only = true;
  const llama_model_ptr model(llama_model_load_from_file(tiny.path().c_str(), params));
  ASSERT_NE(model, nullptr);
  const llama_vocab* vocab = llama_model_get_vocab(model.get());
  EXPECT_EQ(tokens_of(vocab, "Hello world"), (std::vector<llama_token>{9707, 1879}));  // As Qwen's own tokenizer.
  EXPECT_EQ(tokens_of(vocab, "<|im_end|>"), (std::vector<llama_token>{151645}));
}

}  // namespace
}  // namespace docmind::engine
