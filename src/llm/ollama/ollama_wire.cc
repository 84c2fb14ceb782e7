#include "llm/ollama/ollama_wire.h"

#include <boost/json.hpp>
#include <map>
#include <utility>

#include "base/json.h"
#include "base/json_members.h"

namespace docmind::ollama {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxWords = 2000;

Error unknown(const std::string& what) {
  return {Code::kInvalidArgument, "Ollama does not take " + what + ".", "Use another backend for this request."};
}

Error broken(const char* what) {
  return {Code::kDataLoss, std::string("Ollama sent a reply that cannot be read: ") + what + ".",
          "Ask again; if it stays, look whether another program answers at its address."};
}

// A content is a text, or a list of parts that are texts.
Result<std::string> content_of(const json::value& content) {
  std::string out;
  if (!content.is_array()) return out.append(json_text(content));
  for (const json::value& part : content.get_array()) {
    if (json_text(json_member(part, "type")) != "text") return unknown("anything but text in a message");
    out += json_text(json_member(part, "text"));
  }
  return out;
}

Result<json::array> tool_calls_of(const json::array& calls, std::map<std::string, std::string>& names) {
  json::array out;
  for (const json::value& call : calls) {
    const json::value& function = json_member(call, "function");
    const std::string_view name = json_text(json_member(function, "name"));
    names[std::string(json_text(json_member(call, "id")))] = name;
    auto arguments = parse_json(json_text(json_member(function, "arguments")));
    json::value given = arguments && arguments->is_object() ? *std::move(arguments) : json::value(json::object());
    out.push_back({{"function", {{"name", name}, {"arguments", std::move(given)}}}});
  }
  return out;
}

Result<json::array> messages_of(const json::array& messages) {
  json::array out;
  std::map<std::string, std::string> names;  // Of tools, by the id of their call.
  for (const json::value& message : messages) {
    std::string_view role = json_text(json_member(message, "role"));
    if (role == "developer") role = "system";
    json::object one{{"role", role}, {"content", DM_TRY(content_of(json_member(message, "content")))}};
    if (const auto thoughts = json_text(json_member(message, "reasoning_content")); !thoughts.empty()) {
      one["thinking"] = thoughts;
    }
    if (const json::array& calls = json_list(json_member(message, "tool_calls")); !calls.empty()) {
      one["tool_calls"] = DM_TRY(tool_calls_of(calls, names));
    }
    if (const auto id = json_text(json_member(message, "tool_call_id")); !id.empty()) {
      one["tool_name"] = names[std::string(id)];
    }
    out.push_back(std::move(one));
  }
  return out;
}

Result<json::value> format_of(const json::value& asked) {
  const std::string_view type = json_text(json_member(asked, "type"));
  if (type == "json_object") return json::value("json");
  if (type == "json_schema") return json_member(json_member(asked, "json_schema"), "schema");
  if (type.empty() || type == "text") return json::value();
  return unknown("the response_format " + std::string(type.substr(0, 100)));
}

json::object options_of(const json::value& body, const Window& window) {
  constexpr std::pair<const char*, const char*> kSame[] = {{"temperature", "temperature"},
                                                           {"top_p", "top_p"},
                                                           {"top_k", "top_k"},
                                                           {"min_p", "min_p"},
                                                           {"seed", "seed"},
                                                           {"presence_penalty", "presence_penalty"},
                                                           {"frequency_penalty", "frequency_penalty"},
                                                           {"max_tokens", "num_predict"},
                                                           {"max_completion_tokens", "num_predict"}};
  json::object out{{"num_ctx", window.tokens}};
  for (const auto& [theirs, ours] : kSame) {
    if (const json::value& given = json_member(body, theirs); given.is_number()) out[ours] = given;
  }
  const json::value& stop = json_member(body, "stop");
  if (stop.is_string()) out["stop"] = json::array{stop};
  if (stop.is_array()) out["stop"] = stop;
  return out;
}

Result<> check(const json::value& body) {
  if (!body.is_object() || !json_member(body, "messages").is_array()) {
    return Error{Code::kInvalidArgument, "The body has no list of messages.", "Send what OpenAI's API says."};
  }
  if (json_count(json_member(body, "n")) > 1) return unknown("more than one choice (n)");
  const json::value& choice = json_member(body, "tool_choice");
  if (choice.is_object() || json_text(choice) == "required") return unknown("a tool_choice that forces a tool");
  return {};
}

// Ollama's finish as OpenAI's.
std::string_view finish_of(const json::value& reply, bool has_tools) {
  if (has_tools) return "tool_calls";
  return json_text(json_member(reply, "done_reason")) == "length" ? "length" : "stop";
}

// Each call needs an id, which Ollama does not give.
json::array calls_in(const json::value& message, std::uint32_t& next) {
  json::array out;
  for (const json::value& call : json_list(json_member(message, "tool_calls"))) {
    const json::value& function = json_member(call, "function");
    out.push_back({{"index", next},
                   {"id", "call_" + std::to_string(next)},
                   {"type", "function"},
                   {"function",
                    {{"name", json_text(json_member(function, "name"))},
                     {"arguments", to_text(json_object(json_member(function, "arguments")))}}}});
    ++next;
  }
  return out;
}

Result<json::object> usage_of(const json::value& reply, const Window& window) {
  const std::uint64_t prompt = json_count(json_member(reply, "prompt_eval_count"));
  const std::uint64_t completion = json_count(json_member(reply, "eval_count"));
  // A version that does not know "truncate" fills its window with what it left of the prompt.
  if (window.tokens > 0 && prompt >= window.tokens) {
    return Error{Code::kInvalidArgument, "The prompt is longer than Ollama's window and was cut.",
                 "Ask for less, or set ollama.context higher."};
  }
  return json::object{
      {"prompt_tokens", prompt}, {"completion_tokens", completion}, {"total_tokens", prompt + completion}};
}

std::string event(json::object delta, json::value finish, const json::object* usage) {
  json::object chunk{{"object", "chat.completion.chunk"},
                     {"choices", {{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish)}}}}};
  if (usage != nullptr) chunk["usage"] = *usage;
  return "data: " + to_text(chunk) + "\n\n";
}

}  // namespace

