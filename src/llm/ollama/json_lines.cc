#include "llm/ollama/json_lines.h"

namespace docmind::ollama {
namespace {

constexpr std::size_t kMaxLine = 4U << 20U;

}  // namespace

Result<> JsonLines::take(std::string_view bytes, const OnLine& on_line) {
  rest_ += bytes;
  std::size_t from = 0;
  for (std::size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', from)) {
    if (end > from) DM_TRY(on_line(std::string_view(rest_).substr(from, end - from)));
    from = end + 1;
  }
  rest_.erase(0, from);
  if (rest_.size() > kMaxLine) return Error{Code::kResourceExhausted, "A line of Ollama's answer has no end.", {}};
  return {};
}

}  // namespace docmind::ollama
