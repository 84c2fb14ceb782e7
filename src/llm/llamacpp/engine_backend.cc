#include "llm/llamacpp/engine_backend.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"

namespace docmind::llamacpp {
namespace {

constexpr std::uint64_t kMaxReply = 256U << 20U;

// Why the engine's memory did not suffice; empty when the reply is another (docs/formats/engine.md).
std::string memory_failure(const net::Response& reply) {
  constexpr std::size_t kMaxError = 64U << 10U;
  if (reply.status != 503 || reply.body.size() > kMaxError) return {};
  const auto body = parse_json(reply.body);
  if (!body) return {};
  const boost::json::value& error = json_member(*body, "error");
  return json_text(json_member(error, "code")) == "out_of_memory"
             ? std::string(json_text(json_member(error, "message")))
             : std::string();
}

Result<llm::BackendInfo> info_of(std::string_view body) {
  const Error bad{Code::kInternal, "The engine does not say which model it has.", "Restart DocMind."};
  const boost::json::value reply = DM_TRY(parse_json(body));
  const boost::json::array& data = json_list(json_member(reply, "data"));
  if (data.empty() || !data[0].is_object()) return bad;
  const boost::json::object& model = data[0].get_object();
  llm::BackendInfo info;
  info.json = to_text(model);
  llm::Capabilities& can = info.capabilities;
  can.model = json_text(json_member(model, "id"));
  if (can.model.empty()) return bad;
  can.hash = json_text(json_member(model, "hash"));
  can.context = static_cast<std::uint32_t>(json_count(json_member(model, "window")));
  const boost::json::array& list = json_list(json_member(model, "capabilities"));
  const auto has = [&list](std::string_view what) {
    return std::ranges::find(list, boost::json::value(what)) != list.end();
  };
  can.json_schema = has("json_schema");
  can.tools = has("tools");
  can.thinking = has("thinking");
  can.documents = has("completion");
  can.counts_tokens = true;
  return info;
}

}  // namespace

Result<llm::BackendInfo> EngineBackend::info(Deadline deadline, std::stop_token stop) {
  net::Request request;
  request.target.path = "/v1/models";
  const net::Response reply = DM_TRY(ask(request, {.deadline = deadline, .stop = stop, .max_body = 1U << 20U}));
  if (reply.status != 200) return net::error_of(reply);
  return info_of(reply.body);
}

Result<std::vector<std::uint32_t>> EngineBackend::count(std::span<const std::string> texts, Deadline deadline,
                                                        std::stop_token stop) {
  boost::json::array list;
  for (const std::string& text : texts) list.push_back(boost::json::string(text));
  const std::string body = to_text(boost::json::object{{"texts", std::move(list)}});
  const llm::BackendReply reply = DM_TRY(post("/tokenize", body, nullptr, deadline, std::move(stop)));
  if (reply.status != 200) return net::error_of({.status = reply.status, .body = reply.body});
  const boost::json::value parsed = DM_TRY(parse_json(reply.body));
  std::vector<std::uint32_t> out;
  for (const boost::json::value& count : json_list(json_member(parsed, "counts"))) {
    if (count.is_int64() && count.get_int64() >= 0) out.push_back(static_cast<std::uint32_t>(count.get_int64()));
  }
  if (out.size() != texts.size()) return Error{Code::kDataLoss, "The engine did not count every text.", {}};
  return out;
}

std::string EngineBackend::metrics(Deadline deadline, std::stop_token stop) {
  if (child_.status().pid == 0) return {};
  const auto engine = child_.running(deadline, stop);
  if (!engine) return {};
  net::Request request;
  request.target.path = "/metrics";
  auto reply = client_.call(engine->endpoint, request, {.deadline = deadline, .stop = stop, .max_body = 1U << 20U});
  return reply && reply->status == 200 ? std::move(reply->body) : std::string();
}

Result<llm::BackendReply> EngineBackend::post(std::string_view path, std::string_view body, const OnBytes& on_bytes,
                                              Deadline deadline, std::stop_token stop) {
  net::Request request;
  request.method = "POST";
  request.target.path = path;
  request.headers = {{"Content-Type", "application/json"}};
  request.body = body;
  net::SendOptions options{.deadline = deadline, .stop = std::move(stop), .max_body = kMaxReply, .on_data = on_bytes};
  net::Response reply = DM_TRY(ask(request, std::move(options)));
  return llm::BackendReply{reply.status, std::move(reply.body),
                           std::string(reply.headers.find("Retry-After").value_or(""))};
}

Result<net::Response> EngineBackend::ask(const net::Request& request, net::SendOptions options) {
  bool begun = false;
  if (options.on_data) {
    options.on_data = [&begun, take = std::move(options.on_data)](std::string_view bytes) -> Result<> {
      begun = true;
      return take(bytes);
    };
  }
  for (int attempt = 0;; ++attempt) {
    const std::size_t step = child_.status().step;
    const child::RunningServer engine = DM_TRY(child_.running(options.deadline, options.stop));
    auto reply = client_.send(engine.endpoint, request, options);
    if (reply) {
      // The engine ends by itself now. Once more to the next one, and again as long as that one is smaller.
      if (const std::string why = memory_failure(*reply); !why.empty()) {
        const bool smaller = child_.step_down(engine.life, why) || child_.status().step != step;
        if (smaller || attempt == 0) continue;
      }
      return reply;
    }
    if (reply.error().code != Code::kUnavailable) return std::move(reply).error();
    child_.suspect(engine.life);
    if (begun || attempt > 0) return std::move(reply).error();
  }
}

}  // namespace docmind::llamacpp
