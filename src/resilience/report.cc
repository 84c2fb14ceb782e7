#include "resilience/report.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace docmind::resilience {
namespace {

struct Words {
  std::string_view name;
  std::string_view sentence;
};
constexpr std::array<Words, kEnds> kWords = {{
    {"answered", "answered"},
    {"permanent", "another attempt would not help"},
    {"cancelled", "stopped by whoever asked"},
    {"no_time", "no time is left for another"},
    {"last_attempt", "that was the last one allowed"},
    {"no_budget", "too many calls are being repeated for another"},
    {"sent", "part of the answer had been sent, so it was not repeated"},
    {"open", "no further calls are sent there for now"},
    {"full", "every place was taken"},
    {"told_to_go_away", "it asks to wait longer than anybody would"},
    {"given_up", "it was repeated already"},
}};

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string hint_of(const Report& report) {
  switch (report.end) {
    case End::kNoTime:
      return "Allow more time, or ask again.";
    case End::kNoBudget:
    case End::kLastAttempt:
      return "Ask again later; if it stays, look at the backend.";
    case End::kSent:
      return "Ask again for the whole answer.";
    case End::kToldToGoAway:
      return report.retry_after ? fmt::format("Ask again in {:.0f} s.", std::ceil(seconds(*report.retry_after))) : "";
    default:
      return {};
  }
}

}  // namespace

std::string_view name(End end) { return kWords.at(static_cast<std::size_t>(end)).name; }

std::string describe(const Report& report) {
  std::string out = report.attempts == 1 ? "1 attempt" : fmt::format("{} attempts", report.attempts);
  out += fmt::format(" in {:.1f} s", seconds(report.took));
  const char* before = ": ";
  for (const FailedAttempt& failed : report.failed) {
    out += fmt::format("{}{}{}", before, failed.hedge ? "hedge " : "", name(failed.error.code));
    if (failed.waited > Duration::zero()) out += fmt::format(" (waited {:.1f} s)", seconds(failed.waited));
    before = ", ";
  }
  return out + "; " + std::string(kWords.at(static_cast<std::size_t>(report.end)).sentence);
}

Error told(const Report& report, Error cause) {
  if (report.attempts == 0) return cause;
  const bool plain = report.end == End::kPermanent || report.end == End::kCancelled || report.end == End::kGivenUp;
  if (plain && report.attempts == 1) return cause;
  while (cause.message.ends_with('.')) cause.message.pop_back();
  cause.message += " (" + describe(report) + ").";
  if (cause.hint.empty()) cause.hint = hint_of(report);
  return cause;
}

}  // namespace docmind::resilience
