// OpenAI's chat requests and replies as Ollama's own API has them (POST /api/chat), there and back.
//
// Ollama speaks OpenAI's API as well, but there a prompt longer than its window is cut without a word; its own takes
// the window with the request and can be told to refuse. Source: Ollama's docs/api.md (version 0.17). Pure; both sides
// are hostile input: bounded by the caller, every field checked for its type.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "llm/ollama/json_lines.h"

namespace docmind::ollama {

struct Window {
  std::uint32_t tokens = 0;       // For prompt and answer together.
  std::string keep_alive = "5m";  // How long the model stays loaded, as Ollama writes it.
};

// The body of POST /api/chat for a body of POST /v1/chat/completions. Fields that Ollama does not know go;
// kInvalidArgument for what would change the answer if it went: pictures, several choices, a forced tool.
Result<std::string> chat_request(std::string_view openai_body, const Window& window);

// A whole reply of /api/chat as OpenAI's. kInvalidArgument when Ollama cut the prompt; kDataLoss when it is none.
Result<std::string> chat_reply(std::string_view body, const Window& window);

// Turns the lines of a streamed reply into OpenAI's server-sent events.
class StreamReader {
 public:
  explicit StreamReader(const Window& window) : window_(window) {}

  // The next bytes, however cut; the events they complete, perhaps none. kResourceExhausted for an endless line.
  Result<std::string> take(std::string_view bytes);
  bool done() const { return done_; }  // Else the stream was cut.

 private:
  Result<std::string> line(std::string_view text);

  Window window_;
  JsonLines lines_;
  std::uint32_t tool_calls_ = 0;
  bool done_ = false;
};

// The sentence of a refusal: {"error":"..."}.
std::string words_of(std::string_view body);

}  // namespace docmind::ollama
