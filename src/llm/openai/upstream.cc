#include "llm/openai/upstream.h"

#include <utility>

namespace docmind::openai {

Upstream::Upstream(UpstreamOptions options, net::Client& client, const Clock& clock)
    : options_(std::move(options)), client_(client), clock_(clock) {}

Result<net::Response> Upstream::send(std::string path, std::string body, const llm::Backend::OnBytes& on_bytes,
                                     Deadline deadline, const std::stop_token& stop) const {
  net::Request request{.method = body.empty() ? "GET" : "POST",
                       .target = {.path = options_.prefix + std::move(path)},
                       .body = std::move(body)};
  if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
  if (!options_.api_key.empty()) request.headers.set("Authorization", "Bearer " + options_.api_key);
  child::RunningServer server{.endpoint = options_.endpoint};
  if (options_.child != nullptr) server = DM_TRY(options_.child->running(deadline, stop));
  auto reply = client_.send(server.endpoint, request,
                            {.deadline = deadline,
                             .stop = stop,
                             .max_body = options_.max_reply,
                             .clock = &clock_,
                             .first_byte = options_.first_byte,
                             .idle = options_.idle,
                             .on_data = on_bytes});
  if (!reply && options_.child != nullptr && reply.error().code == Code::kUnavailable) {
    options_.child->suspect(server.life);
  }
  return reply;
}

}  // namespace docmind::openai
