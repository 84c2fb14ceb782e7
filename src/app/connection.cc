#include "app/connection.h"

#include "exec/wait.h"

namespace docmind::app {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);  // For a holder that starts or goes.
constexpr auto kPause = std::chrono::milliseconds(20);
constexpr int kTries = 3;
constexpr int kLooks = 10;
constexpr std::uint64_t kMaxReply = 1ULL << 30U;

void pause(const Clock& clock, std::stop_token stop) { exec::rest(Deadline::in(kPause, clock), std::move(stop)); }

}  // namespace

Result<> Connection::connect() {
  const Deadline patience = Deadline::in(kPatience, deps_.clock);
  const net::Endpoint socket{.unix_path = deps_.layout.socket.string()};
  net::Request live;
  live.target.path = "/health/live";
  for (;;) {
    if (holding_) return {};
    auto held = deps_.hold();
    if (held) {
      holding_ = *std::move(held);
      return {};
    }
    if (held.error().code != Code::kConflict) return held.error();
    const auto answer = deps_.client.call(socket, live, {.deadline = patience, .stop = stop_});
    if (answer) return {};
    if (answer.error().code == Code::kCancelled) return answer.error();
    if (patience.expired()) {
      return Error{Code::kUnavailable, held.error().message + " and does not answer",
                   "end that process, or use another --data DIR"};
    }
    pause(deps_.clock, stop_);
  }
}

Result<net::Response> Connection::send(const std::function<Result<net::Response>(const net::Endpoint&)>& attempt) {
  const net::Endpoint socket{.unix_path = deps_.layout.socket.string()};
  for (int tries = 1;; ++tries) {
    DM_TRY(connect());
    auto reply = attempt(socket);
    const bool lost = !reply && reply.error().code == Code::kUnavailable && !holding_;
    if (lost && tries < kTries) continue;
    if (reply && (reply->status < 200 || reply->status > 299)) return net::error_of(*reply);
    return reply;
  }
}

Result<net::Response> Connection::call(const net::Request& request) {
  return send([&](const net::Endpoint& socket) {
    return deps_.client.send(socket, request, {.stop = stop_, .max_body = kMaxReply});
  });
}

Result<net::Response> Connection::stream(const net::Request& request, const net::SseParser::OnEvent& on_event) {
  return send([&](const net::Endpoint& socket) {
    net::SseParser parser;
    return deps_.client.send(socket, request,
                             {.stop = stop_, .max_body = kMaxReply, .on_data = [&](std::string_view bytes) {
                                return parser.feed(bytes, on_event);
                              }});
  });
}

void Connection::finish(const std::function<void()>& say_waiting) {
  if (!holding_) return;
  const bool stopped = stop_.stop_requested();
  // Our own last request may still be leaving the server's books.
  for (int looked = 0; looked < kLooks && !stopped && holding_->running() > 0; ++looked) pause(deps_.clock, stop_);
  if (!stopped && holding_->running() > 0) say_waiting();
  holding_->stop(stopped ? Deadline::in(Duration::zero(), deps_.clock) : Deadline::never());
  holding_.reset();
}

}  // namespace docmind::app
