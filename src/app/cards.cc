#include "app/cards.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <utility>

#include "base/json.h"
#include "base/json_members.h"
#include "exec/wait.h"
#include "sys/clock.h"
#include "sys/signals.h"
#include "sys/subprocess.h"

namespace docmind::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestLine = 256U << 10U;  // 256 cards, the most that are looked at.

json::object json_of(const sys::GpuFacts& card) {
  json::array slowed;
  for (const sys::GpuSlowing why : card.slowed) slowed.emplace_back(sys::name(why));
  return {{"index", card.index},
          {"name", card.name},
          {"memory_total", card.memory_total},
          {"memory_free", card.memory_free},
          {"watts", json::value_from(card.watts)},
          {"celsius", json::value_from(card.celsius)},
          {"busy_percent", json::value_from(card.busy_percent)},
          {"slowed", std::move(slowed)}};
}

template <typename Number>
std::optional<Number> number_in(const json::value& card, std::string_view key) {
  boost::system::error_code failed;
  const auto number = json_member(card, key).to_number<Number>(failed);
  return failed ? std::nullopt : std::optional(number);
}

sys::GpuFacts card_of(const json::value& told) {
  sys::GpuFacts card;
  card.index = json_small(json_member(told, "index"));
  card.name = json_text(json_member(told, "name"));
  card.memory_total = json_count(json_member(told, "memory_total"));
  card.memory_free = std::min(card.memory_total, json_count(json_member(told, "memory_free")));
  card.watts = number_in<double>(told, "watts");
  card.celsius = number_in<int>(told, "celsius");
  card.busy_percent = number_in<unsigned>(told, "busy_percent");
  using enum sys::GpuSlowing;
  for (const json::value& word : json_list(json_member(told, "slowed"))) {
    for (const sys::GpuSlowing why : {kPower, kHeat, kHardware}) {
      if (json_text(word) == sys::name(why)) card.slowed.push_back(why);
    }
  }
  return card;
}

bool print_line(const std::string& line) {
  return std::fputs((line + "\n").c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
}

// The series of one metric, where a card has it.
template <typename Value>
std::map<obs::Labels, double> series_of(const std::vector<sys::GpuFacts>& cards, Value value) {
  std::map<obs::Labels, double> out;
  for (const sys::GpuFacts& card : cards) {
    const auto has = value(card);
    if (has) out[{{"device", std::to_string(card.index)}}] = static_cast<double>(*has);
  }
  return out;
}

}  // namespace

std::string line_of(const std::vector<sys::GpuFacts>& cards) {
  json::array all;
  for (const sys::GpuFacts& card : cards) all.push_back(json_of(card));
  return to_text(json::object{{"cards", std::move(all)}});
}

std::string line_without_cards() { return R"({"cards":null})"; }

Result<std::optional<std::vector<sys::GpuFacts>>> cards_of(std::string_view line) {
  const Error other{Code::kInvalidArgument, "What watches the cards has said something else.", "Reinstall docmind."};
  const auto told = parse_json(line, {.bytes = kLongestLine});
  const json::object* whole = told ? told->if_object() : nullptr;
  const json::value* list = whole == nullptr ? nullptr : whole->if_contains("cards");
  if (list == nullptr || !(list->is_array() || list->is_null())) return other;
  if (list->is_null()) return std::optional<std::vector<sys::GpuFacts>>();
  std::vector<sys::GpuFacts> cards;
  for (const json::value& card : list->get_array()) cards.push_back(card_of(card));
  return std::optional(std::move(cards));
}

int print_cards(const CardsOptions& options) {
  const auto signals = sys::Signals::watch();
  if (!signals) return 1;
  const sys::RealClock clock;
  const auto nvml = sys::Nvml::load(options.library);
  if (!nvml && nvml.error().code != Code::kNotFound) {
    std::fputs((nvml.error().message + "\n").c_str(), stderr);
    return 1;
  }
  auto cards = nvml ? (*nvml)->gpus() : std::vector<sys::GpuFacts>();
  if (cards.empty()) return print_line(line_without_cards()) ? 0 : 1;
  const Duration every = std::chrono::milliseconds(options.every_ms);
  while (print_line(line_of(cards))) {
    if (exec::rest(Deadline::in(every, clock), (*signals)->stop_token()) == exec::Waited::kStopped) break;
    cards = (*nvml)->gpus();
  }
  return 0;
}

