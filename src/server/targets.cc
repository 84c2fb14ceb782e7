#include "server/targets.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <map>
#include <utility>

#include "server/impl/metric_text.h"

namespace docmind::server {
namespace {

// One histogram, over all its series or those of one label.
struct Spread {
  double sum = 0;
  double count = 0;
  double most = 0;  // The upper bound of the last bucket that anything fell into.
};

struct Series {
  std::string_view metric;
  std::string_view label{};  // With `value`: only these.
  std::string_view value{};
};

bool counts(const Sample& sample, const Series& series) {
  return series.label.empty() || label_of(sample.labels, series.label) == series.value;
}

using Page = std::vector<Sample>;  // Of all metrics.

Spread spread_of(const Page& metrics, const Series& series) {
  Spread out;
  const std::string name(series.metric);
  std::map<double, double> buckets;
  for (const Sample& sample : metrics) {
    if (!sample.name.starts_with(name) || !counts(sample, series)) continue;
    const std::string_view rest = sample.name.substr(name.size());
    if (rest == "_sum") out.sum += sample.value;
    if (rest == "_count") out.count += sample.value;
    if (rest == "_bucket") {
      buckets[metric_number(label_of(sample.labels, "le")).value_or(std::numeric_limits<double>::infinity())] +=
          sample.value;
    }
  }
  double below = 0;
  for (const auto& [bound, count] : buckets) {
    if (count > below) out.most = bound;
    below = count;
  }
  return out;
}

double total(const Page& metrics, const Series& series) {
  double out = 0;
  for (const Sample& sample : metrics) {
    if (sample.name == series.metric && counts(sample, series)) out += sample.value;
  }
  return out;
}

TargetState state_of(bool met) { return met ? TargetState::kMet : TargetState::kNotMet; }

enum class Of : std::uint8_t { kMean, kMost };

struct TimeGoal {
  std::string_view name;
  std::string_view target;
  double below_ms;
  Series series;
  Of of;
  std::string_view things;  // What was timed, for people.
};

constexpr auto kTimes = std::to_array<TimeGoal>({
    {"Search, mean",
     "< 100 ms",
     100,
     {"docmind_query_duration_seconds", "query_type", "search"},
     Of::kMean,
     "searches"},
    {"Search, slowest",
     "< 200 ms",
     200,
     {"docmind_query_duration_seconds", "query_type", "search"},
     Of::kMost,
     "searches"},
    {"Coordination of an answer", "< 300 ms", 300, {"docmind_coordination_seconds"}, Of::kMost, "answers"},
    {"Handoff between agents", "< 50 ms", 50, {"docmind_handoff_seconds"}, Of::kMost, "answers"},
    {"Health report",
     "< 100 ms",
     100,
     {"docmind_http_request_duration_seconds", "route", "/health"},
     Of::kMost,
     "reports"},
});

Target judged(const TimeGoal& goal, const Page& metrics) {
  Target out{.name = goal.name, .target = goal.target, .unit = "ms"};
  const Spread spread = spread_of(metrics, goal.series);
  out.from = fmt::format("since the start, {} {}", spread.count, goal.things);
  if (spread.count <= 0) return out;
  out.measured = 1000 * (goal.of == Of::kMean ? spread.sum / spread.count : spread.most);
  // The slowest is known by its bucket alone: at most so long.
  if (goal.of == Of::kMost) out.from += "; the slowest took at most so long";
  out.state = state_of(goal.of == Of::kMean ? *out.measured < goal.below_ms : *out.measured <= goal.below_ms);
  return out;
}

Target share(std::string_view name, std::string_view target, double least, double part, double all,
             std::string_view things) {
  Target out{.name = name, .target = target, .unit = "%"};
  out.from = fmt::format("since the start, {} {}", all, things);
  if (all <= 0) return out;
  out.measured = 100 * part / all;
  out.state = state_of(*out.measured >= least);
  return out;
}

std::vector<Target> shares(const Page& metrics) {
  const auto ended = [&](std::string_view how) {
    return total(metrics, {"docmind_agent_queries_total", "status", how});
  };
  const double given = ended("answered") + ended("partial") + ended("abstained");
  const double hits = total(metrics, {"docmind_cache_hits_total"});
  const double misses = total(metrics, {"docmind_cache_not_given_total"});
  const double prompt = total(metrics, {"docmind_answer_prompt_tokens_total"});
  const double computed = total(metrics, {"docmind_answer_computed_tokens_total"});
  return {share("Questions that end in an answer", "> 95 %", 95, given, given + ended("failed"), "questions"),
          share("Answers given again", "60 to 70 % or more", 60, hits, hits + misses, "questions"),
          share("Prompt tokens not computed", "50 to 87 % or more", 50, prompt - computed, prompt, "tokens")};
}

// Of which only a card can say anything.
std::vector<Target> of_cards(std::size_t cards) {
  std::vector<Target> out = {{"Decode", "100 to 160 tok/s", "tok/s"},
                             {"Prefill at 128K", "800 to 1,300 tok/s", "tok/s"},
                             {"Video memory in use", "12 to 14 GiB", "GiB"},
                             {"FlashInfer's gain", "25 to 40 %", "%"},
                             {"Reranker, 20 documents", "> 50/s", "1/s"}};
  for (Target& one : out) {
    one.state = cards == 0 ? TargetState::kNotOnThisMachine : TargetState::kNotMeasured;
    one.from = cards == 0 ? "needs a card" : "./dev bench gpu measures it";
  }
  return out;
}

}  // namespace

std::string_view name_of(TargetState state) {
  constexpr std::array<std::string_view, 4> kNames = {"met", "not_met", "not_measured", "not_on_this_machine"};
  return kNames.at(static_cast<std::size_t>(state));
}

std::vector<Target> targets(const Measured& measured) {
  constexpr double kGibibyte = 1U << 30U;
  Page metrics;
  each_sample(measured.metrics, [&](const Sample& sample) { metrics.push_back(sample); });
  std::vector<Target> out;
  for (const TimeGoal& goal : kTimes) out.push_back(judged(goal, metrics));
  for (Target& one : shares(metrics)) out.push_back(std::move(one));
  Target memory{.name = "Memory without models", .target = "< 4 GiB", .unit = "GiB", .from = "now, this process"};
  if (measured.resident > 0) {
    memory.measured = measured.resident / kGibibyte;
    memory.state = state_of(*memory.measured < 4);
  }
  out.push_back(std::move(memory));
  for (Target& one : of_cards(measured.cards)) out.push_back(std::move(one));
  return out;
}

}  // namespace docmind::server
