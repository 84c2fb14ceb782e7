#include "engine/chat_metrics.h"

#include "engine/chat_engine.h"
#include "obs/metrics.h"

namespace docmind::engine {
namespace {

void add_texts(obs::Metrics& metrics, const scheduler::SchedulerCounts& counts) {
  const auto texts = [&](const char* state, std::uint32_t value) {
    metrics.gauge("docmind_engine_texts", "Texts that are asked for.", {{"state", state}}).set(value);
  };
  texts("running", counts.running);
  texts("waiting", counts.waiting);
  const auto cells = [&](const char* state, std::uint32_t value) {
    metrics
        .gauge("docmind_engine_cells", "Cells of the cache: kept ones are held, and nobody runs on them.",
               {{"state", state}})
        .set(value);
  };
  cells("held", counts.cells_held);
  cells("kept", counts.cells_kept);
  cells("reserved", counts.cells_reserved);
  metrics.gauge("docmind_engine_sequences", "Sequences in use, kept ones too.").set(counts.sequences);
  const auto tokens = [&](const char* source, std::uint64_t value) {
    metrics
        .counter("docmind_engine_tokens_total", "Prompt tokens by where their cells came from, and generated ones.",
                 {{"source", source}})
        .add(static_cast<double>(value));
  };
  tokens("computed", counts.computed);
  tokens("forked", counts.forked);
  tokens("restored", counts.restored);
  tokens("generated", counts.generated);
  metrics.counter("docmind_engine_steps_total", "Passes of the model.").add(static_cast<double>(counts.steps));
  const auto seconds = [](Duration time) { return std::chrono::duration<double>(time).count(); };
  metrics
      .counter("docmind_engine_prefill_seconds_total",
               "Of all texts, from the start to the first token, less what they waited.")
      .add(seconds(counts.prefill));
  metrics.counter("docmind_engine_decode_seconds_total", "Of all texts, from the first token to the last.")
      .add(seconds(counts.decode));
}

void add_saved(obs::Metrics& metrics, const scheduler::KvFilesCounts& counts) {
  metrics.gauge("docmind_engine_saved_files", "Saved beginnings on disk.").set(static_cast<double>(counts.files));
  metrics.gauge("docmind_engine_saved_bytes", "Of all saved beginnings.").set(static_cast<double>(counts.bytes));
  const auto events = [&](const char* event, std::uint64_t value) {
    metrics
        .counter("docmind_engine_saved_files_total", "Saved beginnings that were used, made, or not fit.",
                 {{"event", event}})
        .add(static_cast<double>(value));
  };
  events("read", counts.read);
  events("written", counts.written);
  events("refused", counts.refused);
}

}  // namespace

std::string metrics_text(ChatEngine& engine) {
  obs::Metrics metrics;
  add_texts(metrics, engine.scheduler().counts());
  if (engine.kv_files() != nullptr) add_saved(metrics, engine.kv_files()->counts());
  const auto memory = [&](const char* part, std::uint64_t bytes) {
    metrics.gauge("docmind_engine_memory_bytes", "As planned at the start.", {{"part", part}})
        .set(static_cast<double>(bytes));
  };
  memory("weights", engine.plan().weights);
  memory("cells", engine.plan().cells);
  memory("buffers", engine.plan().buffers);
  return metrics.text();
}

}  // namespace docmind::engine
