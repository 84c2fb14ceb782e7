// Keeps one program running, with a socket that outlives it: whoever connects while it is being started again just
// waits.
//
// The socket (or any other descriptor) is the program's standard input, as inetd does it (Input::kFd). A program that a
// signal has ended is started again: at once, and with growing pauses (10 ms to 1 s) while it keeps dying within a
// second. One that ends by itself has decided so, and ends the keeping. When we are killed, the kernel kills it.
// Thread safety: keep_running() on any thread.
#pragma once
#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "sys/subprocess.h"

namespace docmind::sys {

// Its exit code when it ends by itself. After a stop it gets SIGTERM and `patience` to end, then SIGKILL: its exit
// code, or 0 when it had to be killed. `restarting` is told of each death, before the next start. kNotFound,
// kUnauthorized, ...: it cannot be started.
Result<int> keep_running(const SubprocessOptions& program, Duration patience, const Clock& clock, std::stop_token stop,
                         const std::function<void(const Exit& exit)>& restarting);

}  // namespace docmind::sys
