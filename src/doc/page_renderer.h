// The contract of whoever draws a page of a document as a picture. The real one (room parse) runs a child per picture.
#pragma once
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/deadline.h"
#include "base/result.h"

namespace docmind::doc {

// Pixels. What lies between them is enough for a screen, and bounds what one picture may cost.
inline constexpr std::uint32_t kLeastWidth = 64;
inline constexpr std::uint32_t kMostWidth = 2400;

// Thread safety: render() from several threads at once.
class PageRenderer {
 public:
  virtual ~PageRenderer() = default;

  // Page `page` (from 1) of the document in `bytes` as a PNG of that width; less wide when it would be very high.
  // Errors: kNotFound (no such page, or a format without pages), kDataLoss (broken), kResourceExhausted (a limit),
  // kInvalidArgument (a width out of range), kDeadlineExceeded, kCancelled, kUnavailable (child died).
  virtual Result<std::string> render(const std::string& bytes, std::uint32_t page, std::uint32_t width,
                                     Deadline deadline, std::stop_token stop) = 0;
};

}  // namespace docmind::doc
