// llm::ChatModel over any backend that speaks OpenAI's API, ours first.
//
// Thread safety: any method from any thread.
#pragma once
#include "llm/backend.h"
#include "llm/chat_model.h"

namespace docmind::openai {

class ChatClient final : public llm::ChatModel {
 public:
  explicit ChatClient(llm::Backend& backend) : backend_(backend) {}  // Outlives it.

  Result<llm::Capabilities> capabilities(Deadline deadline, std::stop_token stop) override;
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline deadline,
                                           std::stop_token stop) override;
  Result<llm::ChatReply> chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline deadline,
                              std::stop_token stop) override;

 private:
  llm::Backend& backend_;
};

}  // namespace docmind::openai
