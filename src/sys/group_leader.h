// A process between us and a program that starts further processes: when we die, all of them die, and not only the one
// that we started (which is all that PR_SET_PDEATHSIG reaches).
//
// The leader is the first of a process group (sys/subprocess.h makes one for each child) and starts the program in it.
// It ends as the program does; a SIGTERM to the group is for the program alone; when its parent has died it kills the
// group, itself too. Not for programs that leave their group.
#pragma once
#include <string>
#include <vector>

namespace docmind::sys {

struct LeaderOptions {
  int parent = 0;                   // The process whose death ends all.
  std::vector<std::string> argv{};  // argv[0] is an absolute path. The environment is the leader's own.
};

// Call it first in a process, before any thread is started. Returns the exit code of the program; when that was killed
// by a signal the process is killed by the same one. 127 when it cannot be run, said on standard error.
int lead_group(const LeaderOptions& options);

}  // namespace docmind::sys
