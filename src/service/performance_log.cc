#include "service/performance_log.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

#include "base/json.h"
#include "base/json_members.h"
#include "exec/wait.h"

namespace docmind::service {
namespace {

namespace json = boost::json;

constexpr auto kTogether = std::chrono::milliseconds(500);
constexpr auto kStoring = std::chrono::seconds(5);
constexpr std::string_view kGenerate = "generate";
constexpr std::string_view kAsk = "ask";

double seconds_of(Duration time) { return std::chrono::duration<double>(time).count(); }

std::optional<double> rate(double tokens, const std::optional<double>& seconds) {
  if (!seconds || *seconds <= 0 || tokens <= 0) return std::nullopt;
  return tokens / *seconds;
}

json::value or_null(const std::optional<double>& value) { return value ? json::value(*value) : json::value(nullptr); }

std::optional<double> number_at(const json::value& from, std::string_view key) {
  const json::value& found = json_member(from, key);
  if (!found.is_number()) return std::nullopt;
  return found.to_number<double>();
}

std::uint32_t tokens_at(const json::value& from, std::string_view key) {
  return static_cast<std::uint32_t>(std::clamp(number_at(from, key).value_or(0), 0.0, 4e9));
}

Generation generation_of(const library::PerformanceRow& row) {
  Generation out{.at_ms = row.at_ms, .seconds = row.latency_ms / 1000};
  const Result<json::value> metrics = parse_json(row.metrics);
  if (!metrics) return out;
  out.backend = json_text(json_member(*metrics, "backend"));
  out.model = json_text(json_member(*metrics, "model"));
  out.usage = {.prompt = tokens_at(*metrics, "prompt_tokens"),
               .cached = tokens_at(*metrics, "cached_tokens"),
               .completion = tokens_at(*metrics, "output_tokens")};
  out.prefill_seconds = number_at(*metrics, "prefill_seconds");
  out.decode_seconds = number_at(*metrics, "decode_seconds");
  return out;
}

std::optional<Spread> spread_of(std::vector<double> ms) {
  if (ms.empty()) return std::nullopt;
  std::ranges::sort(ms);
  const auto at = [&ms](double share) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(ms.size())));
    return ms[std::max<std::size_t>(rank, 1) - 1];
  };
  return Spread{at(0.5), at(0.95), at(0.99)};
}

class Mean {
 public:
  void add(const std::optional<double>& value) {
    sum_ += value.value_or(0);
    count_ += value ? 1 : 0;
  }
  std::optional<double> value() const { return count_ > 0 ? std::optional(sum_ / count_) : std::nullopt; }

 private:
  double sum_ = 0;
  double count_ = 0;
};

GenerationSummary summary_of(const std::vector<Generation>& all) {
  GenerationSummary out{.count = all.size()};
  std::vector<double> ms;
  Mean prefill;
  Mean decode;
  llm::ChatUsage usage;
  for (const Generation& one : all) {
    ms.push_back(one.seconds * 1000);
    prefill.add(one.prefill_rate());
    decode.add(one.decode_rate());
    usage += one.usage;
  }
  out.latency = spread_of(std::move(ms));
  out.prefill_rate = prefill.value();
  out.decode_rate = decode.value();
  if (usage.prompt > 0) out.cached_share = 1 - static_cast<double>(usage.computed()) / usage.prompt;
  return out;
}

AnswerSummary summary_of(const std::vector<library::PerformanceRow>& rows) {
  AnswerSummary out{.count = rows.size()};
  std::vector<double> ms;
  Mean coordination;
  Mean given_again;
  for (const library::PerformanceRow& row : rows) {
    ms.push_back(row.latency_ms);
    const Result<json::value> metrics = parse_json(row.metrics);
    if (!metrics) continue;
    coordination.add(number_at(*metrics, "coordination_ms"));
    given_again.add(json_text(json_member(*metrics, "cache")) == "miss" ? 0.0 : 1.0);
  }
  out.latency = spread_of(std::move(ms));
  out.coordination_ms = coordination.value();
  out.given_again_share = given_again.value();
  return out;
}

// Passes a stream on, and remembers when it began.
class FirstToken final : public llm::TokenStream {
 public:
  FirstToken(llm::TokenStream& to, const Clock& clock) : to_(to), clock_(clock) {}
  Result<> text(std::string_view piece) override {
    if (!came_) came_ = clock_.now();
    return to_.text(piece);
  }
  std::optional<TimePoint> came() const { return came_; }

 private:
  llm::TokenStream& to_;
  const Clock& clock_;
  std::optional<TimePoint> came_{};
};

}  // namespace

std::optional<double> Generation::prefill_rate() const { return rate(usage.computed(), prefill_seconds); }
std::optional<double> Generation::decode_rate() const { return rate(usage.completion, decode_seconds); }

