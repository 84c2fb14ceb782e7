// multipart/form-data (RFC 7578): the parts of an upload, as views into the request's body.
//
// Thread safety: pure function. The views live as long as the body. Hostile input: parts and header bytes are bounded;
// file names are data (never paths) and valid UTF-8.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::net {

struct FormPart {
  std::string name;
  std::optional<std::string> file_name;  // Absent: a plain field.
  std::string content_type;              // Empty when not given.
  std::string_view bytes;
};

struct MultipartLimits {
  std::uint32_t parts = 1000;
  std::uint32_t header_bytes = 4096;  // Of one part.
};

// kInvalidArgument when it is not well-formed or ends early, kResourceExhausted past a limit.
Result<std::vector<FormPart>> parse_multipart(std::string_view content_type, std::string_view body,
                                              MultipartLimits limits = {});

}  // namespace docmind::net
