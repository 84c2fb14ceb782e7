// /api/performance: what answering took lately. The names of inference, resources and errors are the specification's.
#include <boost/json.hpp>

#include "base/json.h"
#include "base/utc.h"
#include "server/impl/call.h"
#include "server/impl/metric_text.h"
#include "server/routes.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr double kMegabyte = 1e6;
constexpr double kMostOfACard = 15.5 / 16;  // As the alert has it.

json::value or_null(const std::optional<double>& value, double factor = 1) {
  return value ? json::value(factor * *value) : json::value(nullptr);
}

json::value to_json(const std::optional<service::Spread>& spread) {
  if (!spread) return nullptr;
  return json::object{{"p50", spread->p50}, {"p95", spread->p95}, {"p99", spread->p99}};
}

json::value to_json(const std::optional<service::Generation>& newest, std::uint32_t context) {
  if (!newest) return nullptr;
  return json::object{{"timestamp", utc_text(WallTime(std::chrono::milliseconds(newest->at_ms)))},
                      {"backend", newest->backend},
                      {"model", newest->model},
                      {"decode_tokens_per_second", or_null(newest->decode_rate())},
                      {"prefill_tokens_per_second", or_null(newest->prefill_rate())},
                      {"time_to_first_token", or_null(newest->prefill_seconds, 1000)},
                      {"total_latency", 1000 * newest->seconds},
                      {"tokens_generated", newest->usage.completion},
                      {"context_length", context > 0 ? json::value(context) : json::value(nullptr)}};
}

double failed_questions(std::string_view page) {
  double out = 0;
  each_sample(page, [&out](const Sample& sample) {
    const bool failed = sample.name == "docmind_queries_total" && label_of(sample.labels, "status") == "error";
    if (failed) out += sample.value;
  });
  return out;
}

json::object resources(const MetricSums& sums) {
  const auto cards = sums.of("docmind_gpu_memory_total_bytes");
  return {{"vram_used", or_null(sums.of("docmind_gpu_memory_bytes"), 1 / kMegabyte)},
          {"vram_total", or_null(cards, 1 / kMegabyte)},
          {"vram_max_threshold", or_null(cards, kMostOfACard / kMegabyte)},
          {"ram_used", or_null(sums.of("docmind_memory_usage_bytes"), 1 / kMegabyte)},
          {"cpu_percent", or_null(sums.of("docmind_cpu_usage_percent"))},
          {"gpu_percent", or_null(sums.mean_of("docmind_gpu_utilization_percent"))}};
}

}  // namespace

Routes::Reply Routes::performance(const Call& call) {
  const service::Performance now = DM_TRY(service_.performance(call.deadline, call.stop));
  const std::string page = metrics_.text();
  const MetricSums sums(page);
  std::uint32_t context = 0;
  if (options_.backends != nullptr) {
    for (const router::MemberStatus& one : options_.backends->status()) {
      if (one.in_use && one.can) context = one.can->context;
    }
  }
  return ok(json::object{{"timestamp", utc_text(clock_.wall())},
                         {"inference", to_json(now.newest, context)},
                         {"resources", resources(sums)},
                         {"errors",
                          {{"count", failed_questions(page)},
                           {"retries", sums.of("docmind_resilience_retries_total").value_or(0)},
                           {"fallbacks", sums.of("docmind_fallbacks_total").value_or(0)}}},
                         {"generations",
                          {{"count", now.generations.count},
                           {"latency_ms", to_json(now.generations.latency)},
                           {"prefill_tokens_per_second", or_null(now.generations.prefill_rate)},
                           {"decode_tokens_per_second", or_null(now.generations.decode_rate)},
                           {"cached_share", or_null(now.generations.cached_share)}}},
                         {"answers",
                          {{"count", now.answers.count},
                           {"latency_ms", to_json(now.answers.latency)},
                           {"coordination_ms", or_null(now.answers.coordination_ms)},
                           {"given_again_share", or_null(now.answers.given_again_share)}}}});
}

}  // namespace docmind::server
