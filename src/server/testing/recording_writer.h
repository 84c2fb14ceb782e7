// A writer for tests: keeps what a handler sends.
#pragma once
#include <string_view>
#include <utility>

#include "net/server.h"

namespace docmind::server::testing {

class RecordingWriter final : public net::ResponseWriter {
 public:
  Result<> send(net::Response sent) override {
    response = std::move(sent);
    return {};
  }
  Result<> begin(net::Response head) override {
    response = std::move(head);
    return {};
  }
  Result<> write(std::string_view bytes) override {
    response.body += bytes;
    return {};
  }
  Result<> end() override {
    ended = true;
    return {};
  }
  std::stop_token stop() const override { return {}; }

  net::Response response{.status = 0};
  bool ended = false;
};

}  // namespace docmind::server::testing
