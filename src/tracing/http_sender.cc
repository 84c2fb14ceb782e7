#include "tracing/http_sender.h"

#include <utility>

namespace docmind::tracing {
namespace {

constexpr std::uint64_t kMostAnswered = 1U << 20U;

}  // namespace

Send http_sender(net::Client& client, net::Address collector) {
  return [&client, to = std::move(collector)](const std::string& body, const Deadline& deadline,
                                              const std::stop_token& stop) -> Result<> {
    net::Request request{.method = "POST"};
    request.target.path = to.path + "/v1/traces";
    request.headers.set("Content-Type", "application/json");
    request.body = body;
    (void)DM_TRY(client.call(to.endpoint, request, {.deadline = deadline, .stop = stop, .max_body = kMostAnswered}));
    return {};
  };
}

}  // namespace docmind::tracing
