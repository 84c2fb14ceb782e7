// A child process that cannot outlive, flood or hang its parent.
//
// Each child is forked and watched by a thread of its own (its keeper), which takes its output, reaps it, and ends with
// it; so PR_SET_PDEATHSIG, which follows the forking *thread*, means what it says. The child starts in its own process
// group, with only the environment and the descriptors named here, no core dump, default signals.
// Thread safety: every method from any thread. Destroying a Subprocess kills the group and reaps the child.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"

namespace docmind::sys {

// Unset: as the parent has it. Kernel meaning: setrlimit(2).
struct ProcessLimits {
  std::optional<std::uint64_t> cpu_seconds{};    // RLIMIT_CPU: SIGXCPU at this, SIGKILL one second later.
  std::optional<std::uint64_t> address_space{};  // RLIMIT_AS, bytes. Not for binaries with a sanitizer.
  std::optional<std::uint64_t> file_size{};      // RLIMIT_FSIZE, bytes written to one file.
  std::optional<std::uint64_t> processes{};      // RLIMIT_NPROC, of the whole user; root is exempt.
  std::optional<std::uint64_t> open_files{};     // RLIMIT_NOFILE.
};

enum class Input : std::uint8_t {
  kNothing,  // /dev/null
  kBytes,    // input_bytes, as a sealed file in memory: seekable, no deadlock, not limited by file_size.
  kFd,       // input_fd, a socket for instance; stays the caller's, too.
};

enum class Output : std::uint8_t {
  kNothing,  // /dev/null
  kInherit,  // The parent's own.
  kCapture,  // Kept up to the cap, or given to the callback.
  kWithErr,  // Of stdout alone: it goes where stderr goes.
};

struct SubprocessOptions {
  std::vector<std::string> argv{};     // argv[0] is the program, an absolute path.
  std::vector<std::string> env{};      // "NAME=value", all of it: nothing is inherited.
  std::filesystem::path folder = "/";  // Its working folder.
  Input input = Input::kNothing;
  std::string input_bytes{};
  int input_fd = -1;
  Output out = Output::kCapture;
  Output err = Output::kCapture;
  std::uint64_t out_cap = 64ULL << 20U;            // Bytes of stdout; one more kills it (Exit::over_cap).
  std::uint64_t err_cap = 64ULL << 10U;            // Bytes of stderr kept (the last ones); the rest is dropped.
  std::function<void(std::string_view)> on_err{};  // When set, gets stderr as it comes, on the keeper's thread.
  ProcessLimits limits{};
};

struct Exit {
  int code = -1;          // The exit status, when signal is 0.
  int signal = 0;         // What killed it, else 0.
  bool over_cap = false;  // Killed by us, for writing more than out_cap.
  bool clean() const { return signal == 0 && code == 0; }
};

// "exit status 3", "killed by signal 9 (Killed)", "wrote more than its limit".
std::string describe(const Exit& exit);

struct Finished {
  Exit exit;
  std::string out;
  std::string err;
};

class Subprocess {
 public:
  // kNotFound or kUnauthorized when the program cannot be run. Returns once exec has succeeded.
  static Result<std::unique_ptr<Subprocess>> start(SubprocessOptions options);
  ~Subprocess();
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;

  int pid() const;
  std::optional<Exit> exited() const;
  // The next whole line of captured stdout, without its end; kUnavailable when the child has ended without one.
  Result<std::string> next_line(Deadline deadline, std::stop_token stop);
  // Waits for the end and does not kill: kDeadlineExceeded and kCancelled leave it running.
  Result<Exit> wait(Deadline deadline, std::stop_token stop);
  void terminate();              // SIGTERM to its group.
  void kill();                   // SIGKILL to its group.
  std::string take_out();        // What stdout has and nobody took. All of it once exited() is set.
  std::string err_tail() const;  // The last err_cap bytes of stderr.

 private:
  class Impl;
  explicit Subprocess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Starts, waits, collects. On the deadline or a stop the group is killed: kDeadlineExceeded, kCancelled.
// A child that fails is a Finished with its Exit, not an Error.
Result<Finished> run_process(SubprocessOptions options, Deadline deadline, std::stop_token stop);

}  // namespace docmind::sys
