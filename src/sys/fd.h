// A file descriptor that closes itself. Move-only; every one we make is close-on-exec.
#pragma once
#include <string_view>
#include <utility>

#include "base/error.h"

namespace docmind::sys {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// What errno means, with the code it maps to, in the words of a person: "cannot read x: permission denied".
Error error_of(int error_number, std::string_view doing);

}  // namespace docmind::sys
