#include "llm/openai/chat_client.h"

#include "llm/document_text.h"
#include "llm/openai/chat_wire.h"
#include "net/sse.h"

namespace docmind::openai {
namespace {

Error cannot(const std::string& model, const char* what) {
  return {Code::kInvalidArgument, "The model " + model + " cannot " + what + ".", "Use a model or backend that can."};
}

Result<> check(const llm::ChatRequest& request, const llm::Capabilities& can) {
  if (!request.schema.empty() && !can.json_schema) return cannot(can.model, "be held to a schema");
  if (!request.tools.empty() && !can.tools) return cannot(can.model, "call tools");
  return {};
}

}  // namespace

Result<llm::Capabilities> ChatClient::capabilities(Deadline deadline, std::stop_token stop) {
  return DM_TRY(backend_.info(deadline, stop)).capabilities;
}

Result<std::vector<std::uint32_t>> ChatClient::count(std::span<const std::string> texts, Deadline deadline,
                                                     std::stop_token stop) {
  return backend_.count(texts, deadline, std::move(stop));
}

Result<llm::ChatReply> ChatClient::chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline deadline,
                                        std::stop_token stop) {
  const llm::Capabilities can = DM_TRY(capabilities(deadline, stop));
  DM_TRY(check(request, can));
  llm::ChatRequest shown = can.documents ? request : DM_TRY(llm::with_documents_written(request));
  // Words for it are our engine's alone: a vLLM's are numbers, and it refuses a request with others.
  if (!can.documents) shown.priority = llm::ChatPriority::kNormal;
  const bool streamed = stream != nullptr || (unread_ == Unread::kStreamed && shown.tools.empty());
  const std::string body = DM_TRY(chat_body(shown, can.model, streamed));
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
  if (stream == nullptr) return streamed ? streamed_reply(reply.body) : chat_reply(reply.body);
  if (!chunks.done()) return Error{Code::kUnavailable, "The model's answer was cut off.", "Ask again."};
  return std::move(chunks).reply();
}

}  // namespace docmind::openai
