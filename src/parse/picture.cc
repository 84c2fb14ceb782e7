#include "parse/picture.h"

#include <png.h>

namespace docmind::parse {

Result<> valid(const Picture& picture) {
  const std::uint64_t pixels = std::uint64_t{picture.width} * picture.height;
  if (pixels == 0 || pixels > kMostPixels || picture.rgb.size() != pixels * 3) {
    return Error{Code::kDataLoss, "the picture of the page is broken", "Its text can be read all the same."};
  }
  return {};
}

Result<std::string> png_of(const Picture& picture) {
  DM_TRY(valid(picture));
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = picture.width;
  image.height = picture.height;
  image.format = PNG_FORMAT_RGB;
  image.flags = PNG_IMAGE_FLAG_FAST;  // A third of the time, for some more bytes on the way to the same machine.
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string out(size, '\0');
  if (png_image_write_to_memory(&image, out.data(), &size, 0, picture.rgb.data(), 0, nullptr) == 0) {
    return Error{Code::kInternal, std::string("the picture cannot be packed: ") + image.message, ""};
  }
  out.resize(size);
  out.shrink_to_fit();
  return out;
}

}  // namespace docmind::parse
