#include "base/error.h"

#include <array>

namespace docmind {
namespace {

constexpr std::array<std::string_view, 11> kNames = {
    "invalid_argument", "not_found",   "conflict",           "unauthorized", "rate_limited", "deadline_exceeded",
    "cancelled",        "unavailable", "resource_exhausted", "data_loss",    "internal",
};

}  // namespace

std::string_view name(Code code) { return kNames.at(static_cast<std::size_t>(code)); }

Code code_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames.at(i) == name) return static_cast<Code>(i);
  }
  return Code::kInternal;
}

bool retryable(Code code) {
  return code == Code::kRateLimited || code == Code::kDeadlineExceeded || code == Code::kUnavailable;
}

}  // namespace docmind
