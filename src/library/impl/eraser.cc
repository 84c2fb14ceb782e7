#include "library/impl/eraser.h"

#include <chrono>

#include "library/impl/document_table.h"
#include "library/impl/terms_table.h"

namespace docmind::library {
namespace {

constexpr auto kQuiet = std::chrono::seconds(1);
constexpr auto kLook = std::chrono::milliseconds(10);  // A Deadline's clock may be a test's, which wakes nobody.

}  // namespace

Eraser::Eraser(store::Database& database, std::uint64_t erase_after)
    : database_(database), wanted_(erase_after), thread_([this] { run(); }) {}

Eraser::~Eraser() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void Eraser::wanted(std::uint64_t generation) {
  std::lock_guard lock(mutex_);
  wanted_ = generation;
  work_.notify_one();
}

Result<> Eraser::wait(Deadline deadline, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const std::uint64_t until = wanted_;
  ++waiting_;
  work_.notify_one();
  Result<> time;
  while (time && erased_ < until) {
    done_.wait_for(lock, kLook);
    if (stop.stop_requested()) time = Error{Code::kCancelled, "Stopped before deleted words were erased.", ""};
    if (deadline.expired()) time = Error{Code::kDeadlineExceeded, "Erasing deleted words goes on.", ""};
  }
  --waiting_;
  return time ? outcome_ : time;
}

void Eraser::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [&] { return closing_ || wanted_ > erased_; });
    if (wanted_ <= erased_) return;
    for (std::uint64_t seen = 0; seen != wanted_ && !closing_ && waiting_ == 0;) {
      seen = wanted_;
      work_.wait_for(lock, kQuiet, [&] { return closing_ || waiting_ > 0 || wanted_ != seen; });
    }
    const std::uint64_t generation = wanted_;
    lock.unlock();
    Result<> outcome = pass(generation);
    lock.lock();
    erased_ = generation;
    outcome_ = std::move(outcome);
    done_.notify_all();
  }
}

Result<> Eraser::pass(std::uint64_t generation) {
  bool more = true;
  for (Merge step = Merge::kBegin; more; step = Merge::kGoOn) {
    more = DM_TRY(database_.write([&](store::Transaction& t) { return merge_terms(t, step); }, Deadline::never(), {},
                                  store::Commit::kAlone));
  }
  return database_.write(
      [&](store::Transaction& t) -> Result<> {
        t.scrub_log();
        return forget_erase(t, generation);
      },
      Deadline::never(), {});
}

}  // namespace docmind::library
