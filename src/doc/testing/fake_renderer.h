// A renderer for tests, in this process: its picture says what was asked for. Refuses pages beyond `pages`.
#pragma once
#include <atomic>
#include <optional>
#include <string>

#include "doc/page_renderer.h"

namespace docmind::doc {

class FakeRenderer final : public PageRenderer {
 public:
  Result<std::string> render(const std::string& bytes, std::uint32_t page, std::uint32_t width, Deadline,
                             std::stop_token stop) override {
    if (stop.stop_requested()) return Error{Code::kCancelled, "cancelled"};
    ++calls;
    if (failure) return *failure;
    return std::to_string(page) + " at " + std::to_string(width) + " of " + bytes + std::string(padding, '.');
  }

  std::optional<Error> failure{};
  std::size_t padding = 0;  // Bytes more in each picture.
  std::atomic<std::uint64_t> calls = 0;
};

}  // namespace docmind::doc
