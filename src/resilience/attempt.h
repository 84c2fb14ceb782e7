// One attempt at a guarded call: what it is given, and the place where it says what the guard cannot see.
//
// Whoever talks to the backend says here, and nowhere else:
//   to_client()     before the first byte of an answer goes to whoever asked. From then on nothing is tried again.
//   retry_after(d)  when the backend said to come back in d.
//   give_up()       when another attempt would not help whatever the error's code: it was tried again inside already.
// Thread safety: from the thread that makes the attempt; to_client() from any.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/deadline.h"
#include "base/result.h"

namespace docmind::resilience {

// Who of several attempts at the same time may write to the client: the first that asks.
class ClientClaim {
 public:
  virtual ~ClientClaim() = default;
  virtual bool take(std::size_t who) = 0;  // True for the first, and for it again.
};

class Attempt {
 public:
  Attempt(std::uint32_t number, const Deadline& deadline, std::stop_token stop)
      : number_(number), deadline_(deadline), stop_(std::move(stop)) {}
  // One of several at the same time; `who` counts from 0.
  Attempt(std::uint32_t number, const Deadline& deadline, std::stop_token stop, ClientClaim& claim, std::size_t who)
      : number_(number), deadline_(deadline), stop_(std::move(stop)), claim_(&claim), who_(who) {}
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  std::uint32_t number() const { return number_; }  // 1, 2, 3; a hedge has that of the attempt beside it.
  const Deadline& deadline() const { return deadline_; }
  const std::stop_token& stop() const { return stop_; }

  // kCancelled when another attempt writes to the client already: this one has to end.
  Result<> to_client() {
    if (claim_ != nullptr && !claim_->take(who_)) {
      return Error{Code::kCancelled, "another attempt at the same call answers already"};
    }
    sent_.store(true, std::memory_order_relaxed);
    return {};
  }
  void retry_after(Duration wait) { retry_after_ = wait; }
  void give_up() { given_up_ = true; }

  bool sent() const { return sent_.load(std::memory_order_relaxed); }
  std::optional<Duration> told_to_wait() const { return retry_after_; }
  bool given_up() const { return given_up_; }

 private:
  const std::uint32_t number_;
  const Deadline deadline_;
  const std::stop_token stop_;
  ClientClaim* const claim_ = nullptr;
  const std::size_t who_ = 0;
  std::atomic<bool> sent_ = false;
  std::optional<Duration> retry_after_;
  bool given_up_ = false;
};

}  // namespace docmind::resilience
