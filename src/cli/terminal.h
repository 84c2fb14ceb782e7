// Where a command's words go: the two streams, and whether a person is watching them.
//
// Thread safety: one thread at a time per stream.
#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace docmind::cli {

struct Terminal {
  std::function<void(std::string_view)> out;  // Results.
  std::function<void(std::string_view)> err;  // Progress, messages.
  bool out_is_screen = false;                 // out is a terminal.
  bool colour = false;                        // On out: it is a terminal and NO_COLOR is not set.
  bool live = false;                          // err is a terminal: progress may be redrawn in place.
  std::size_t width = 80;

  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string faint(std::string_view text) const { return paint("2", text); }

 private:
  std::string paint(std::string_view code, std::string_view text) const {
    if (!colour) return std::string(text);
    return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
  }
};

}  // namespace docmind::cli
