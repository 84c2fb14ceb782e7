#include "sys/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <thread>

#include "base/thread_annotations.h"
#include "sys/fd.h"

namespace docmind::sys {
namespace {

constexpr int kSecondSignalStatus = 130;

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

class Signals::Impl {
 public:
  Impl(Fd signals, Fd end, sigset_t before)
      : signals_(std::move(signals)), end_(std::move(end)), before_(before), thread_([this] { watch(); }) {}

  ~Impl() {
    const std::uint64_t one = 1;
    while (::write(end_.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  std::stop_token stop_token() const {
    const MutexLock lock(mutex_);
    return source_.get_token();
  }

  void renew() {
    const MutexLock lock(mutex_);
    if (source_.stop_requested() && !terminated_) source_ = std::stop_source();
  }

  void on_hangup(std::function<void()> call) {
    const MutexLock lock(hangup_mutex_);
    on_hangup_ = std::move(call);
  }

 private:
  void watch() {
    std::array<pollfd, 2> wait{pollfd{signals_.get(), POLLIN, 0}, pollfd{end_.get(), POLLIN, 0}};
    while (true) {
      if (::poll(wait.data(), wait.size(), -1) < 0) continue;  // EINTR
      if (wait[1].revents != 0) return;
      signalfd_siginfo seen{};
      if (::read(signals_.get(), &seen, sizeof seen) != sizeof seen) continue;
      if (seen.ssi_signo == SIGHUP && hung_up()) continue;
      std::stop_source source = this->source(seen.ssi_signo != SIGINT);
      if (source.stop_requested()) ::_exit(kSecondSignalStatus);
      source.request_stop();
    }
  }

  bool hung_up() {
    const MutexLock lock(hangup_mutex_);
    if (on_hangup_) on_hangup_();
    return static_cast<bool>(on_hangup_);
  }

  std::stop_source source(bool terminated) {
    const MutexLock lock(mutex_);
    terminated_ = terminated_ || terminated;
    return source_;
  }

  Fd signals_;
  Fd end_;
  sigset_t before_;
  mutable Mutex mutex_;
  std::stop_source source_ DM_GUARDED_BY(mutex_);
  bool terminated_ DM_GUARDED_BY(mutex_) = false;
  Mutex hangup_mutex_;  // Held while it runs.
  std::function<void()> on_hangup_ DM_GUARDED_BY(hangup_mutex_);
  std::thread thread_;  // Last: it uses all of the above.
};

Signals::Signals(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Signals::~Signals() = default;

Result<std::unique_ptr<Signals>> Signals::watch() {
  const sigset_t set = watched();
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &set, &before);
  ::signal(SIGPIPE, SIG_IGN);
  Fd signals(::signalfd(-1, &set, SFD_CLOEXEC));
  Fd end(::eventfd(0, EFD_CLOEXEC));
  if (!signals || !end) return error_of(errno, "watch for signals");
  try {
    return std::unique_ptr<Signals>(new Signals(std::make_unique<Impl>(std::move(signals), std::move(end), before)));
  } catch (const std::system_error& e) {
    return error_of(e.code().value(), "start the signal thread");
  }
}

std::stop_token Signals::stop_token() const { return impl_->stop_token(); }
void Signals::renew() { impl_->renew(); }
void Signals::on_hangup(std::function<void()> call) { impl_->on_hangup(std::move(call)); }

}  // namespace docmind::sys
