// The body of `docmind parse`: the process that reads one untrusted document and does nothing else.
//
// It reads the document from one descriptor up to its end, parses it or draws one of its pages, and writes one frame
// (frame.h) with the result or the error to another. It opens no file but the PDF library and, for a page whose fonts
// the PDF does not hold, the system's, and writes nothing but the frame. One call per process.
#pragma once
#include <cstdint>
#include <string>

#include "parse/parse.h"

namespace docmind::parse {

struct ChildOptions {
  std::string name;                       // The file's name, for its type.
  std::uint64_t max_input = 512U << 20U;  // Bytes; a longer document is kResourceExhausted.
  ParseOptions parse{};
  std::uint32_t page = 0;  // From 1: that page is drawn, this many pixels wide. 0: the document is parsed.
  std::uint32_t width = 0;
  int input = 0;   // Descriptor of the document.
  int output = 1;  // Descriptor for the frame.
};

// The exit status: 0 when a frame was written whole (an error is a frame, too), 1 when not.
int run_child(const ChildOptions& options);

}  // namespace docmind::parse