Result<std::string> chat_request(std::string_view openai_body, const Window& window) {
  const json::value body = DM_TRY(parse_json(openai_body));
  DM_TRY(check(body));
  json::object out{{"model", json_text(json_member(body, "model"))},
                   {"messages", DM_TRY(messages_of(json_list(json_member(body, "messages"))))},
                   {"stream", json_flag(json_member(body, "stream"))},
                   {"truncate", false},  // Never cut a prompt,
                   {"shift", false},     // nor push its beginning out while answering.
                   {"keep_alive", window.keep_alive},
                   {"options", options_of(body, window)}};
  const bool tools_wanted = json_text(json_member(body, "tool_choice")) != "none";
  if (const json::value& tools = json_member(body, "tools"); tools.is_array() && tools_wanted) out["tools"] = tools;
  if (json::value format = DM_TRY(format_of(json_member(body, "response_format"))); !format.is_null()) {
    out["format"] = std::move(format);
  }
  const json::value& thinking = json_member(json_member(body, "chat_template_kwargs"), "enable_thinking");
  if (thinking.is_bool()) out["think"] = thinking;
  return to_text(out);
}

Result<std::string> chat_reply(std::string_view body, const Window& window) {
  const json::value reply = DM_TRY(parse_json(body).with("the reply of Ollama"));
  if (json_member(reply, "error").is_string()) {  // With status 200, when the runner died.
    return Error{Code::kUnavailable, words_of(body), "See the log of Ollama."};
  }
  const json::value& said = json_member(reply, "message");
  const std::string_view content = json_text(json_member(said, "content"));
  // Ollama ends a text that says one token over and over, and tells only that it is not done.
  const bool cut = !json_flag(json_member(reply, "done"));
  if (!said.is_object() || (cut && content.empty())) return broken("it has no message");
  json::object message{{"role", "assistant"}, {"content", content}};
  if (const auto thoughts = json_text(json_member(said, "thinking")); !thoughts.empty()) {
    message["reasoning_content"] = thoughts;
  }
  std::uint32_t count = 0;
  if (json::array calls = calls_in(said, count); !calls.empty()) message["tool_calls"] = std::move(calls);
  return to_text(json::object{{"object", "chat.completion"},
                              {"model", json_text(json_member(reply, "model"))},
                              {"choices",
                               {{{"index", 0},
                                 {"message", std::move(message)},
                                 {"finish_reason", cut ? "length" : finish_of(reply, count > 0)}}}},
                              {"usage", DM_TRY(usage_of(reply, window))}});
}

Result<std::string> StreamReader::take(std::string_view bytes) {
  std::string out;
  DM_TRY(lines_.take(bytes, [&](std::string_view text) -> Result<> {
    out += DM_TRY(line(text));
    return {};
  }));
  return out;
}

Result<std::string> StreamReader::line(std::string_view text) {
  if (done_) return broken("the stream goes on after its end");
  const json::value reply = DM_TRY(parse_json(text).with("a piece of Ollama's answer"));
  if (!reply.is_object()) return broken("a piece is no object");
  if (json_member(reply, "error").is_string()) {
    return "data: " + to_text(json::object{{"error", {{"message", words_of(text)}}}}) + "\n\n";
  }
  const json::value& said = json_member(reply, "message");
  json::object delta;
  if (const auto piece = json_text(json_member(said, "content")); !piece.empty()) delta["content"] = piece;
  if (const auto piece = json_text(json_member(said, "thinking")); !piece.empty()) delta["reasoning_content"] = piece;
  if (json::array calls = calls_in(said, tool_calls_); !calls.empty()) delta["tool_calls"] = std::move(calls);
  if (!json_flag(json_member(reply, "done"))) return event(std::move(delta), nullptr, nullptr);
  done_ = true;
  const json::object usage = DM_TRY(usage_of(reply, window_));
  return event(std::move(delta), json::string(finish_of(reply, tool_calls_ > 0)), &usage) + "data: [DONE]\n\n";
}

std::string words_of(std::string_view body) {
  const auto parsed = parse_json(body);
  const std::string_view words = parsed ? json_text(json_member(*parsed, "error")) : std::string_view();
  return words.empty() ? "Ollama refused the request." : "Ollama: " + std::string(words.substr(0, kMaxWords));
}

}  // namespace docmind::ollama
