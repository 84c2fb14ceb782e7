#include "resilience/error_class.h"

#include <array>

namespace docmind::resilience {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"transient", "overloaded", "permanent", "cancelled", "deadline"};

ErrorClass by_code(Code code, Work work) {
  const ErrorClass at_backends_alone = work == Work::kBackendCall ? ErrorClass::kTransient : ErrorClass::kPermanent;
  switch (code) {
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
      return ErrorClass::kTransient;
    case Code::kDataLoss:
    case Code::kInternal:
      return at_backends_alone;
    case Code::kRateLimited:
      return ErrorClass::kOverloaded;
    case Code::kResourceExhausted:
      return work == Work::kBackendCall ? ErrorClass::kOverloaded : ErrorClass::kPermanent;
    case Code::kCancelled:
      return ErrorClass::kCancelled;
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kConflict:
    case Code::kUnauthorized:
      break;
  }
  return ErrorClass::kPermanent;
}

}  // namespace

std::string_view name(ErrorClass error_class) { return kNames.at(static_cast<std::size_t>(error_class)); }

ErrorClass class_of(Code code, Work work, const Circumstances& circumstances) {
  if (circumstances.stopped) return ErrorClass::kCancelled;
  if (code == Code::kDeadlineExceeded && circumstances.out_of_time) return ErrorClass::kDeadline;
  const ErrorClass found = by_code(code, work);
  return found == ErrorClass::kTransient && circumstances.told_to_wait ? ErrorClass::kOverloaded : found;
}

bool worth_another(ErrorClass error_class) {
  return error_class == ErrorClass::kTransient || error_class == ErrorClass::kOverloaded;
}

}  // namespace docmind::resilience
