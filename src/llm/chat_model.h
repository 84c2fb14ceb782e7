// The contract of a chat model: a conversation in, a text out, whole and as it is written. What agents write through.
//
// Thread safety: any method from any thread.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "llm/chat_message.h"

namespace docmind::llm {

// What a model and whoever runs it can do; false where it is not known.
struct Capabilities {
  bool operator==(const Capabilities&) const = default;

  std::string model{};         // As requests name it.
  std::string hash{};          // Of the model file; empty when it is not told.
  std::uint32_t context = 0;   // Tokens of prompt and answer together; 0: not told.
  bool json_schema = false;    // Holds a text to a schema.
  bool tools = false;          // Its template knows tools.
  bool thinking = false;       // Its template can open thoughts.
  bool documents = false;      // Takes documents and passages, and computes what requests share once.
  bool counts_tokens = false;  // Tokenizer::count works.
  bool caches_prefix = false;  // Computes a beginning that requests share once, as far as it is known.
  std::string server{};        // What runs it, with its version: "vllm 0.32.0"; empty: not told.
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  // How many tokens of the model each text has, special tokens not counted. kUnavailable without counts_tokens.
  virtual Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline deadline,
                                                   std::stop_token stop) = 0;
};

// Takes an answer's text while it is written: pieces of UTF-8, whole characters. Its Error ends the writing.
class TokenStream {
 public:
  virtual ~TokenStream() = default;
  virtual Result<> text(std::string_view piece) = 0;
};

struct ChatTool {
  std::string name{};
  std::string description{};
  std::string parameters{};  // JSON Schema.
};

struct ChatDocument {
  std::string title{};  // May be empty.
  std::string text{};
};

enum class ChatPriority : std::uint8_t { kBackground, kNormal, kHigh };

struct ChatRequest {
  std::vector<ChatMessage> messages{};
  std::vector<ChatDocument> documents{};  // What several requests share: computed once, kept.
  std::vector<ChatDocument> passages{};   // For this question alone.
  std::vector<ChatTool> tools{};
  std::string schema{};          // JSON Schema that the text has to satisfy; empty: free text. Not with tools.
  std::uint32_t window = 0;      // Tokens that it was made to fit, prompt and answer together; 0: nobody looked.
  std::uint32_t max_tokens = 0;  // 0: the backend's choice.
  double temperature = 0;
  std::optional<std::uint64_t> seed{};
  std::vector<std::string> stop{};
  ChatPriority priority = ChatPriority::kNormal;
};

enum class ChatFinish : std::uint8_t { kEnd, kLength, kTools };

struct ChatUsage {
  std::uint32_t prompt = 0;  // Tokens,
  std::uint32_t cached = 0;  // of them not computed for this request,
  std::uint32_t completion = 0;

  std::uint32_t computed() const { return prompt - std::min(prompt, cached); }
  ChatUsage& operator+=(const ChatUsage& other) {
    prompt += other.prompt;
    cached += other.cached;
    completion += other.completion;
    return *this;
  }
};

struct ChatReply {
  std::string content{};
  std::string reasoning{};
  std::vector<ToolCall> tool_calls{};
  ChatFinish finish = ChatFinish::kEnd;  // kLength: cut by max_tokens, a schema may not hold.
  ChatUsage usage{};
  std::string backend{};                    // Who wrote it, where there are several.
  std::vector<std::string> fallbacks{};     // Why it was not somebody before, or with less: a sentence each.
  std::string model{};                      // Of that backend; empty: not told.
  std::optional<double> prefill_seconds{};  // To the first token,
  std::optional<double> decode_seconds{};   // and from it to the last. Absent: not told.
};

class ChatModel : public Tokenizer {
 public:
  virtual Result<Capabilities> capabilities(Deadline deadline, std::stop_token stop) = 0;

  // Writes an answer; with `stream` (not null) its text as it comes, tool calls and thoughts are in the reply alone.
  // Errors: kInvalidArgument (what the model cannot do, too long a prompt), kResourceExhausted (busy: come back),
  // kUnavailable, kDeadlineExceeded, kCancelled, kInternal; a broken reply is kDataLoss.
  virtual Result<ChatReply> chat(const ChatRequest& request, TokenStream* stream, Deadline deadline,
                                 std::stop_token stop) = 0;
};

}  // namespace docmind::llm
