// A chat model that writes what a test tells it to, and keeps what it was asked. chat() from any thread,
// if `line` is.
#pragma once
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "llm/chat_model.h"

namespace docmind::agents {

class OneLine final : public llm::ChatModel {
 public:
  std::function<Result<llm::ChatReply>(const llm::ChatRequest&)> line;
  std::vector<llm::ChatRequest> asked;
  std::vector<bool> streamed;  // Of each.
  std::uint32_t window = 4096;
  bool tools = false;

  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline, std::stop_token) override {
    std::vector<std::uint32_t> out;
    for (const std::string& text : texts) out.push_back(static_cast<std::uint32_t>(text.size() / 4 + 1));
    return out;
  }
  Result<llm::Capabilities> capabilities(Deadline, std::stop_token) override {
    return llm::Capabilities{
        .model = "one-line", .hash = "h", .context = window, .tools = tools, .documents = true, .counts_tokens = true};
  }
  // To a stream in two pieces; a reply that fails has sent the first one.
  Result<llm::ChatReply> chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline,
                              std::stop_token) override {
    {
      const std::lock_guard lock(mutex_);
      asked.push_back(request);
      streamed.push_back(stream != nullptr);
    }
    Result<llm::ChatReply> reply = line(request);
    if (stream == nullptr) return reply;
    const std::string text = reply ? reply->content : std::string("Well, ");
    DM_TRY(stream->text(text.substr(0, text.size() / 2)));
    if (reply) DM_TRY(stream->text(text.substr(text.size() / 2)));
    return reply;
  }
  void says(std::string text) {
    line = [text = std::move(text)](const llm::ChatRequest&) -> Result<llm::ChatReply> {
      return llm::ChatReply{.content = text, .usage = {.prompt = 100, .cached = 40, .completion = 9}};
    };
  }

 private:
  std::mutex mutex_;
};

}  // namespace docmind::agents
