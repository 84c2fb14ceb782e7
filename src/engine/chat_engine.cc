#include "engine/chat_engine.h"

#include <algorithm>

#include "engine/llama_runner.h"
#include "obs/log.h"
#include "sys/files.h"
#include "sys/process.h"

namespace docmind::engine {
namespace {

// Sequences of running texts, of the kept ones that wait for whoever comes next, and one to save from.
constexpr std::uint32_t kKeptSequences = 47;

}  // namespace

ChatEngine::~ChatEngine() = default;

Result<std::unique_ptr<ChatEngine>> ChatEngine::open(const ChatEngineOptions& options, sys::Files& files,
                                                     const Clock& clock, const obs::Log& log) {
  std::unique_ptr<ChatEngine> out(new ChatEngine);
  // Asked before the model is loaded: its file is mapped, and counts as available afterwards.
  const std::uint64_t available = options.memory_bytes != 0 ? options.memory_bytes : sys::available_memory();
  out->model_ = DM_TRY(CausalModel::open(options.model_path));
  const scheduler::SchedulerOptions& scheduling = options.scheduling;
  MemoryWish wish;
  wish.available = available;
  wish.context = options.context;
  wish.cell_type = options.cell_type;
  wish.step_tokens = options.step_tokens;
  wish.step_outputs = scheduling.running * (1 + scheduling.draft);
  out->plan_ = DM_TRY(plan_memory(out->model_->facts(), out->model_->vocabulary().size, wish));

  LlamaRunnerOptions runner;
  runner.cells = out->plan_.context;
  runner.cell_type = out->plan_.cell_type;
  runner.sequences = scheduling.running + kKeptSequences + 1;
  runner.step_tokens = options.step_tokens;
  runner.step_outputs = wish.step_outputs;
  runner.threads = options.threads != 0 ? options.threads : static_cast<std::uint32_t>(sys::cpu_count());
  runner.model_hash = options.model_hash;
  out->runner_ = DM_TRY(LlamaRunner::open(*out->model_, runner));
  if (!options.kv_folder.empty()) {
    scheduler::KvFilesOptions kv;
    kv.folder = options.kv_folder;
    kv.max_bytes = options.kv_bytes;
    out->kv_files_ = DM_TRY(scheduler::KvFiles::open(kv, out->runner_->facts().identity, files, log));
  }
  out->scheduler_ = std::make_unique<scheduler::Scheduler>(scheduling, *out->runner_, out->kv_files_.get(), clock, log);
  return out;
}

}  // namespace docmind::engine
