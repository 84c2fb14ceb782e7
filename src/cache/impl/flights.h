// Equal questions at the same time: one is answered, the others wait for its answer.
//
// Thread safety: any. Who waits is told when the first has ended, however it ended, and then looks for itself.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"

namespace docmind::cache {

class Flights {
 public:
  // Held by who answers; its end lets the others go on. Empty: who holds it waited for another.
  class Lead {
   public:
    Lead() = default;
    Lead(Lead&& other) noexcept;
    Lead& operator=(Lead&& other) noexcept;
    ~Lead() { end(); }
    explicit operator bool() const { return flights_ != nullptr; }
    void end();

   private:
    friend class Flights;
    Lead(Flights& flights, std::string key) : flights_(&flights), key_(std::move(key)) {}
    Flights* flights_ = nullptr;
    std::string key_;
  };

  // At once as the first; else when the first has ended, without a lead. kDeadlineExceeded, kCancelled.
  Result<Lead> enter(const std::string& key, Deadline deadline, std::stop_token stop);
  std::size_t waiting() const;

 private:
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::unordered_map<std::string, std::uint64_t> leading_ DM_GUARDED_BY(mutex_);  // The number of each lead.
  std::uint64_t leads_ DM_GUARDED_BY(mutex_) = 0;
  std::size_t waiting_ DM_GUARDED_BY(mutex_) = 0;
};

}  // namespace docmind::cache
