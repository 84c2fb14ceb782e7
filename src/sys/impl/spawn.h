// The moment between fork and exec, alone in a file because of its rules.
//
// vfork: the child borrows the parent's memory until exec, so a server of many GiB starts a child in no time, and the
// thread that called stands still meanwhile. The child may therefore allocate nothing, lock nothing and return nowhere:
// everything it needs is laid out in a SpawnPlan before. All signals are blocked around it, or a handler of the parent
// could run in the child, on the parent's memory.
// Call it from a thread that lives as long as the child: PR_SET_PDEATHSIG follows that thread.
#pragma once
#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace docmind::sys {

struct SpawnLimit {
  int resource;
  rlimit value;  // Lowered further to what the parent may have at most.
};

struct SpawnPlan {
  std::vector<char*> argv;  // Ends with null.
  std::vector<char*> env;   // Ends with null.
  const char* folder = "/";
  std::array<int, 3> fds{};  // What becomes 0, 1, 2: each >= 3, or -1 for the parent's own.
  std::vector<SpawnLimit> limits;
};

struct Spawned {
  pid_t pid = -1;         // The child, also the number of its process group; -1: it did not start.
  int error_number = 0;   // Why not.
  const char* step = "";  // What it was doing: "run", "enter the folder", ...
};

Spawned spawn(const SpawnPlan& plan);

}  // namespace docmind::sys
