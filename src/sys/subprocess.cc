#include "sys/subprocess.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <system_error>
#include <thread>

#include "base/thread_annotations.h"
#include "sys/fd.h"
#include "sys/files.h"
#include "sys/impl/spawn.h"

namespace docmind::sys {
namespace {

constexpr std::size_t kDrainBytes = 1U << 20U;  // What is still read from each pipe after the child's end.

// The descriptors of a child: what it gets, and our ends.
struct Streams {
  Fd in;
  Fd out_child;
  Fd err_child;
  Fd out;
  Fd err;
};

// At least 3, so that putting it at 0, 1 or 2 in the child cannot overwrite another.
Result<Fd> lifted(Fd fd, std::string_view doing) {
  if (!fd) return error_of(errno, doing);
  if (fd.get() > 2) return fd;
  Fd high(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  if (!high) return error_of(errno, doing);
  return high;
}

Result<Fd> null_device() { return lifted(Fd(::open("/dev/null", O_RDWR | O_CLOEXEC)), "open /dev/null"); }

Result<Fd> memory_file(std::string_view bytes) {
  constexpr std::string_view kDoing = "hold the input of a child in memory";
  Fd fd = DM_TRY(lifted(Fd(::memfd_create("docmind-input", MFD_CLOEXEC | MFD_ALLOW_SEALING)), kDoing));
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_of(errno, kDoing);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  const bool sealed = ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0;
  if (!sealed || ::lseek(fd.get(), 0, SEEK_SET) != 0) return error_of(errno, kDoing);
  return fd;
}

Result<> open_output(Output kind, Fd& child, Fd& ours) {
  if (kind == Output::kInherit || kind == Output::kWithErr) return {};
  if (kind == Output::kNothing) {
    child = DM_TRY(null_device());
    return {};
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return error_of(errno, "make a pipe");
  Fd reading(ends[0]);
  Fd writing(ends[1]);
  ours = DM_TRY(lifted(std::move(reading), "make a pipe"));
  child = DM_TRY(lifted(std::move(writing), "make a pipe"));
  if (::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) return error_of(errno, "make a pipe");
  return {};
}

Result<Streams> open_streams(const SubprocessOptions& options) {
  Streams streams;
  if (options.input == Input::kBytes) {
    streams.in = DM_TRY(memory_file(options.input_bytes));
  } else if (options.input == Input::kFd) {
    streams.in = Fd(::fcntl(options.input_fd, F_DUPFD_CLOEXEC, 3));
    if (!streams.in) return error_of(errno, "give a child its input");
  } else {
    streams.in = DM_TRY(null_device());
  }
  DM_TRY(open_output(options.out, streams.out_child, streams.out));
  DM_TRY(open_output(options.err, streams.err_child, streams.err));
  return streams;
}

std::vector<SpawnLimit> spawn_limits(const ProcessLimits& limits) {
  std::vector<SpawnLimit> out{{RLIMIT_CORE, {0, 0}}};
  const auto both = [&out](int resource, const std::optional<std::uint64_t>& value) {
    if (value) out.push_back({resource, {*value, *value}});
  };
  if (limits.cpu_seconds) out.push_back({RLIMIT_CPU, {*limits.cpu_seconds, *limits.cpu_seconds + 1}});
  both(RLIMIT_AS, limits.address_space);
  both(RLIMIT_FSIZE, limits.file_size);
  both(RLIMIT_NPROC, limits.processes);
  both(RLIMIT_NOFILE, limits.open_files);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (std::string& text : strings) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// glibc 2.36 declares its own pidfd_open without C linkage.
int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

Exit exit_of(int status, bool over_cap) {
  if (WIFSIGNALED(status)) return {.code = -1, .signal = WTERMSIG(status), .over_cap = over_cap};
  return {.code = WEXITSTATUS(status), .signal = 0, .over_cap = over_cap};
}

Result<> check(const SubprocessOptions& options) {
  if (options.argv.empty() || !options.argv[0].starts_with('/')) {
    return Error{Code::kInvalidArgument, "a program to run must be named by its absolute path"};
  }
  const auto holds_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (std::ranges::any_of(options.argv, holds_nul) || std::ranges::any_of(options.env, holds_nul)) {
    return Error{Code::kInvalidArgument, "a program's argument or variable holds a NUL"};
  }
  return {};
}

}  // namespace

// Two threads meet here: the keeper, which forks, reads and reaps, and whoever asks. The process id is only used for a
// signal while exit_ is unset, and reaping sets it under the same lock, so a number used again is never hit.
class Subprocess::Impl {
 public:
  explicit Impl(SubprocessOptions options) : options_(std::move(options)), program_(printable(options_.argv[0])) {}

  ~Impl() {
    signal_group(SIGKILL);
    if (keeper_.joinable()) keeper_.join();
  }

  Result<> start(Streams streams) {
    try {
      keeper_ = std::thread([this, s = std::move(streams)]() mutable { keep(std::move(s)); });
    } catch (const std::system_error& e) {
      return error_of(e.code().value(), "start a thread");
    }
    MutexLock lock(mutex_);
    while (spawned_.pid < 0 && spawned_.error_number == 0) changed_.wait(lock);
    if (spawned_.pid < 0) return error_of(spawned_.error_number, fmt::format("{} {}", spawned_.step, program_));
    return {};
  }

  int pid() const {
    const MutexLock lock(mutex_);
    return spawned_.pid;
  }

  std::optional<Exit> exited() const {
    const MutexLock lock(mutex_);
    return exit_;
  }

  void signal_group(int number) {
    const MutexLock lock(mutex_);
    if (spawned_.pid > 0 && !exit_) ::kill(-spawned_.pid, number);
  }

  Result<std::string> next_line(const Deadline& deadline, const std::stop_token& stop) {
    MutexLock lock(mutex_);
    DM_TRY(wait_for(lock, deadline, stop, [this]() DM_REQUIRES(mutex_) {
      return exit_.has_value() || out_.find('\n') != std::string::npos;
    }));
    const std::size_t end = out_.find('\n');
    if (end == std::string::npos) {
      return Error{Code::kUnavailable,
                   fmt::format("{} ended without an answer: {}", program_, describe(exit_.value_or(Exit{})))};
    }
    std::string line = out_.substr(0, end);
    out_.erase(0, end + 1);
    return line;
  }

  Result<Exit> wait(const Deadline& deadline, const std::stop_token& stop) {
    MutexLock lock(mutex_);
    DM_TRY(wait_for(lock, deadline, stop, [this]() DM_REQUIRES(mutex_) { return exit_.has_value(); }));
    return exit_.value_or(Exit{});  // It is set: that was waited for.
  }

  std::string take_out() {
    const MutexLock lock(mutex_);
    return std::exchange(out_, {});
  }

  std::string err_tail() const {
    const MutexLock lock(mutex_);
    return err_.size() <= options_.err_cap ? err_ : err_.substr(err_.size() - options_.err_cap);
  }

 private:
  template <typename Ready>
  Result<> wait_for(MutexLock& lock, const Deadline& deadline, const std::stop_token& stop, Ready ready) DM_UNCHECKED {
    while (!ready()) {
      if (stop.stop_requested()) return Error{Code::kCancelled, fmt::format("stopped while {} was running", program_)};
      if (deadline.expired()) return Error{Code::kDeadlineExceeded, fmt::format("{} did not end in time", program_)};
      if (deadline.is_never()) {
        changed_.wait(lock, stop, ready);
      } else {
        changed_.wait_for(lock, stop, deadline.left(), ready);
      }
    }
    return {};
  }

  void keep(Streams streams) {
    const Fd& out = options_.out == Output::kWithErr ? streams.err_child : streams.out_child;
    SpawnPlan plan{.argv = pointers(options_.argv),
                   .env = pointers(options_.env),
                   .folder = options_.folder.c_str(),
                   .fds = {streams.in.get(), out.get(), streams.err_child.get()},
                   .limits = spawn_limits(options_.limits)};
    Spawned spawned = spawn(plan);
    streams.in.reset();
    streams.out_child.reset();
    streams.err_child.reset();
    options_.input_bytes = {};
    const Fd ended(spawned.pid > 0 ? open_pidfd(spawned.pid) : -1);
    if (spawned.pid > 0 && !ended) spawned = give_up(spawned.pid, errno);
    {
      const MutexLock lock(mutex_);
      spawned_ = spawned;
      changed_.notify_all();
    }
    if (spawned.pid < 0) return;
    follow(streams, ended.get());
    reap(spawned.pid);
  }

  static Spawned give_up(pid_t pid, int error_number) {
    ::kill(-pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return {.pid = -1, .error_number = error_number, .step = "watch"};
  }

  // Until the child has ended, its output taken as it comes.
  void follow(Streams& streams, int ended) {
    std::array<pollfd, 3> wait{};
    while (wait[0].revents == 0) {
      wait = {pollfd{ended, POLLIN, 0}, pollfd{streams.out.get(), POLLIN, 0}, pollfd{streams.err.get(), POLLIN, 0}};
      if (::poll(wait.data(), wait.size(), -1) < 0) {  // EINTR
        wait[0].revents = 0;
        continue;
      }
      if (wait[1].revents != 0) take(streams.out, &Impl::add_out, 1);
      if (wait[2].revents != 0) take(streams.err, &Impl::add_err, 1);
    }
    // A grandchild that left the group may hold the pipes open for ever, so only what is there already is read.
    take(streams.out, &Impl::add_out, kDrainBytes);
    take(streams.err, &Impl::add_err, kDrainBytes);
  }

  // Reads without waiting: once, and on until `enough` bytes are read. Closes the pipe at its end.
  void take(Fd& pipe, void (Impl::*add)(std::string_view), std::size_t enough) {
    std::array<char, 64 * 1024> chunk{};
    for (std::size_t taken = 0; pipe && taken < enough;) {
      const ssize_t n = ::read(pipe.get(), chunk.data(), chunk.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) {
        pipe.reset();
        return;
      }
      (this->*add)({chunk.data(), static_cast<std::size_t>(n)});
      taken += static_cast<std::size_t>(n);
    }
  }

  void add_out(std::string_view bytes) {
    const MutexLock lock(mutex_);
    if (over_cap_) return;
    out_.append(bytes);
    if (out_.size() > options_.out_cap) {
      out_.resize(options_.out_cap);
      over_cap_ = true;
      ::kill(-spawned_.pid, SIGKILL);
    }
    changed_.notify_all();
  }

  void add_err(std::string_view bytes) {
    if (options_.on_err) options_.on_err(bytes);
    const MutexLock lock(mutex_);
    err_.append(bytes);
    if (err_.size() > 2 * options_.err_cap) err_.erase(0, err_.size() - options_.err_cap);
  }

  void reap(pid_t pid) {
    const MutexLock lock(mutex_);
    ::kill(-pid, SIGKILL);  // What it left behind in its group: the number is still taken, by the zombie.
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    exit_ = exit_of(status, over_cap_);
    changed_.notify_all();
  }

  SubprocessOptions options_;
  const std::string program_;
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  Spawned spawned_ DM_GUARDED_BY(mutex_);
  std::optional<Exit> exit_ DM_GUARDED_BY(mutex_);
  std::string out_ DM_GUARDED_BY(mutex_);
  std::string err_ DM_GUARDED_BY(mutex_);
  bool over_cap_ DM_GUARDED_BY(mutex_) = false;
  std::thread keeper_;
};

std::string describe(const Exit& exit) {
  if (exit.over_cap) return "it wrote more than its limit";
  if (exit.signal != 0) return fmt::format("killed by signal {} ({})", exit.signal, ::sigdescr_np(exit.signal));
  return fmt::format("exit status {}", exit.code);
}

Subprocess::Subprocess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Subprocess::~Subprocess() = default;

Result<std::unique_ptr<Subprocess>> Subprocess::start(SubprocessOptions options) {
  DM_TRY(check(options));
  Streams streams = DM_TRY(open_streams(options));
  auto impl = std::make_unique<Impl>(std::move(options));
  DM_TRY(impl->start(std::move(streams)));
  return std::unique_ptr<Subprocess>(new Subprocess(std::move(impl)));
}

int Subprocess::pid() const { return impl_->pid(); }
std::optional<Exit> Subprocess::exited() const { return impl_->exited(); }
Result<std::string> Subprocess::next_line(Deadline deadline, std::stop_token stop) {
  return impl_->next_line(deadline, stop);
}
Result<Exit> Subprocess::wait(Deadline deadline, std::stop_token stop) { return impl_->wait(deadline, stop); }
void Subprocess::terminate() { impl_->signal_group(SIGTERM); }
void Subprocess::kill() { impl_->signal_group(SIGKILL); }
std::string Subprocess::take_out() { return impl_->take_out(); }
std::string Subprocess::err_tail() const { return impl_->err_tail(); }

Result<Finished> run_process(SubprocessOptions options, Deadline deadline, std::stop_token stop) {
  const auto child = DM_TRY(Subprocess::start(std::move(options)));
  Exit exit = DM_TRY(child->wait(deadline, std::move(stop)));  // An error leaves, and takes the child down.
  return Finished{.exit = exit, .out = child->take_out(), .err = child->err_tail()};
}

}  // namespace docmind::sys
