#include "exec/wait.h"

#include <string>

namespace docmind::exec {

Error error_of(Waited waited, std::string_view what) {
  if (waited == Waited::kStopped) return {Code::kCancelled, "stopped while waiting: " + std::string(what)};
  return {Code::kDeadlineExceeded, "ran out of time: " + std::string(what)};
}

}  // namespace docmind::exec
