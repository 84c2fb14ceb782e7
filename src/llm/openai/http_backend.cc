#include "llm/openai/http_backend.h"

#include <utility>

namespace docmind::openai {

HttpBackend::HttpBackend(HttpBackendOptions options, net::Client& client, const Clock& clock)
    : options_(std::move(options)), client_(client), clock_(clock) {}

Result<net::Response> HttpBackend::send(const net::Request& request, const OnBytes& on_bytes, Deadline deadline,
                                        const std::stop_token& stop) const {
  net::Request whole = request;
  whole.target.path = options_.prefix + request.target.path;
  if (!options_.api_key.empty()) whole.headers.set("Authorization", "Bearer " + options_.api_key);
  if (whole.method == "POST") whole.headers.set("Content-Type", "application/json");
  return client_.send(options_.endpoint, whole,
                      {.deadline = deadline,
                       .stop = stop,
                       .max_body = options_.max_reply,
                       .clock = &clock_,
                       .first_byte = options_.first_byte,
                       .idle = options_.idle,
                       .on_data = on_bytes});
}

Ask HttpBackend::asking(Deadline deadline, const std::stop_token& stop) const {
  return [this, deadline, stop](std::string_view path, const std::string& body) -> Result<Asked> {
    const net::Request request{
        .method = body.empty() ? "GET" : "POST", .target = {.path = std::string(path)}, .body = body};
    net::Response response = DM_TRY(send(request, nullptr, deadline, stop));
    return Asked{response.status, std::move(response.body)};
  };
}

Result<Probed> HttpBackend::probed(Deadline deadline, const std::stop_token& stop) {
  return probed_.get("trying what the model's server can do", deadline, stop,
                     [&] { return probe(options_.model, asking(deadline, stop)); });
}

Result<llm::BackendInfo> HttpBackend::info(Deadline deadline, std::stop_token stop) {
  return DM_TRY(probed(deadline, stop)).info;
}

Result<std::vector<std::uint32_t>> HttpBackend::count(std::span<const std::string> texts, Deadline deadline,
                                                      std::stop_token stop) {
  const Probed known = DM_TRY(probed(deadline, stop));
  if (known.counting == Counting::kNone) {
    return Error{Code::kUnavailable, "The model's server does not count tokens.", {}};
  }
  const Ask ask = asking(deadline, stop);
  std::vector<std::uint32_t> out;
  for (const std::string& text : texts) {
    out.push_back(DM_TRY(count_tokens(known.counting, known.info.capabilities.model, text, ask)));
  }
  return out;
}

std::string HttpBackend::metrics(Deadline deadline, std::stop_token stop) {
  const auto reply = asking(deadline, stop)("/metrics", {});
  return reply && reply->status == 200 ? reply->body : std::string();
}

Result<llm::BackendReply> HttpBackend::post(std::string_view path, std::string_view body, const OnBytes& on_bytes,
                                            Deadline deadline, std::stop_token stop) {
  const net::Request request{.method = "POST", .target = {.path = std::string(path)}, .body = std::string(body)};
  auto reply = send(request, on_bytes, deadline, stop);
  if (!reply) {
    if (reply.error().code == Code::kUnavailable) probed_.forget();
    return std::move(reply).error();
  }
  return llm::BackendReply{reply->status, std::move(reply->body),
                           std::string(reply->headers.find("Retry-After").value_or(""))};
}

}  // namespace docmind::openai
