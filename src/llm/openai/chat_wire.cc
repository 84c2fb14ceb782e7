#include "llm/openai/chat_wire.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace docmind::openai {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxToolCalls = 256;

Error broken(const char* what) {
  return {Code::kDataLoss, std::string("The model's server sent a reply that cannot be read: ") + what + ".",
          "Ask again; if it stays, look whether another program answers at its address."};
}

const json::object* object_in(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr ? value->if_object() : nullptr;
}

std::string_view text_in(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::uint32_t number_in(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  const auto* number = value != nullptr ? value->if_int64() : nullptr;
  if (number == nullptr || *number < 0 || *number > std::numeric_limits<std::uint32_t>::max()) return 0;
  return static_cast<std::uint32_t>(*number);
}

json::object to_json(const llm::ChatMessage& message) {
  json::object out{{"role", name(message.role)}, {"content", message.content}};
  if (!message.reasoning.empty()) out["reasoning_content"] = message.reasoning;
  if (!message.tool_calls.empty()) {
    json::array calls;
    for (const llm::ToolCall& call : message.tool_calls) {
      calls.push_back(
          {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    }
    out["tool_calls"] = std::move(calls);
  }
  if (!message.tool_call_id.empty()) out["tool_call_id"] = message.tool_call_id;
  if (!message.name.empty()) out["name"] = message.name;
  return out;
}

json::array to_json(const std::vector<llm::ChatDocument>& documents) {
  json::array out;
  for (const llm::ChatDocument& document : documents)
    out.push_back({{"title", document.title}, {"text", document.text}});
  return out;
}

Result<json::array> to_json(const std::vector<llm::ChatTool>& tools) {
  json::array out;
  for (const llm::ChatTool& tool : tools) {
    out.push_back({{"type", "function"},
                   {"function",
                    {{"name", tool.name},
                     {"description", tool.description},
                     {"parameters", DM_TRY(parse_json(tool.parameters).with("the parameters of " + tool.name))}}}});
  }
  return out;
}

void add_format(json::object& body, json::value schema) {
  body["response_format"] = {{"type", "json_schema"},
                             {"json_schema", {{"name", "answer"}, {"strict", true}, {"schema", std::move(schema)}}}};
}

const char* name_of(llm::ChatPriority priority) { return priority == llm::ChatPriority::kHigh ? "high" : "background"; }

llm::ToolCall tool_call_of(const json::object& call) {
  llm::ToolCall out{.id = std::string(text_in(call, "id"))};
  if (const json::object* function = object_in(call, "function")) {
    out.name = text_in(*function, "name");
    out.arguments = text_in(*function, "arguments");
  }
  return out;
}

Result<llm::ChatFinish> finish_of(std::string_view reason) {
  if (reason == "stop") return llm::ChatFinish::kEnd;
  if (reason == "length") return llm::ChatFinish::kLength;
  if (reason == "tool_calls") return llm::ChatFinish::kTools;
  return broken("it ended for an unknown reason");
}

llm::ChatUsage usage_of(const json::object& usage) {
  llm::ChatUsage out{.prompt = number_in(usage, "prompt_tokens"), .completion = number_in(usage, "completion_tokens")};
  if (const json::object* details = object_in(usage, "prompt_tokens_details")) {
    out.cached = number_in(*details, "cached_tokens");
  }
  return out;
}

// The first of "choices"; null when there is none.
const json::object* choice_in(const json::object& reply) {
  const auto* choices = reply.if_contains("choices");
  if (choices == nullptr || !choices->is_array() || choices->get_array().empty()) return nullptr;
  return choices->get_array()[0].if_object();
}

}  // namespace

Result<std::string> chat_body(const llm::ChatRequest& request, std::string_view model, bool stream) {
  json::array messages;
  for (const llm::ChatMessage& message : request.messages) messages.push_back(to_json(message));
  json::object body{{"model", model}, {"messages", std::move(messages)}, {"temperature", request.temperature}};
  if (request.max_tokens > 0) body["max_tokens"] = request.max_tokens;
  if (request.seed) body["seed"] = *request.seed;
  if (!request.stop.empty()) body["stop"] = json::value_from(request.stop);
  if (!request.documents.empty()) body["documents"] = to_json(request.documents);
  if (!request.passages.empty()) body["passages"] = to_json(request.passages);
  if (!request.tools.empty()) body["tools"] = DM_TRY(to_json(request.tools));
  if (!request.schema.empty()) add_format(body, DM_TRY(parse_json(request.schema).with("the schema of the answer")));
  if (request.priority != llm::ChatPriority::kNormal) body["priority"] = name_of(request.priority);
  if (stream) {
    body["stream"] = true;
    body["stream_options"] = {{"include_usage", true}};
  }
  return to_text(body);
}

Result<llm::ChatReply> chat_reply(std::string_view body) {
  const json::value parsed = DM_TRY(parse_json(body).with("the reply of the model's server"));
  const json::object* reply = parsed.if_object();
  const json::object* choice = reply != nullptr ? choice_in(*reply) : nullptr;
  const json::object* message = choice != nullptr ? object_in(*choice, "message") : nullptr;
  if (message == nullptr) return broken("it has no message");
  llm::ChatReply out;
  out.content = text_in(*message, "content");
  out.reasoning = text_in(*message, "reasoning_content");
  if (const auto* calls = message->if_contains("tool_calls"); calls != nullptr && calls->is_array()) {
    if (calls->get_array().size() > kMaxToolCalls) return broken("it has too many tool calls");
    for (const json::value& call : calls->get_array()) {
      if (!call.is_object()) return broken("a tool call is no object");
      out.tool_calls.push_back(tool_call_of(call.get_object()));
    }
  }
  out.finish = DM_TRY(finish_of(text_in(*choice, "finish_reason")));
  if (const json::object* usage = object_in(*reply, "usage")) out.usage = usage_of(*usage);
  return out;
}

Result<std::string> ChunkReader::take(std::string_view data) {
  if (done_) return broken("the stream goes on after its end");
  if (data == "[DONE]") {
    done_ = true;
    return std::string();
  }
  const json::value parsed = DM_TRY(parse_json(data).with("a piece of the model's answer"));
  const json::object* chunk = parsed.if_object();
  if (chunk == nullptr) return broken("a piece is no object");
  if (object_in(*chunk, "error") != nullptr) return reply_error(500, data, {});
  if (const json::object* usage = object_in(*chunk, "usage")) reply_.usage = usage_of(*usage);
  const json::object* choice = choice_in(*chunk);
  if (choice == nullptr) return std::string();
  if (const std::string_view reason = text_in(*choice, "finish_reason"); !reason.empty()) {
    reply_.finish = DM_TRY(finish_of(reason));
  }
  const json::object* delta = object_in(*choice, "delta");
  if (delta == nullptr) return std::string();
  reply_.reasoning += text_in(*delta, "reasoning_content");
  if (const auto* calls = delta->if_contains("tool_calls"); calls != nullptr && calls->is_array()) {
    for (const json::value& call : calls->get_array()) {
      if (!call.is_object()) return broken("a tool call is no object");
      DM_TRY(take_tool_call(call.get_object()));
    }
  }
  std::string text(text_in(*delta, "content"));
  reply_.content += text;
  return text;
}

// A call comes in pieces: the first of an index has the name, all may have a part of the arguments.
Result<> ChunkReader::take_tool_call(const json::object& call) {
  const std::uint32_t index = number_in(call, "index");
  if (index >= kMaxToolCalls || index > reply_.tool_calls.size()) return broken("its tool calls are not in order");
  llm::ToolCall piece = tool_call_of(call);
  if (index == reply_.tool_calls.size()) {
    reply_.tool_calls.push_back(std::move(piece));
  } else {
    reply_.tool_calls[index].arguments += piece.arguments;
  }
  return {};
}

Error reply_error(int status, std::string_view body, std::string_view retry_after) {
  const Code code = status == 429                    ? Code::kResourceExhausted
                    : status == 408 || status == 504 ? Code::kDeadlineExceeded
                    : status == 502 || status == 503 ? Code::kUnavailable
                    : status >= 400 && status < 500  ? Code::kInvalidArgument
                                                     : Code::kInternal;
  std::string message = "The model's server answered with status " + std::to_string(status) + ".";
  std::string hint;
  if (const auto parsed = parse_json(body); parsed && parsed->is_object()) {
    if (const json::object* error = object_in(parsed->get_object(), "error")) {
      if (const auto words = text_in(*error, "message"); !words.empty()) message = words.substr(0, 2000);
      hint = text_in(*error, "hint").substr(0, 2000);
    }
  }
  if (hint.empty())
    hint = retry_after.empty() ? "See the model server's log."
                               : "Ask again in " + std::string(retry_after.substr(0, 20)) + " s.";
  return {code, std::move(message), std::move(hint)};
}

}  // namespace docmind::openai
