#include "validate/requirement.h"

#include <fmt/format.h>

#include <array>

namespace docmind::validate {
namespace {

Requirement holds(std::string_view id, std::string_view name, std::string_view wanted, std::string_view remedy) {
  return {.id = id, .name = name, .wanted = wanted, .remedy = remedy};
}
Requirement below(std::string_view id, std::string_view name, double high, std::string_view unit,
                  std::string_view remedy) {
  return {.id = id, .name = name, .bound = Bound::kBelow, .high = high, .unit = unit, .remedy = remedy};
}
Requirement above(std::string_view id, std::string_view name, double low, std::string_view unit,
                  std::string_view remedy) {
  return {.id = id, .name = name, .bound = Bound::kAbove, .low = low, .unit = unit, .remedy = remedy};
}
Requirement at_least(std::string_view id, std::string_view name, double low, std::string_view unit,
                     std::string_view remedy) {
  return {.id = id, .name = name, .bound = Bound::kAtLeast, .low = low, .unit = unit, .remedy = remedy};
}
Requirement within(std::string_view id, std::string_view name, double low, double high, std::string_view unit,
                   std::string_view remedy) {
  return {.id = id, .name = name, .bound = Bound::kWithin, .low = low, .high = high, .unit = unit, .remedy = remedy};
}

constexpr std::string_view kService = "change it in the file of vllm.service (config/vllm_service.yaml is one)";
constexpr std::string_view kBusy = "run it again when nothing else works on this machine; docs/tuning.md";
constexpr std::string_view kCard = "see ./dev bench gpu and docs/tuning.md";
constexpr std::string_view kReport = "run docmind doctor; docs/runbook.md";

const auto kRequirements = std::to_array<Requirement>({
    holds("vllm_model_fp8", "vLLM's model is FP8", "fp8 in its name", kService),
    holds("context_128k", "vLLM's window", "131,072 tokens", kService),
    holds("fp8_quantization", "vLLM computes in FP8", "fp8", kService),
    holds("flashinfer_backend", "vLLM's attention", "flashinfer", kService),
    within("gpu_utilization_optimal", "Share of the card that vLLM takes", 0.80, 0.95, "", kService),
    holds("performance_targets_set", "Decode and prefill have targets", "both", "reinstall docmind"),
    holds("multi_agent_optimized", "Agents work at the same time, coordinated in time", "2 or more, <= 300 ms",
          "raise ask.max_parallel_calls, and run it again on an idle machine"),

    at_least("decode_throughput", "Decode", 100, "tok/s", kCard),
    at_least("prefill_throughput", "Prefill", 800, "tok/s", kCard),
    within("vram_use", "Video memory in use", 12, 14, "GiB", kCard),
    below("vram_drift", "Video memory after a load, beside before", 500, "MiB", kCard),
    at_least("flashinfer_gain", "FlashInfer beside the next attention", 25, "%", kCard),
    above("reranker_throughput", "Reranker, 20 documents", 50, "/s", kCard),
    below("long_question", "A question of 50,000 tokens", 120, "s", kCard),
    at_least("token_reduction", "Prompt tokens not computed", 50, "%",
             "docs/measurements.md tells where it is reached"),
    holds("gpu_detection", "Cards are found and used", "every card of the driver", kReport),
    at_least("kv_fp8_saving", "Keys and values in FP8 beside FP16, 131,072 tokens", 50, "% less", "reinstall docmind"),

    below("search_mean", "Search, mean", 100, "ms", kBusy),
    below("search_slowest", "Search, slowest", 200, "ms", kBusy),
    above("queries_succeed", "Questions, 10 at a time, that are answered", 99, "%", kReport),
    above("queries_rate", "Questions, 10 at a time", 10, "/s", kBusy),
    above("ingest_rate", "Documents of 200 tokens read", 100, "/s",
          "more processors, or a card, for the embedder; docs/tuning.md"),
    at_least("second_reading", "Second reading beside the first", 80, "% less time", kReport),
    below("memory", "Memory of all processes, without weights", 4, "GiB", "docs/tuning.md, memory"),
    below("memory_growth", "Memory after the questions, beside before", 500, "MiB",
          "report it with docmind doctor --json"),

    below("context_trimming", "A conversation trimmed to 131,072 tokens", 100, "ms", kBusy),
    below("coordination", "Coordination of an answer, slowest", 300, "ms", kBusy),
    below("handoff", "Handoff between agents, slowest", 50, "ms", kBusy),
    below("agents_start", "Start of the agents", 2, "s", kBusy),
    below("agents_restart", "Restart with documents and chats", 5, "s", kBusy),
    above("answers_with_faults", "Questions answered while an agent and the back end are away", 95, "%", kReport),
    below("backend_switch", "Another answers when the back end is away", 5, "s", kReport),

    below("kept_answer", "A kept answer", 10, "ms", "switch cache.enabled on; run it again on an idle machine"),
    at_least("kept_share", "Repeated questions that are given their kept answer", 60, "%",
             "switch cache.enabled on and cache.shadow off"),
    holds("cache_rebuilt", "A damaged cache", "is made anew, and gives answers", "switch cache.enabled on"),
    below("cache_server_start", "Start of the cache server", 3, "s", kBusy),
    below("cache_server_hit", "The cache server's answer", 10, "ms", kBusy),

    holds("database_wal", "SQLite's journal", "wal", "move the data directory to a local file system"),
    below("database_concurrent", "Database, 5 readers and 2 writers, slowest", 50, "ms",
          "a faster disk for the data directory; docmind doctor"),

    holds("offline_operation", "Documents are read and questions answered without a network", "all of it",
          "docs/backends.md tells what reaches out"),
    holds("settings_unified", "Settings in force beside the settings as declared", "no difference", kReport),
    holds("settings_reload", "A changed setting is in force without a restart", "at once", kReport),
    below("health_report", "Health report, slowest", 100, "ms", kBusy),
    holds("health_ready", "Live and ready", "both", kReport),
    holds("metrics_exported", "Metrics of the specification", "all of them", "reinstall docmind"),
});

}  // namespace

std::span<const Requirement> requirements() { return kRequirements; }

bool met(const Requirement& requirement, double measured) {
  switch (requirement.bound) {
    case Bound::kBelow:
      return measured < requirement.high;
    case Bound::kAbove:
      return measured > requirement.low;
    case Bound::kAtLeast:
      return measured >= requirement.low;
    case Bound::kWithin:
      return measured >= requirement.low && measured <= requirement.high;
    case Bound::kHolds:
      return measured != 0;
  }
  return false;
}

std::string target_of(const Requirement& of) {
  const std::string unit = of.unit.empty() ? std::string() : fmt::format(" {}", of.unit);
  switch (of.bound) {
    case Bound::kBelow:
      return fmt::format("< {}{}", of.high, unit);
    case Bound::kAbove:
      return fmt::format("> {}{}", of.low, unit);
    case Bound::kAtLeast:
      return fmt::format(">= {}{}", of.low, unit);
    case Bound::kWithin:
      return fmt::format("{} to {}{}", of.low, of.high, unit);
    case Bound::kHolds:
      break;
  }
  return std::string(of.wanted);
}

}  // namespace docmind::validate
