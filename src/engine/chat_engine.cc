#include "engine/chat_engine.h"

#include <algorithm>

#include "engine/devices.h"
#include "engine/llama_runner.h"
#include "model/model_file.h"
#include "obs/log.h"
#include "sys/files.h"
#include "sys/process.h"

namespace docmind::engine {
namespace {

// Sequences of running texts, of the kept ones that wait for whoever comes next, and one to save from.
constexpr std::uint32_t kKeptSequences = 46;

std::uint32_t sequences_of(const scheduler::SchedulerOptions& scheduling) {
  return scheduling.running + kKeptSequences + 1;
}

std::uint32_t outputs_of(const scheduler::SchedulerOptions& scheduling) {
  return std::max(scheduling.running * (1 + scheduling.draft), sequences_of(scheduling));
}

}  // namespace

Result<MemoryWish> wish_of(const ChatEngineOptions& options, const std::vector<ComputeDevice>& devices,
                           std::uint64_t available) {
  MemoryWish wish;
  wish.available = available;
  wish.main_cap = options.cpu_memory;
  wish.beside = options.beside;
  wish.gpu_layers = options.gpu_layers;
  if (options.gpu_layers != 0) wish.cards = DM_TRY(cards_of(options.device_map, options.gpu_memory, devices));
  wish.context = options.context;
  wish.cell_type = options.cell_type;
  wish.step_tokens = options.step_tokens;
  wish.step_outputs = outputs_of(options.scheduling);
  return wish;
}

Result<MemoryPlan> plan_chat(const ChatEngineOptions& options, const model::ModelFile& file,
                             const std::vector<ComputeDevice>& devices, std::uint64_t available) {
  return plan_memory(DM_TRY(needs_of(file)), DM_TRY(wish_of(options, devices, available)));
}

void ChatEngine::use_threads(std::uint32_t count) { runner_->use_threads(count); }
RunnerMemory ChatEngine::memory() const { return runner_->memory(); }
ChatEngine::~ChatEngine() = default;

Result<std::unique_ptr<ChatEngine>> ChatEngine::open(const ChatEngineOptions& options, sys::Files& files,
                                                     const Clock& clock, const obs::Log& log) {
  std::unique_ptr<ChatEngine> out(new ChatEngine);
  scheduler::SchedulerOptions scheduling = options.scheduling;
  scheduling.chunk = std::min(scheduling.chunk, options.step_tokens);
  const model::ModelFile file = DM_TRY(model::read_model_file(options.model_path));
  // Memory is asked for before the model is loaded: its file is mapped, and counts as available afterwards.
  out->plan_ = DM_TRY(plan_chat(options, file, DM_TRY(compute_devices()), sys::available_memory()));
  // Settings go from machine to machine: the work is done all the same, but not in silence.
  if (options.gpu_layers > 0 && out->plan_.cards.empty()) {
    log.event(obs::Level::kWarn, "engine_without_card",
              {{"gpu_layers", options.gpu_layers}, {"effect", "all layers stay in main memory"}});
  }
  Offload offload;
  for (const CardPlan& card : out->plan_.cards) offload.cards.push_back({card.name, card.layers});
  out->model_ = DM_TRY(CausalModel::open(options.model_path, offload));

  LlamaRunnerOptions runner;
  runner.cells = out->plan_.context;
  runner.cell_type = out->plan_.cell_type;
  runner.sequences = sequences_of(scheduling);
  runner.step_tokens = options.step_tokens;
  runner.step_outputs = outputs_of(scheduling);
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
