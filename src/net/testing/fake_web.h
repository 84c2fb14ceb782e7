// A Web that answers from a function and keeps what it was asked.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "net/web.h"

namespace docmind::net::testing {

class FakeWeb final : public Web {
 public:
  struct Answer {
    Response response{};
    bool cut = false;  // The connection breaks behind the body.
  };
  using Respond = std::function<Answer(const WebRequest&)>;

  explicit FakeWeb(Respond respond) : respond_(std::move(respond)) {}

  Result<Response> send(const WebRequest& request, const WebOptions& options) override {
    asked.push_back(request);
    if (options.stop.stop_requested()) return Error{Code::kCancelled, "stopped"};
    Answer answer = respond_(request);
    if (answer.response.status == 0) return Error{Code::kUnavailable, "nobody answers"};
    const bool good = answer.response.status / 100 == 2;
    if (good && options.on_head) DM_TRY(options.on_head(answer.response));
    if (good && request.method != "HEAD") {
      if (answer.response.body.size() > options.max_body) return Error{Code::kResourceExhausted, "too large"};
      if (options.on_data && !answer.response.body.empty()) {
        DM_TRY(options.on_data(answer.response.body));
        answer.response.body.clear();
      }
    }
    if (answer.cut) return Error{Code::kUnavailable, "the connection was closed"};
    return answer.response;
  }

  std::vector<WebRequest> asked{};

 private:
  Respond respond_;
};

}  // namespace docmind::net::testing
