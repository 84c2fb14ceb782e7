#include "engine/chat_answer.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/utf8.h"

namespace docmind::engine {
namespace {

namespace json = boost::json;

double milliseconds(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

json::object head_object(const AnswerHead& head, std::string_view chat, std::string_view completion) {
  return {{"id", head.id},
          {"object", head.shape == AnswerShape::kChat ? chat : completion},
          {"created", head.created},
          {"model", head.model}};
}

json::object usage_object(const AnswerCounts& counts) {
  return {{"prompt_tokens", counts.prompt},
          {"completion_tokens", counts.completion},
          {"total_tokens", counts.prompt + counts.completion},
          {"prompt_tokens_details", {{"cached_tokens", counts.forked + counts.restored}}}};
}

double per_second(std::uint64_t tokens, double ms) { return ms > 0 ? static_cast<double>(tokens) * 1000 / ms : 0; }

json::object timings_object(const AnswerCounts& counts) {
  return {{"prompt_n", counts.computed},
          {"cache_n", counts.forked + counts.restored},
          {"prompt_ms", counts.prompt_ms},
          {"prompt_per_second", per_second(counts.computed, counts.prompt_ms)},
          {"predicted_n", counts.completion},
          {"predicted_ms", counts.completion_ms},
          {"predicted_per_second", per_second(counts.completion, counts.completion_ms)},
          {"forked", counts.forked},
          {"restored", counts.restored},
          {"drafted", counts.drafted},
          {"accepted", counts.accepted}};
}

json::object token_object(const Vocabulary& vocabulary, std::int32_t token, float log_probability) {
  const std::string piece = vocabulary.piece(token);
  json::array bytes;
  for (const char c : piece) bytes.emplace_back(static_cast<unsigned char>(c));
  std::uint64_t replaced = 0;
  return {{"token", to_utf8(piece, replaced)}, {"logprob", log_probability}, {"bytes", std::move(bytes)}};
}

json::value chat_logprobs(const Vocabulary& vocabulary, std::span<const TokenReport> tokens) {
  json::array content;
  for (const TokenReport& report : tokens) {
    json::object entry = token_object(vocabulary, report.token, report.log_probability);
    json::array top;
    for (const auto& [token, p] : report.alternatives) top.emplace_back(token_object(vocabulary, token, p));
    entry["top_logprobs"] = std::move(top);
    content.emplace_back(std::move(entry));
  }
  return json::object{{"content", std::move(content)}};
}

json::value completion_logprobs(const Vocabulary& vocabulary, std::span<const TokenReport> tokens) {
  json::array texts;
  json::array values;
  json::array tops;
  std::uint64_t replaced = 0;
  for (const TokenReport& report : tokens) {
    texts.emplace_back(to_utf8(vocabulary.piece(report.token), replaced));
    values.emplace_back(report.log_probability);
    json::object top;
    for (const auto& [token, p] : report.alternatives) top[to_utf8(vocabulary.piece(token), replaced)] = p;
    tops.emplace_back(std::move(top));
  }
  return json::object{
      {"tokens", std::move(texts)}, {"token_logprobs", std::move(values)}, {"top_logprobs", std::move(tops)}};
}

json::value logprobs_value(AnswerShape shape, const Vocabulary& vocabulary, std::span<const TokenReport> tokens) {
  if (tokens.empty()) return nullptr;
  return shape == AnswerShape::kChat ? chat_logprobs(vocabulary, tokens) : completion_logprobs(vocabulary, tokens);
}

json::object call_object(const ToolCall& call) {
  return {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}};
}

json::object message_object(const Answer& answer) {
  json::object message{{"role", "assistant"}, {"content", answer.whole.content}};
  if (!answer.whole.reasoning.empty()) message["reasoning_content"] = answer.whole.reasoning;
  if (answer.whole.calls.empty()) return message;
  if (answer.whole.content.empty()) message["content"] = nullptr;
  json::array calls;
  for (const ToolCall& call : answer.whole.calls) calls.emplace_back(call_object(call));
  message["tool_calls"] = std::move(calls);
  return message;
}

json::object choice_object(const AnswerHead& head, const Vocabulary& vocabulary, std::size_t index,
                           const Answer& answer) {
  json::object choice{{"index", index}};
  if (head.shape == AnswerShape::kChat)
    choice["message"] = message_object(answer);
  else
    choice["text"] = answer.whole.content;
  choice["logprobs"] = logprobs_value(head.shape, vocabulary, answer.tokens);
  choice["finish_reason"] = name(answer.finish);
  if (!answer.parse_error.empty()) choice["parse_error"] = answer.parse_error;
  return choice;
}

}  // namespace

AnswerCounts counts_of(std::span<const Answer> answers) {
  AnswerCounts counts;
  for (const Answer& answer : answers) {
    const scheduler::GenerateUsage& usage = answer.usage;
    counts.prompt = usage.prompt;
    counts.computed += usage.computed;
    counts.forked += usage.forked;
    counts.restored += usage.restored;
    counts.completion += usage.completion;
    counts.drafted += usage.drafted;
    counts.accepted += usage.accepted;
    counts.prompt_ms = std::max(counts.prompt_ms, milliseconds(usage.prompt_time));
    counts.completion_ms = std::max(counts.completion_ms, milliseconds(usage.completion_time));
  }
  return counts;
}

std::string whole_body(const AnswerHead& head, const Vocabulary& vocabulary, std::span<const Answer> answers) {
  json::object body = head_object(head, "chat.completion", "text_completion");
  json::array choices;
  for (std::size_t i = 0; i < answers.size(); ++i) choices.emplace_back(choice_object(head, vocabulary, i, answers[i]));
  body["choices"] = std::move(choices);
  const AnswerCounts counts = counts_of(answers);
  body["usage"] = usage_object(counts);
  body["timings"] = timings_object(counts);
  return to_text(body);
}

std::string piece_body(const AnswerHead& head, const Vocabulary& vocabulary, std::uint32_t index, PiecePlace place,
                       const AnswerPiece& piece, std::uint32_t calls_before) {
  json::object choice{{"index", index}};
  if (head.shape == AnswerShape::kChat) {
    json::object delta;
    if (place == PiecePlace::kFirst) delta["role"] = "assistant";
    if (!piece.delta.content.empty()) delta["content"] = piece.delta.content;
    if (!piece.delta.reasoning.empty()) delta["reasoning_content"] = piece.delta.reasoning;
    json::array calls;
    for (const ToolCall& call : piece.delta.calls) {
      json::object entry = call_object(call);
      entry["index"] = calls_before + calls.size();
      calls.emplace_back(std::move(entry));
    }
    if (!calls.empty()) delta["tool_calls"] = std::move(calls);
    choice["delta"] = std::move(delta);
  } else {
    choice["text"] = piece.delta.content;
  }
  choice["logprobs"] = logprobs_value(head.shape, vocabulary, piece.tokens);
  choice["finish_reason"] = nullptr;
  json::object body = head_object(head, "chat.completion.chunk", "text_completion");
  body["choices"] = json::array{std::move(choice)};
  return to_text(body);
}

std::string finish_body(const AnswerHead& head, std::uint32_t index, const Answer& answer, const AnswerCounts* counts) {
  json::object choice{{"index", index}};
  if (head.shape == AnswerShape::kChat)
    choice["delta"] = json::object();
  else
    choice["text"] = "";
  choice["logprobs"] = nullptr;
  choice["finish_reason"] = name(answer.finish);
  if (!answer.parse_error.empty()) choice["parse_error"] = answer.parse_error;
  json::object body = head_object(head, "chat.completion.chunk", "text_completion");
  body["choices"] = json::array{std::move(choice)};
  if (counts != nullptr) body["timings"] = timings_object(*counts);
  return to_text(body);
}

std::string usage_body(const AnswerHead& head, const AnswerCounts& counts) {
  json::object body = head_object(head, "chat.completion.chunk", "text_completion");
  body["choices"] = json::array();
  body["usage"] = usage_object(counts);
  body["timings"] = timings_object(counts);
  return to_text(body);
}

}  // namespace docmind::engine
