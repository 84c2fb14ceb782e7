#include "llm/openai/chat_client.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "llm/openai/chat_wire.h"
#include "net/sse.h"

namespace docmind::openai {
namespace {

namespace json = boost::json;

Error cannot(const std::string& model, const char* what) {
  return {Code::kInvalidArgument, "The model " + model + " cannot " + what + ".", "Use a model or backend that can."};
}

Result<> check(const llm::ChatRequest& request, const llm::Capabilities& can) {
  if (!request.schema.empty() && !can.json_schema) return cannot(can.model, "be held to a schema");
  if (!request.tools.empty() && !can.tools) return cannot(can.model, "call tools");
  if (!(request.documents.empty() && request.passages.empty()) && !can.documents) {
    return cannot(can.model, "take documents");
  }
  return {};
}

}  // namespace

Result<llm::Capabilities> ChatClient::capabilities(Deadline deadline, std::stop_token stop) {
  return DM_TRY(backend_.info(deadline, stop)).capabilities;
}

Result<std::vector<std::uint32_t>> ChatClient::count(std::span<const std::string> texts, Deadline deadline,
                                                     std::stop_token stop) {
  const llm::Capabilities can = DM_TRY(capabilities(deadline, stop));
  if (!can.counts_tokens) return Error{Code::kUnavailable, "The model's server does not count tokens.", {}};
  json::array list;
  for (const std::string& text : texts) list.push_back(json::string(text));
  const std::string body = to_text(json::object{{"texts", std::move(list)}});
  const auto reply = DM_TRY(backend_.post("/tokenize", body, nullptr, deadline, stop));
  if (reply.status != 200) return reply_error(reply.status, reply.body, reply.retry_after);
  const json::value parsed = DM_TRY(parse_json(reply.body));
  const auto* counts = parsed.is_object() ? parsed.get_object().if_contains("counts") : nullptr;
  std::vector<std::uint32_t> out;
  if (counts != nullptr && counts->is_array()) {
    for (const json::value& count : counts->get_array()) {
      if (count.is_int64() && count.get_int64() >= 0) out.push_back(static_cast<std::uint32_t>(count.get_int64()));
    }
  }
  if (out.size() != texts.size()) return Error{Code::kDataLoss, "The model's server did not count every text.", {}};
  return out;
}

Result<llm::ChatReply> ChatClient::chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline deadline,
                                        std::stop_token stop) {
  const llm::Capabilities can = DM_TRY(capabilities(deadline, stop));
  DM_TRY(check(request, can));
  const std::string body = DM_TRY(chat_body(request, can.model, stream != nullptr));
  ChunkReader chunks;
  net::SseParser events;
  llm::Backend::OnBytes on_bytes;
  if (stream != nullptr) {
    on_bytes = [&](std::string_view bytes) -> Result<> {
      return events.feed(bytes, [&](const net::SseEvent& event) -> Result<> {
        const std::string text = DM_TRY(chunks.take(event.data));
        return text.empty() ? Result<>() : stream->text(text);
      });
    };
  }
  const auto reply = DM_TRY(backend_.post("/v1/chat/completions", body, on_bytes, deadline, stop));
  if (reply.status != 200) return reply_error(reply.status, reply.body, reply.retry_after);
  if (stream == nullptr) return chat_reply(reply.body);
  if (!chunks.done()) return Error{Code::kUnavailable, "The model's answer was cut off.", "Ask again."};
  return std::move(chunks).reply();
}

}  // namespace docmind::openai
