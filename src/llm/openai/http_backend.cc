#include "llm/openai/http_backend.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "llm/openai/chat_wire.h"

namespace docmind::openai {
namespace {

// A page of some other program, with status 200.
Error no_reply() {
  return {Code::kDataLoss, "What the model's server sent is no reply of OpenAI's API.",
          "Ask again; if it stays, look whether another program answers at its address."};
}

// A reply that is given back whole: JSON, or a stream to its end. What is wrong with it is found here, below whoever
// tries again.
Result<> check_whole(std::string_view body) {
  if (const auto parsed = parse_json(body); parsed && parsed->is_object()) return {};
  if (!is_events(body)) return no_reply();
  const auto read = streamed_reply(body);
  if (!read) return read.error().code == Code::kInvalidArgument ? no_reply() : read.error();
  return {};
}

}  // namespace

HttpBackend::HttpBackend(HttpBackendOptions options, net::Client& client, const Clock& clock)
    : model_(std::move(options.model)), upstream_(std::move(options.upstream), client, clock) {}

Ask HttpBackend::asking(Deadline deadline, const std::stop_token& stop) const {
  return [this, deadline, stop](std::string_view path, const std::string& body) -> Result<Asked> {
    net::Response response = DM_TRY(upstream_.send(std::string(path), body, nullptr, deadline, stop));
    return Asked{response.status, std::move(response.body)};
  };
}

Result<Probed> HttpBackend::probed(Deadline deadline, const std::stop_token& stop) {
  const Ask ask = asking(deadline, stop);
  const auto known = [&] {
    return probed_.get("trying what the model's server can do", deadline, stop, [&] { return probe(model_, ask); });
  };
  if (doubted_) {
    const std::string entry = DM_TRY(model_entry(model_, ask));
    if (entry != DM_TRY(known()).info.json) probed_.forget();
    doubted_ = false;
  }
  return known();
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
  OnBytes events;
  bool begun = false;
  if (on_bytes) {
    events = [&](std::string_view bytes) -> Result<> {
      if (!std::exchange(begun, true) && !bytes.empty() && !is_events(bytes)) return no_reply();
      return on_bytes(bytes);
    };
  }
  auto reply = upstream_.send(std::string(path), std::string(body), events, deadline, stop);
  if (!reply) {
    if (reply.error().code == Code::kUnavailable) doubted_ = true;
    return std::move(reply).error();
  }
  if (reply->status == 200 && !on_bytes) DM_TRY(check_whole(reply->body));
  return llm::BackendReply{reply->status, std::move(reply->body),
                           std::string(reply->headers.find("Retry-After").value_or(""))};
}

}  // namespace docmind::openai
