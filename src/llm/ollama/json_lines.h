// JSON texts one a line, as Ollama streams its answers and its progress.
//
// For one thread. What comes is hostile: a line ends at 4 MiB.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind::ollama {

class JsonLines {
 public:
  using OnLine = std::function<Result<>(std::string_view line)>;  // Without its end; empty lines are left out.

  // The next bytes, however cut. Errors: those of on_line; kResourceExhausted for a line without an end.
  Result<> take(std::string_view bytes, const OnLine& on_line);

 private:
  std::string rest_;
};

}  // namespace docmind::ollama
