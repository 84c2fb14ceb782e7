// What kind of failure an Error is for whoever may try again: the class decides, never the text.
//
// The same code means different things at different work. A broken reply of a model server (kDataLoss) may well be
// whole the next time; a broken file stays broken. Codes of a call to a backend:
//   transient   kUnavailable, kDataLoss, kInternal, and kDeadlineExceeded while the caller still has time
//   overloaded  kRateLimited, kResourceExhausted, and whatever came with "come back after N seconds"
//   permanent   kInvalidArgument, kNotFound, kConflict, kUnauthorized
//   cancelled   kCancelled, and everything that comes after the caller's stop
//   deadline    kDeadlineExceeded when the caller's own time is over
// At a step (a whole query, the storage) kDataLoss, kInternal and kResourceExhausted are permanent.
// A backend whose reply is larger than its cap says kDataLoss, not kResourceExhausted: that one means "busy".
// Pure.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace docmind::resilience {

enum class ErrorClass : std::uint8_t { kTransient, kOverloaded, kPermanent, kCancelled, kDeadline };
enum class Work : std::uint8_t { kBackendCall, kStep };

std::string_view name(ErrorClass error_class);

// What was the case when the attempt ended.
struct Circumstances {
  bool stopped = false;       // The caller's stop was requested.
  bool out_of_time = false;   // The caller's deadline is over.
  bool told_to_wait = false;  // The other side said when to come back.
};

ErrorClass class_of(Code code, Work work, const Circumstances& circumstances = {});

// Whether trying the same again can help at all.
bool worth_another(ErrorClass error_class);

}  // namespace docmind::resilience
