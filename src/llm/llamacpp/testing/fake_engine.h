// What the test binary does when it is started as `... engine --model PATH --socket SOCKET`: an engine of four
// dimensions that behaves as the text of its model file says.
//   "good"   answers               "crash"  says why on stderr and exits     "deaf"  runs, but never listens
//   "shy"    kills itself so when it is first asked for its model, and never again after that
//   "mortal" kills itself with SIGKILL in the middle of its first request for vectors, and never again after that
//   "starved" has no memory to answer POST requests, unless its last argument is --small
//   "lie"    answers requests for vectors with the text of PATH.reply
#pragma once

namespace docmind::llamacpp {

// The exit status, when the arguments are an engine's; -1 when they are not.
int fake_engine(int argc, char** argv);

}  // namespace docmind::llamacpp
