// A page as pixels, and those as a PNG (libpng's simplified interface, png.h of 1.6).
//
// A value and a pure function. The pixels come out of a process that read hostile bytes; the PNG is made of them
// outside of it, so that nothing a document says reaches a browser's decoder.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"

namespace docmind::parse {

inline constexpr std::uint64_t kMostPixels = 16'000'000;  // Of one picture.

struct Picture {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::string rgb{};  // Three bytes a pixel, rows from the top.
};

// kDataLoss when size and pixels do not fit each other, or there are none or too many.
Result<> valid(const Picture& picture);

Result<std::string> png_of(const Picture& picture);

}  // namespace docmind::parse
