// The body of `docmind parse`: the process that reads one untrusted document and does nothing else.
//
// It reads the document from one descriptor up to its end, parses it, and writes one frame (frame.h) with the result or
// the error to another. It opens no file but the PDF library and writes nothing but the frame. One call per process.
#pragma once
#include <cstdint>
#include <string>

#include "parse/parse.h"

namespace docmind::parse {

struct ChildOptions {
  std::string name;                       // The file's name, for its type.
  std::uint64_t max_input = 512U << 20U;  // Bytes; a longer document is kResourceExhausted.
  ParseOptions parse{};
  int input = 0;   // Descriptor of the document.
  int output = 1;  // Descriptor for the frame.
};

// The exit status: 0 when a frame was written whole (an error is a frame, too), 1 when not.
int run_child(const ChildOptions& options);

}  // namespace docmind::parse
