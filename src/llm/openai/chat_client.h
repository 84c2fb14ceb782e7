// llm::ChatModel over any backend that speaks OpenAI's API, ours first.
//
// An answer that nobody reads along with can be asked for as a stream all the same, and is put together when it is
// whole: llama-server notices only while it writes that whoever asked has gone, and else goes on to the end. Such an
// answer is tried again like any whole one. Calls of tools are always asked for whole, which servers do better.
// Thread safety: any method from any thread.
#pragma once
#include <cstdint>

#include "llm/backend.h"
#include "llm/chat_model.h"

namespace docmind::openai {

enum class Unread : std::uint8_t { kWhole, kStreamed };  // How an answer is asked for that nobody reads along with.

class ChatClient final : public llm::ChatModel {
 public:
  // The backend outlives it.
  explicit ChatClient(llm::Backend& backend, Unread unread = Unread::kWhole) : backend_(backend), unread_(unread) {}

  Result<llm::Capabilities> capabilities(Deadline deadline, std::stop_token stop) override;
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline deadline,
                                           std::stop_token stop) override;
  Result<llm::ChatReply> chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline deadline,
                              std::stop_token stop) override;

 private:
  llm::Backend& backend_;
  const Unread unread_;
};

}  // namespace docmind::openai
