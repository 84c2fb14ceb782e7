// A writer for tests: keeps what a handler sends; the client goes after `patience` pieces of a stream.
#pragma once
#include <cstddef>
#include <limits>
#include <stop_token>
#include <string_view>
#include <utility>

#include "net/server.h"

namespace docmind::net::testing {

class RecordingWriter final : public ResponseWriter {
 public:
  Result<> send(Response sent) override {
    response = std::move(sent);
    return {};
  }
  Result<> begin(Response head) override {
    response = std::move(head);
    return {};
  }
  Result<> write(std::string_view bytes) override {
    response.body += bytes;
    if (++writes >= patience) gone.request_stop();
    return gone.stop_requested() ? Result<>(Error{Code::kCancelled, "gone"}) : Result<>();
  }
  Result<> end() override {
    ended = true;
    return {};
  }
  std::stop_token stop() const override { return gone.get_token(); }

  Response response{.status = 0};
  bool ended = false;
  std::size_t writes = 0;
  std::size_t patience = std::numeric_limits<std::size_t>::max();
  std::stop_source gone;
};

}  // namespace docmind::net::testing
