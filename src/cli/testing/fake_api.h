// The product as a command sees it, for tests: answers every request with what it was given and remembers what was
// asked. One thread.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/api.h"

namespace docmind::cli::testing {

class FakeApi final : public Api {
 public:
  Result<net::Response> call(const net::Request& request) override {
    requests.push_back(request);
    if (failure) return *failure;
    return net::json_response(200, body);
  }
  Result<net::Response> stream(const net::Request& request, const net::SseParser::OnEvent& on_event) override {
    requests.push_back(request);
    if (failure) return *failure;
    for (const net::SseEvent& event : events) {
      if (auto taken = on_event(event); !taken) return taken.error();
    }
    return net::Response{};
  }

  std::string body = "{}";
  std::vector<net::SseEvent> events;
  std::optional<Error> failure;
  std::vector<net::Request> requests;
};

}  // namespace docmind::cli::testing