CardWatch::CardWatch(CardWatchOptions options, const Clock& clock, const obs::Log& log, obs::Metrics& metrics)
    : options_(std::move(options)),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

std::vector<sys::GpuFacts> CardWatch::cards() const {
  const MutexLock lock(mutex_);
  return cards_;
}

bool CardWatch::over() const {
  const MutexLock lock(mutex_);
  return over_;
}

void CardWatch::run(const std::stop_token& stop) {
  Duration pause = options_.first_pause;
  bool told = false;
  while (!stop.stop_requested()) {
    const TimePoint began = clock_.now();
    const Result<> ended = follow(stop);
    show({});
    if (ended) break;
    if (stop.stop_requested()) return;
    if (clock_.now() - began > options_.longest_pause) {
      pause = options_.first_pause;
      told = false;
    }
    if (!std::exchange(told, true)) log_.failure(obs::Level::kWarn, "cards_not_watched", ended.error());
    exec::rest(Deadline::in(pause, clock_), stop);
    pause = std::min(2 * pause, options_.longest_pause);
  }
  const MutexLock lock(mutex_);
  over_ = true;
}

// Until the child fails; no error: there are no cards.
Result<> CardWatch::follow(const std::stop_token& stop) {
  sys::SubprocessOptions program;
  program.argv = options_.command;
  const auto child = DM_TRY(sys::Subprocess::start(std::move(program)));
  for (Duration patience = options_.first_patience;; patience = options_.patience) {
    const auto line = child->next_line(Deadline::in(patience, clock_), stop);
    if (!line) {
      const bool silent = line.error().code == Code::kDeadlineExceeded;
      return Error{Code::kUnavailable,
                   "The driver of the cards cannot be asked: " +
                       (silent ? std::string("it does not answer") : line.error().message) + ".",
                   "See whether nvidia-smi works; it is tried again."};
    }
    auto cards = DM_TRY(cards_of(*line));
    if (!cards) return {};
    show(*std::move(cards));
  }
}

void CardWatch::show(std::vector<sys::GpuFacts> cards) {
  const auto set = [&](std::string_view name, std::string_view help, const auto& value) {
    metrics_.show(name, help, series_of(cards, value));
  };
  using Card = sys::GpuFacts;
  set("docmind_gpu_memory_bytes", "Memory of a card that is in use.",
      [](const Card& card) { return std::optional(card.memory_total - card.memory_free); });
  set("docmind_gpu_memory_total_bytes", "Of this in all.",
      [](const Card& card) { return std::optional(card.memory_total); });
  set("docmind_gpu_utilization_percent", "Of the time in which a card worked at all.",
      [](const Card& card) { return card.busy_percent; });
  set("docmind_gpu_temperature_celsius", "Of a card.", [](const Card& card) { return card.celsius; });
  set("docmind_gpu_power_watts", "That a card takes.", [](const Card& card) { return card.watts; });
  std::map<obs::Labels, double> slowed;
  for (const Card& card : cards) {
    using enum sys::GpuSlowing;
    for (const sys::GpuSlowing why : {kPower, kHeat, kHardware}) {
      slowed[{{"device", std::to_string(card.index)}, {"reason", std::string(sys::name(why))}}] =
          std::ranges::find(card.slowed, why) != card.slowed.end() ? 1 : 0;
    }
  }
  metrics_.show("docmind_gpu_throttled", "1 while a card is slowed for this reason.", slowed);
  const MutexLock lock(mutex_);
  cards_ = std::move(cards);
}

std::optional<double> fullest(const std::vector<sys::GpuFacts>& cards) {
  std::optional<double> out;
  for (const sys::GpuFacts& card : cards) {
    if (card.memory_total == 0) continue;
    const auto used = static_cast<double>(card.memory_total - card.memory_free);
    out = std::max(out.value_or(0), 100 * used / static_cast<double>(card.memory_total));
  }
  return out;
}

}  // namespace docmind::app
