#include "llm/openai/chat_wire.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "net/sse.h"

namespace docmind::openai {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxToolCalls = 256;
constexpr std::size_t kMaxWords = 2000;  // Bytes of one sentence of a server.

Error broken(const char* what) {
  return {Code::kDataLoss, std::string("The model's server sent a reply that cannot be read: ") + what + ".",
          "Ask again; if it stays, look whether another program answers at its address."};
}

std::uint32_t number_in(const json::object& object, std::string_view key) {
  const std::uint64_t number = json_count(json_member(object, key));
  return number > std::numeric_limits<std::uint32_t>::max() ? 0 : static_cast<std::uint32_t>(number);
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
  const json::value& function = json_member(call, "function");
  return {.id = std::string(json_text(json_member(call, "id"))),
          .name = std::string(json_text(json_member(function, "name"))),
          .arguments = std::string(json_text(json_member(function, "arguments")))};
}

Result<llm::ChatFinish> finish_of(std::string_view reason) {
  if (reason == "stop") return llm::ChatFinish::kEnd;
  if (reason == "length") return llm::ChatFinish::kLength;
  if (reason == "tool_calls") return llm::ChatFinish::kTools;
  return broken("it ended for an unknown reason");
}

llm::ChatUsage usage_of(const json::object& usage) {
  return {.prompt = number_in(usage, "prompt_tokens"),
          .cached = number_in(json_object(json_member(usage, "prompt_tokens_details")), "cached_tokens"),
          .completion = number_in(usage, "completion_tokens")};
}

// Newer servers shorten the name that older ones use.
std::string_view reasoning_in(const json::value& message) {
  const std::string_view text = json_text(json_member(message, "reasoning_content"));
  return text.empty() ? json_text(json_member(message, "reasoning")) : text;
}

// llama-server tells what it did not compute among its timings.
llm::ChatUsage usage_in(const json::object& reply) {
  llm::ChatUsage usage = usage_of(json_object(json_member(reply, "usage")));
  if (usage.cached == 0) usage.cached = number_in(json_object(json_member(reply, "timings")), "cache_n");
  return usage;
}

// As llama-server and our engine tell them.
void take_times(const json::object& reply, llm::ChatReply& to) {
  const json::value& timings = json_member(reply, "timings");
  const auto seconds = [&timings](std::string_view key) -> std::optional<double> {
    const json::value& ms = json_member(timings, key);
    if (!ms.is_number() || !(ms.to_number<double>() >= 0)) return std::nullopt;
    return ms.to_number<double>() / 1000;
  };
  if (!timings.is_object()) return;
  to.prefill_seconds = seconds("prompt_ms");
  to.decode_seconds = seconds("predicted_ms");
}

// The first of "choices"; null when there is none.
const json::object* choice_in(const json::object& reply) {
  const json::array& choices = json_list(json_member(reply, "choices"));
  return choices.empty() ? nullptr : choices[0].if_object();
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
  if (choice == nullptr || !json_member(*choice, "message").is_object()) return broken("it has no message");
  const json::value& message = json_member(*choice, "message");
  llm::ChatReply out;
  out.content = json_text(json_member(message, "content"));
  out.reasoning = reasoning_in(message);
  const json::array& calls = json_list(json_member(message, "tool_calls"));
  if (calls.size() > kMaxToolCalls) return broken("it has too many tool calls");
  for (const json::value& call : calls) {
    if (!call.is_object()) return broken("a tool call is no object");
    out.tool_calls.push_back(tool_call_of(call.get_object()));
  }
  out.finish = DM_TRY(finish_of(json_text(json_member(*choice, "finish_reason"))));
  out.usage = usage_in(*reply);
  take_times(*reply, out);
  return out;
}

bool is_events(std::string_view bytes) {
  return !bytes.empty() && std::string_view("deir:\r\n").find(bytes.front()) != std::string_view::npos;
}

Result<llm::ChatReply> streamed_reply(std::string_view body) {
  if (!is_events(body)) return chat_reply(body);
  ChunkReader chunks;
  net::SseParser parser;
  DM_TRY(parser.feed(body, [&](const net::SseEvent& event) -> Result<> {
    DM_TRY(chunks.take(event.data));
    return {};
  }));
  if (!chunks.done()) return Error{Code::kUnavailable, "The model's answer was cut off.", "Ask again."};
  return std::move(chunks).reply();
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
  if (json_member(*chunk, "error").is_object()) return reply_error(500, data, {});
  if (json_member(*chunk, "usage").is_object()) reply_.usage = usage_in(*chunk);
  take_times(*chunk, reply_);
  const json::object* choice = choice_in(*chunk);
  if (choice == nullptr) return std::string();
  if (const std::string_view reason = json_text(json_member(*choice, "finish_reason")); !reason.empty()) {
    reply_.finish = DM_TRY(finish_of(reason));
  }
  const json::value& delta = json_member(*choice, "delta");
  reply_.reasoning += reasoning_in(delta);
  for (const json::value& call : json_list(json_member(delta, "tool_calls"))) {
    if (!call.is_object()) return broken("a tool call is no object");
    DM_TRY(take_tool_call(call.get_object()));
  }
  std::string text(json_text(json_member(delta, "content")));
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
  if (const auto parsed = parse_json(body)) {
    const json::value& error = json_member(*parsed, "error");
    if (const auto words = json_text(json_member(error, "message")); !words.empty())
      message = words.substr(0, kMaxWords);
    hint = json_text(json_member(error, "hint")).substr(0, kMaxWords);
  }
  if (hint.empty())
    hint = retry_after.empty() ? "See the model server's log."
                               : "Ask again in " + std::string(retry_after.substr(0, 20)) + " s.";
  return {code, std::move(message), std::move(hint)};
}

}  // namespace docmind::openai
