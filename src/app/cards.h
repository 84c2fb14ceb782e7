// What the machine's NVIDIA cards do, as their driver tells it: docmind_gpu_* and what is drawn and warned of.
//
// A driver that hangs or crashes takes its process along, so that a child asks it (`docmind cards`) and prints a line
// every few seconds. One that dies or falls silent is told to the log once and started again, with pauses that double;
// its metrics are gone meanwhile. On a machine without a driver or a card its first line says so, and no child stays.
// Thread safety: every method of CardWatch from any thread; the rest are plain functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "sys/nvml.h"

namespace docmind::app {

// The child's part: {"cards":[{"index","name","memory_total","memory_free","watts","celsius","busy_percent",
// "slowed":["heat"]}]}, and for a machine that has none {"cards":null}, which is the last line.
std::string line_of(const std::vector<sys::GpuFacts>& cards);
std::string line_without_cards();
// Nothing: there are none. kInvalidArgument: no such line.
Result<std::optional<std::vector<sys::GpuFacts>>> cards_of(std::string_view line);

struct CardsOptions {
  std::string library = "libnvidia-ml.so.1";
  std::uint32_t every_ms = 5000;
};
// `docmind cards`: prints them until a signal or the death of its parent ends it. Its exit code; 1 for a driver that
// does not work, told on standard error.
int print_cards(const CardsOptions& options);

struct CardWatchOptions {
  std::vector<std::string> command{};                  // Of the child.
  Duration first_patience = std::chrono::seconds(30);  // A driver nobody has used since the start takes its time.
  Duration patience = std::chrono::seconds(20);        // Between two lines.
  Duration first_pause = std::chrono::seconds(5);      // Before it is started again; doubled each time,
  Duration longest_pause = std::chrono::seconds(300);  // up to this, and as before once it has lived longer.
};

class CardWatch {
 public:
  CardWatch(CardWatchOptions options, const Clock& clock, const obs::Log& log, obs::Metrics& metrics);

  // As they were last seen; none while nobody knows.
  std::vector<sys::GpuFacts> cards() const;
  // Whether it has been given up, as there are none.
  bool over() const;

 private:
  void run(const std::stop_token& stop);
  Result<> follow(const std::stop_token& stop);
  void show(std::vector<sys::GpuFacts> cards);

  const CardWatchOptions options_;
  const Clock& clock_;
  const obs::Log& log_;
  obs::Metrics& metrics_;
  mutable Mutex mutex_;
  std::vector<sys::GpuFacts> cards_ DM_GUARDED_BY(mutex_);
  bool over_ DM_GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // Uses all of the above.
};

// Of the fullest card, in percent; nothing without one.
std::optional<double> fullest(const std::vector<sys::GpuFacts>& cards);

}  // namespace docmind::app
