// The JSON of POST /v1/chat/completions and /v1/completions: bodies in, checked requests out.
//
// OpenAI's fields, llama-server's where they are useful (top_k, min_p, repeat_penalty, cache_prompt, ignore_eos,
// chat_template_kwargs) and ours (documents, passages, document_prefix, priority, drafting); docs/formats/engine.md has
// the list. A field of the wrong type or out of range is an error that names it; unknown fields are ignored, as
// OpenAI's clients send more every year; what would change the answer but is not supported (echo, images) is refused.
// Hostile input, bounded. Pure functions; values.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "engine/chat_message.h"
#include "engine/prompt.h"

namespace docmind::engine {

struct RequestLimits {
  static constexpr std::uint64_t kBody = 32U << 20U;  // Bytes.
  static constexpr std::size_t kMessages = 10'000;
  static constexpr std::size_t kTools = 256;
  static constexpr std::size_t kDocuments = 1'000;
  static constexpr std::size_t kStops = 16;
  static constexpr std::size_t kStopBytes = 1'000;
  static constexpr std::size_t kBias = 1'000;
  static constexpr std::uint32_t kAnswers = 8;
  static constexpr std::uint32_t kAlternatives = 20;
};

struct SamplingFields {  // Absent: as the engine is set up.
  std::optional<double> temperature{};
  std::optional<double> top_p{};
  std::optional<double> min_p{};
  std::optional<std::uint32_t> top_k{};
  std::optional<double> repetition{};
  std::optional<double> presence{};
  std::optional<double> frequency{};
  std::optional<std::uint64_t> seed{};
  std::vector<std::pair<std::int32_t, double>> bias{};  // By token id; -100 to 100.
};

enum class FormatKind : std::uint8_t { kText, kJsonObject, kJsonSchema };
enum class ToolChoice : std::uint8_t { kNone, kAuto, kRequired, kNamed };
enum class RequestPriority : std::uint8_t { kBackground, kNormal, kHigh };

// What both routes have.
struct GenerationFields {
  std::string model{};  // Empty when not given.
  SamplingFields sampling{};
  std::vector<std::string> stops{};
  std::optional<std::uint32_t> max_tokens{};
  std::uint32_t answers = 1;                // "n"
  std::optional<std::uint32_t> logprobs{};  // Alternatives reported with each token; 0: the token alone.
  bool stream = false;
  bool include_usage = false;
  bool ignore_end = false;

  bool drafting = true;
  bool keep = true;  // "cache_prompt"
  RequestPriority priority = RequestPriority::kNormal;
  FormatKind format = FormatKind::kText;
  boost::json::value schema{};  // With kJsonSchema.
};

struct ChatRequest {
  GenerationFields fields{};
  std::vector<ChatMessage> messages{};
  boost::json::array tools{};  // As sent; each checked to be a function with a name.
  ToolChoice tool_choice = ToolChoice::kAuto;
  std::string tool_name{};  // With kNamed.
  bool parallel_tool_calls = true;
  boost::json::object extra{};  // chat_template_kwargs
  std::vector<llm::ChatDocument> documents{};
  std::vector<llm::ChatDocument> passages{};
  std::optional<std::uint64_t> document_prefix{};
};

struct CompletionRequest {
  GenerationFields fields{};
  std::variant<std::string, std::vector<std::int32_t>> prompt{};
};

// kInvalidArgument with the name of the field; kResourceExhausted past a limit.
Result<ChatRequest> parse_chat_request(std::string_view body);
Result<CompletionRequest> parse_completion_request(std::string_view body);

}  // namespace docmind::engine
