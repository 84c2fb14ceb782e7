#include "validate/prompt.h"

#include <fmt/format.h>

#include <utility>

#include "context/fit.h"
#include "validate/ships.h"

namespace docmind::validate {
namespace {

constexpr std::size_t kTurns = 300;  // About 1,500 tokens each.

class NoTokenizer final : public llm::Tokenizer {
 public:
  Result<std::vector<std::uint32_t>> count(std::span<const std::string>, Deadline, std::stop_token) override {
    return Error{Code::kUnavailable, "there is no tokenizer"};
  }
};

}  // namespace

void measure_trimming(const Clock& clock, std::stop_token stop, Measurements& out) {
  llm::ChatRequest request;
  for (std::size_t i = 0; i < kTurns; ++i) {
    const Ship one = ship(i % kShips);
    request.messages.push_back({.role = llm::Role::kUser, .content = one.when_built()});
    request.messages.push_back({.role = llm::Role::kAssistant, .content = one.document()});
  }
  request.messages.push_back({.role = llm::Role::kUser, .content = ship(0).where_built()});
  NoTokenizer none;
  context::TokenCounter counter(none);
  const TimePoint start = clock.now();
  const auto fitted = context::fit(std::move(request), {.context = context::WindowOptions{}.limit}, counter, {},
                                   Deadline::never(), std::move(stop));
  const double took = std::chrono::duration<double, std::milli>(clock.now() - start).count();
  if (!fitted) return out.failed("context_trimming", fitted.error());
  const context::Report& report = fitted->report;
  const bool fits = report.final_tokens + report.reserved <= report.limit;
  if (!fits || report.final_tokens >= report.original_tokens) {
    return out.failed("context_trimming", {Code::kInternal, "what came out does not fit the window"});
  }
  out.figure("context_trimming", took, fmt::format("{} tokens to {}", report.original_tokens, report.final_tokens));
}

}  // namespace docmind::validate