PerformanceLog::PerformanceLog(library::Library& library, const Clock& clock, const obs::Log& log,
                               obs::Metrics& metrics)
    : library_(library),
      clock_(clock),
      log_(log),
      dropped_(metrics.counter("docmind_performance_rows_dropped_total",
                               "Rows of performance_logs that were not written, since too many waited.")),
      writing_([this](const std::stop_token& stop) { write(stop); }) {}

void PerformanceLog::add(const Generation& one) {
  const json::object metrics{{"backend", one.backend},
                             {"model", one.model},
                             {"prompt_tokens", one.usage.prompt},
                             {"cached_tokens", one.usage.cached},
                             {"output_tokens", one.usage.completion},
                             {"prefill_seconds", or_null(one.prefill_seconds)},
                             {"decode_seconds", or_null(one.decode_seconds)},
                             {"prefill_tokens_per_second", or_null(one.prefill_rate())},
                             {"decode_tokens_per_second", or_null(one.decode_rate())}};
  queue({.operation = std::string(kGenerate),
         .latency_ms = one.seconds * 1000,
         .tokens = std::uint64_t{one.usage.prompt} + one.usage.completion,
         .metrics = to_text(metrics)});
}

void PerformanceLog::add(const agents::Answer& answer, double seconds) {
  const bool again = answer.given_again.has_value();
  const json::object metrics{
      {"status", agents::name(answer.status)},
      {"cache", again ? answer.given_again->layer : "miss"},
      {"coordination_ms", again ? json::value(nullptr) : json::value(answer.coordination_seconds * 1000)},
      {"prompt_tokens", answer.tokens.prompt},
      {"output_tokens", answer.tokens.completion}};
  queue({.operation = std::string(kAsk),
         .latency_ms = seconds * 1000,
         .tokens = again ? 0 : answer.tokens.prompt + answer.tokens.completion,
         .metrics = to_text(metrics)});
}

void PerformanceLog::queue(Line line) {
  line.at_ms = clock_.wall().time_since_epoch().count();
  const MutexLock lock(mutex_);
  if (waiting_.size() >= kMostWaiting) return dropped_.add();
  waiting_.push_back(std::move(line));
  changed_.notify_all();
}

void PerformanceLog::write(const std::stop_token& stop) {
  const auto some = [this]() DM_REQUIRES(mutex_) { return !waiting_.empty(); };
  for (bool going = true; going;) {
    std::vector<Line> lines;
    {
      MutexLock lock(mutex_);
      going = exec::wait_until(changed_, lock, Deadline::never(), stop, some) == exec::Waited::kReady;
    }
    if (going) going = exec::rest(Deadline::in(kTogether, clock_), stop) != exec::Waited::kStopped;
    {
      const MutexLock lock(mutex_);
      lines.swap(waiting_);
    }
    if (!lines.empty()) store(lines);
  }
}

void PerformanceLog::store(const std::vector<Line>& lines) {
  const auto stored = library_.log_performance(lines, Deadline::in(kStoring, clock_), {});
  if (!stored) log_.failure(obs::Level::kWarn, "performance_not_stored", stored.error());
}

Result<Performance> PerformanceLog::summary(Deadline deadline, std::stop_token stop) {
  library::Snapshot at = DM_TRY(library_.read(deadline, std::move(stop)));
  std::vector<Generation> generations;
  for (const library::PerformanceRow& row : DM_TRY(at.performance(kGenerate, kSummarised))) {
    generations.push_back(generation_of(row));
  }
  Performance out;
  if (!generations.empty()) out.newest = generations.front();
  out.generations = summary_of(generations);
  out.answers = summary_of(DM_TRY(at.performance(kAsk, kSummarised)));
  return out;
}

Result<llm::ChatReply> MeasuredModel::chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline deadline,
                                           std::stop_token stop) {
  std::optional<FirstToken> first;
  if (stream != nullptr) first.emplace(*stream, clock_);
  const TimePoint start = clock_.now();
  Result<llm::ChatReply> reply = inner_.chat(request, first ? &*first : nullptr, deadline, std::move(stop));
  if (!reply || request.priority == llm::ChatPriority::kBackground) return reply;  // Nobody waited for that.
  const TimePoint end = clock_.now();
  Generation made{.backend = reply->backend, .model = reply->model, .usage = reply->usage};
  made.seconds = seconds_of(end - start);
  made.prefill_seconds = reply->prefill_seconds;
  made.decode_seconds = reply->decode_seconds;
  if (!made.prefill_seconds && first && first->came()) {
    made.prefill_seconds = seconds_of(*first->came() - start);
    made.decode_seconds = seconds_of(end - *first->came());
  }
  log_.add(made);
  return reply;
}

}  // namespace docmind::service
