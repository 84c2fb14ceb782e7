// A chat model that says what it was told to say, one reply after the other, and keeps what it was asked.
//
// Thread safety: chat() from any thread; the lists are the test's once the run is over.
#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "llm/chat_model.h"

namespace docmind::supervisor::testing {

// One reply, or what happens instead of one.
struct Line {
  std::string text{};
  std::vector<llm::ToolCall> calls{};
  std::optional<Error> error{};
  std::function<void(const Deadline&, const std::stop_token&)> first{};  // Before it answers: takes its time, hangs.
};

class ScriptedModel final : public llm::ChatModel {
 public:
  explicit ScriptedModel(std::vector<Line> lines) : lines_(std::move(lines)) {}

  Result<std::vector<std::uint32_t>> count(std::span<const std::string>, Deadline, std::stop_token) override {
    return Error{Code::kUnavailable, "a scripted model counts no tokens"};
  }
  Result<llm::Capabilities> capabilities(Deadline, std::stop_token) override {
    return llm::Capabilities{.model = "scripted", .json_schema = true, .tools = true};
  }
  Result<llm::ChatReply> chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline deadline,
                              std::stop_token stop) override {
    Line line;
    {
      const std::lock_guard lock(mutex_);
      asked.push_back(request);
      if (next_ == lines_.size()) return Error{Code::kInternal, "the script has no more lines"};
      line = lines_[next_++];
    }
    if (line.first) line.first(deadline, stop);
    if (line.error) return *line.error;
    if (stream != nullptr && !line.text.empty()) {  // In two pieces, at a boundary that is none of words.
      const std::size_t half = line.text.size() / 2;
      if (half > 0) DM_TRY(stream->text(line.text.substr(0, half)));
      DM_TRY(stream->text(line.text.substr(half)));
    }
    return llm::ChatReply{.content = line.text, .tool_calls = line.calls};
  }

  std::vector<llm::ChatRequest> asked;

 private:
  std::mutex mutex_;
  std::vector<Line> lines_;
  std::size_t next_ = 0;
};

inline Line says(std::string text) { return {.text = std::move(text)}; }
inline Line calls(std::vector<llm::ToolCall> calls) { return {.calls = std::move(calls)}; }
inline llm::ToolCall call(std::string name, std::string id, std::string arguments = "{}") {
  return {.id = std::move(id), .name = std::move(name), .arguments = std::move(arguments)};
}

}  // namespace docmind::supervisor::testing
