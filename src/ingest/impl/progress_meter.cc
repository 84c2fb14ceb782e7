#include "ingest/impl/progress_meter.h"

#include <algorithm>

namespace docmind::ingest {
namespace {

constexpr std::uint64_t kEnoughShare = 50;  // One fiftieth of the bytes: from less, a guess is nonsense.

}  // namespace

ProgressMeter::ProgressMeter(const OnProgress& report, const Clock& clock)
    : report_(report), clock_(clock), started_(clock.now()) {}

double ProgressMeter::seconds() const { return std::chrono::duration<double>(clock_.now() - started_).count(); }

void ProgressMeter::tell(When when) {
  if (!report_) return;
  const TimePoint now = clock_.now();
  if (when == When::kAtMostTenASecond && told_ && now - told_at_ < std::chrono::milliseconds(100)) return;
  told_ = true;
  told_at_ = now;
  now_.seconds = seconds();
  now_.seconds_left = -1;
  // A guess from the bytes so far; none before there is something to guess from.
  if (now_.bytes_done * kEnoughShare > now_.bytes_total && now_.seconds > 1) {
    const double rate = static_cast<double>(now_.bytes_done) / now_.seconds;
    now_.seconds_left = static_cast<double>(now_.bytes_total - now_.bytes_done) / rate;
  }
  report_(now_);
}

void ProgressMeter::set_bytes(std::uint64_t bytes) {
  now_.bytes_done = std::clamp(bytes, now_.bytes_done, now_.bytes_total);
}

void ProgressMeter::look() {
  const MutexLock lock(mutex_);
  tell(When::kNow);
}

void ProgressMeter::start(std::uint64_t files, std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  now_.files_total = files;
  now_.bytes_total = bytes;
  tell(When::kNow);
}

void ProgressMeter::file(const std::string& name, std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  now_.file = name;
  file_bytes_ = bytes;
  const bool changed = now_.stage != Stage::kReading;
  now_.stage = Stage::kReading;
  tell(changed ? When::kNow : When::kAtMostTenASecond);
}

void ProgressMeter::stage(Stage stage) {
  const MutexLock lock(mutex_);
  const bool changed = now_.stage != stage;
  now_.stage = stage;
  tell(changed ? When::kNow : When::kAtMostTenASecond);
}

void ProgressMeter::found(std::uint64_t pages, std::uint64_t chunks) {
  const MutexLock lock(mutex_);
  now_.pages += pages;
  now_.chunks_found += chunks;
  tell(When::kAtMostTenASecond);
}

void ProgressMeter::embedded(std::uint64_t chunks, std::uint64_t of_file_done, std::uint64_t of_file) {
  const MutexLock lock(mutex_);
  now_.chunks_done = std::min(now_.chunks_done + chunks, now_.chunks_found);
  const double share = of_file == 0 ? 1.0 : static_cast<double>(of_file_done) / static_cast<double>(of_file);
  set_bytes(bytes_before_ + static_cast<std::uint64_t>(std::min(share, 1.0) * static_cast<double>(file_bytes_)));
  tell(When::kAtMostTenASecond);
}

void ProgressMeter::file_done() {
  const MutexLock lock(mutex_);
  ++now_.files_done;
  bytes_before_ += file_bytes_;
  file_bytes_ = 0;
  set_bytes(bytes_before_);
  tell(When::kAtMostTenASecond);
}

void ProgressMeter::done() {
  const MutexLock lock(mutex_);
  now_.stage = Stage::kDone;
  now_.file.clear();
  tell(When::kNow);
}

}  // namespace docmind::ingest
