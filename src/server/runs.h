// Answers that are being made for somebody who may come and go: each is a run with a name and numbered events, which
// are kept a while after its end, so that a page that was loaded again sees all of it again and can still stop it.
//
// Thread safety: every method from any thread. Bounds: runs at the same time (more: kResourceExhausted), runs and
// bytes that are kept; the oldest that have ended make room. A draft takes the place of the draft before it.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/rng.h"

namespace docmind::server {

struct RunsOptions {
  std::size_t at_once = 8;
  std::size_t kept = 256;                        // Runs, those that are going on and those that have ended.
  std::uint64_t kept_bytes = 64ULL << 20U;       // Of all their events.
  Duration kept_for = std::chrono::minutes(10);  // After its end.
};

struct RunEvent {
  std::uint64_t number = 0;  // From 1, ascending; numbers are left out where a draft was replaced.
  std::string name{};
  std::string data{};  // JSON.
};

enum class RunState : std::uint8_t { kRunning, kDone, kFailed, kStopped };
std::string_view name_of(RunState state);  // "running", "done", "failed", "stopped"

struct RunInfo {
  std::string id{};
  std::string session{};  // May be empty.
  std::string question{};
  RunState state = RunState::kRunning;
  std::uint64_t last_event = 0;
};

class Runs {
 public:
  // How a run says what happens. Copies may outlive the run: what is said after its end goes nowhere.
  using Say = std::function<void(std::string_view name, std::string data)>;
  // Its JSON is the event "done"; kCancelled after a stop is "stopped", another error "error".
  using Work = std::function<Result<std::string>(const Say& say, std::stop_token stop)>;

  // kResourceExhausted when the machine refuses a thread. `clock` and `rng` outlive it; rng is used from any thread.
  static Result<std::unique_ptr<Runs>> open(RunsOptions options, const Clock& clock, Rng& rng);
  ~Runs();  // Stops those that are going on and waits for them.

  Result<RunInfo> start(std::string session, std::string question, Work work);
  // kNotFound for one that never was or is kept no longer; as of those below.
  Result<RunInfo> find(std::string_view id) const;
  std::vector<RunInfo> running(std::string_view session) const;  // Of all sessions for an empty name.
  Result<> stop(std::string_view id);

  // The events after `after`, waiting for at least one; none: it has ended and there are no more. kDeadlineExceeded,
  // kCancelled.
  Result<std::vector<RunEvent>> next(std::string_view id, std::uint64_t after, Deadline deadline,
                                     std::stop_token stop) const;

 private:
  struct State;
  explicit Runs(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // A Say may outlive it all.
};

}  // namespace docmind::server
