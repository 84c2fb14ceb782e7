// A loaded chat model: its vocabulary, its window, what its file says of prompts. Weights are shared by all runners.
//
// Thread safety: any method from any thread.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/libllama.h"
#include "engine/vocabulary.h"

namespace docmind::engine {

struct CausalFacts {
  std::string name{};
  std::string architecture{};  // "qwen3".
  std::uint32_t window = 0;    // Positions it was trained for.
  std::uint32_t layers = 0;
  std::uint32_t kv_heads = 0;
  std::uint32_t head_size = 0;   // Numbers in a key of one head,
  std::uint32_t value_size = 0;  // and in a value.
  std::uint64_t parameters = 0;
  std::uint64_t bytes = 0;      // Of all tensors.
  std::string chat_template{};  // Jinja; empty when the file has none.
};

class CausalModel final : public Vocabulary {
 public:
  // kInvalidArgument when the file is no model that writes text, or none that can be used here.
  static Result<std::unique_ptr<CausalModel>> open(const std::string& path, const std::optional<Offload>& offload = {});
  ~CausalModel() override;
  CausalModel(const CausalModel&) = delete;
  CausalModel& operator=(const CausalModel&) = delete;

  const CausalFacts& facts() const;
  const VocabularyFacts& vocabulary() const override;
  Result<std::vector<TokenId>> tokenise(std::string_view text, Specials specials) const override;
  std::string piece(TokenId token) const override;

 private:
  friend class LlamaRunner;
  struct State;
  explicit CausalModel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::engine
