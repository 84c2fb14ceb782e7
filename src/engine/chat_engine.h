// A chat model ready to write: model, runner, saved beginnings and scheduler, sized to what the machine has.
//
// Thread safety: any method from any thread.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/causal_model.h"
#include "engine/devices.h"
#include "engine/memory_plan.h"
#include "model/model_file.h"
#include "scheduler/kv_files.h"
#include "scheduler/scheduler.h"

namespace docmind::obs {
class Log;
}
namespace docmind::sys {
class Files;
}

namespace docmind::engine {

struct ChatEngineOptions {
  std::string model_path{};              // A GGUF file.
  std::string model_hash{};              // Of its bytes: saved cells are bound to it.
  std::uint32_t threads = 0;             // 0: one per processor.
  std::uint32_t context = 0;             // Tokens in the cache, of all texts; 0: what fits (memory_plan.h).
  std::optional<CellType> cell_type{};   // Empty: the largest that fits.
  std::uint64_t cpu_memory = 0;          // Bytes of main memory it may take; 0: what is available.
  std::uint64_t gpu_memory = 0;          // Bytes of each card it may take; 0: what is free.
  std::uint64_t beside = 0;              // Bytes of main memory to leave to the embedder and the reranker.
  std::int32_t gpu_layers = kAllLayers;  // On the cards; kAllLayers: as many as fit.
  std::string device_map = "auto";       // Which cards (devices.h).
  std::uint32_t step_tokens = 512;       // Prompt tokens in one step at most.
  std::string kv_folder{};               // For saved beginnings; empty: nothing is saved.
  std::uint64_t kv_bytes = 2ULL << 30U;  // Of all of them.
  scheduler::SchedulerOptions scheduling{};
};

// What it asks for on a machine with these devices and so much main memory to take,
Result<MemoryWish> wish_of(const ChatEngineOptions& options, const std::vector<ComputeDevice>& devices,
                           std::uint64_t available);
// and what will be loaded where on it; both pure.
Result<MemoryPlan> plan_chat(const ChatEngineOptions& options, const model::ModelFile& file,
                             const std::vector<ComputeDevice>& devices, std::uint64_t available);

class ChatEngine {
 public:
  // kInvalidArgument for a model that cannot be used, kResourceExhausted with the numbers when it does not fit.
  static Result<std::unique_ptr<ChatEngine>> open(const ChatEngineOptions& options, sys::Files& files,
                                                  const Clock& clock, const obs::Log& log);
  ~ChatEngine();
  ChatEngine(const ChatEngine&) = delete;
  ChatEngine& operator=(const ChatEngine&) = delete;

  const CausalModel& model() const { return *model_; }
  scheduler::Scheduler& scheduler() { return *scheduler_; }
  const MemoryPlan& plan() const { return plan_; }
  void use_threads(std::uint32_t count);  // From the next step on; LlamaRunner has the bounds.
  RunnerMemory memory() const;            // What it really took; to compare with the plan.
  const scheduler::KvFiles* kv_files() const { return kv_files_.get(); }  // Null: nothing is saved.

 private:
  ChatEngine() = default;

  MemoryPlan plan_{};
  std::unique_ptr<CausalModel> model_;
  std::unique_ptr<LlamaRunner> runner_;
  std::unique_ptr<scheduler::KvFiles> kv_files_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;  // Last: uses the others.
};

}  // namespace docmind::engine
