// Turns what happens during an ingest into Progress values that only grow, and passes on at most ten a second and each
// change of stage.
//
// Thread safety: any; OnProgress is called under the meter's lock, so one call at a time.
#pragma once
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/thread_annotations.h"
#include "ingest/summary.h"

namespace docmind::ingest {

class ProgressMeter {
 public:
  ProgressMeter(const OnProgress& report, const Clock& clock);

  void look();  // Looking for files.
  void start(std::uint64_t files, std::uint64_t bytes);
  // The file in hand: its name and what it weighs in bytes_total.
  void file(const std::string& name, std::uint64_t bytes);
  void stage(Stage stage);
  void found(std::uint64_t pages, std::uint64_t chunks);  // By reading a file, the one in hand or the one ahead.
  void embedded(std::uint64_t chunks, std::uint64_t of_file_done, std::uint64_t of_file);
  void file_done();
  void done();
  double seconds() const;

 private:
  enum class When : std::uint8_t { kAtMostTenASecond, kNow };
  void tell(When when) DM_REQUIRES(mutex_);
  void set_bytes(std::uint64_t bytes) DM_REQUIRES(mutex_);

  const OnProgress& report_;
  const Clock& clock_;
  const TimePoint started_;
  Mutex mutex_;
  Progress now_ DM_GUARDED_BY(mutex_);
  std::uint64_t bytes_before_ DM_GUARDED_BY(mutex_) = 0;  // Of the files that are done.
  std::uint64_t file_bytes_ DM_GUARDED_BY(mutex_) = 0;
  bool told_ DM_GUARDED_BY(mutex_) = false;
  TimePoint told_at_ DM_GUARDED_BY(mutex_){};
};

}  // namespace docmind::ingest
