// The scheduler's Runner on libllama: one context with a cache that all sequences share (kv_unified), so that a fork
// marks cells instead of copying them.
//
// Thread safety: one thread at a time. Several runners may share a model.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/causal_model.h"
#include "model/kv_size.h"
#include "scheduler/runner.h"

namespace docmind::engine {

enum class CellType : std::uint8_t { kF16, kQ8, kQ4 };           // Of keys and values.
std::string_view name(CellType type);                            // "f16", "q8_0", "q4_0".
std::optional<CellType> cell_type_named(std::string_view name);  // Empty for any other name, "auto" too.
model::KvType kv_type(CellType type);

// What libllama has allocated, as it says itself.
struct RunnerMemory {
  std::uint64_t weights = 0;
  std::uint64_t cells = 0;
  std::uint64_t buffers = 0;  // Of computing, and of its outputs.
  std::uint64_t all() const { return weights + cells + buffers; }
};

struct LlamaRunnerOptions {
  std::uint32_t cells = 8192;    // Tokens in the cache, of all sequences.
  std::uint32_t sequences = 64;  // At most 255.
  std::uint32_t step_tokens = 512;
  std::uint32_t step_outputs = 128;
  std::uint32_t threads = 0;  // 0: one per processor.
  CellType cell_type = CellType::kF16;
  std::string model_hash{};  // Part of the identity: saved cells of another file are refused.
};

class LlamaRunner final : public scheduler::Runner {
 public:
  static Result<std::unique_ptr<LlamaRunner>> open(const CausalModel& model, const LlamaRunnerOptions& options);
  ~LlamaRunner() override;

  RunnerMemory memory() const;
  // So many threads compute from the next step on: at least one, at most those it was opened with. From any thread.
  void use_threads(std::uint32_t count);
  std::uint32_t threads() const;  // That the last step computed with.
  const scheduler::RunnerFacts& facts() const override;
  Result<> step(std::span<const scheduler::Span> spans, const std::atomic<bool>& interrupt) override;
  std::span<const float> logits(std::size_t output) const override;
  void fork(scheduler::SequenceId from, scheduler::SequenceId to, std::uint32_t begin, std::uint32_t end) override;
  void drop(scheduler::SequenceId sequence, std::uint32_t begin, std::uint32_t end) override;
  Result<std::string> save(scheduler::SequenceId sequence) override;
  Result<> restore(scheduler::SequenceId sequence, std::string_view bytes, std::uint32_t tokens) override;

 private:
  std::uint32_t idle_rows(std::span<const scheduler::Span> spans) const;
  std::int32_t decode(std::uint32_t idle);  // libllama's status.
  std::int32_t guarded_decode(std::uint32_t idle);
  struct State;
  explicit LlamaRunner(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::engine
