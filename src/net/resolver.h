// The addresses behind the name of one machine, within a time: the system's own look-up (getaddrinfo) has no deadline,
// so it runs on a thread of its own, and whoever waits for it may give up.
//
// Thread safety: any. Those who ask while a look-up is under way wait for that one. The destructor waits for it to end,
// which is as long as the system tries (5 to 30 s where no name server answers).
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"

namespace docmind::net {

using Addresses = std::vector<std::string>;  // "127.0.0.1", "::1"; the one to be tried first comes first.

// What the system says, at once for what is an address. kUnavailable: there is no such machine.
Result<Addresses> look_up(const std::string& host);

class Resolver {
 public:
  explicit Resolver(std::string host, std::function<Result<Addresses>(const std::string&)> how = look_up);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Never empty. Errors: those of look_up(), kDeadlineExceeded, kCancelled.
  Result<Addresses> addresses(const Deadline& deadline, const std::stop_token& stop);

 private:
  void begin() DM_REQUIRES(mutex_);

  const std::string host_;
  const std::function<Result<Addresses>(const std::string&)> how_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool under_way_ DM_GUARDED_BY(mutex_) = false;
  std::uint64_t begun_ DM_GUARDED_BY(mutex_) = 0;
  Result<Addresses> found_ DM_GUARDED_BY(mutex_) = Addresses();  // By the last that has ended.
  std::thread thread_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::net
