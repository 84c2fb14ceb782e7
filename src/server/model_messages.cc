#include "server/model_messages.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "server/anthropic_shapes.h"
#include "server/chat_request.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

Error bad(std::string message) { return {Code::kInvalidArgument, std::move(message), "See docs/api.md."}; }

Error no_completion(std::string_view why) {
  return {Code::kDataLoss, "the model's reply is no chat completion: " + std::string(why),
          "docmind backends says which server it came from."};
}

Error unfit(std::string_view type) {
  return bad(fmt::format("a block of type \"{}\" cannot be given to this model", type.substr(0, 64)));
}

// The text of a string, or of a list of text blocks.
Result<std::string> text_of(const json::value& content) {
  if (content.is_string()) return std::string(content.get_string());
  if (!content.is_array()) return bad("\"content\" must be a string or a list of blocks");
  std::string out;
  for (const json::value& block : content.get_array()) {
    const std::string_view type = json_text(json_member(block, "type"));
    if (type != "text") return unfit(type);
    if (!out.empty()) out += "\n";
    out += json_text(json_member(block, "text"));
  }
  return out;
}

json::object tool_call_of(const json::value& block) {
  const json::object& input = json_object(json_member(block, "input"));
  return {{"id", json_member(block, "id")},
          {"type", "function"},
          {"function", {{"name", json_member(block, "name")}, {"arguments", to_text(input)}}}};
}

Result<> add_assistant(const json::array& blocks, json::array& out) {
  std::string text;
  std::string thoughts;
  json::array calls;
  for (const json::value& block : blocks) {
    const std::string_view type = json_text(json_member(block, "type"));
    if (type == "text") text += json_text(json_member(block, "text"));
    if (type == "thinking") thoughts += json_text(json_member(block, "thinking"));
    if (type == "tool_use") calls.push_back(tool_call_of(block));
    if (type != "text" && type != "thinking" && type != "redacted_thinking" && type != "tool_use") return unfit(type);
  }
  json::object message{{"role", "assistant"}, {"content", text}};
  if (!thoughts.empty()) message["reasoning_content"] = thoughts;
  if (!calls.empty()) message["tool_calls"] = std::move(calls);
  out.push_back(std::move(message));
  return {};
}

// What tools have answered is a message of its own each, before what the user says.
Result<> add_user(const json::array& blocks, json::array& out) {
  json::array said;
  for (const json::value& block : blocks) {
    const std::string_view type = json_text(json_member(block, "type"));
    if (type == "text") {
      said.push_back({{"type", "text"}, {"text", json_member(block, "text")}});
    } else if (type == "tool_result") {
      const json::value& content = json_member(block, "content");
      out.push_back({{"role", "tool"},
                     {"tool_call_id", json_member(block, "tool_use_id")},
                     {"content", content.is_null() ? std::string() : DM_TRY(text_of(content))}});
    } else {
      return unfit(type);
    }
  }
  if (!said.empty()) out.push_back({{"role", "user"}, {"content", std::move(said)}});
  return {};
}

Result<json::array> messages_of(const json::object& request) {
  json::array out;
  if (const json::value& system = json_member(request, "system"); !system.is_null()) {
    out.push_back({{"role", "system"}, {"content", DM_TRY(text_of(system))}});
  }
  for (const json::value& message : json_list(json_member(request, "messages"))) {
    const std::string_view role = json_text(json_member(message, "role"));
    const json::value& content = json_member(message, "content");
    if (role != "user" && role != "assistant") return bad("\"role\" must be user or assistant");
    if (content.is_string()) {
      out.push_back({{"role", role}, {"content", content}});
    } else if (content.is_array()) {
      DM_TRY(role == "user" ? add_user(content.get_array(), out) : add_assistant(content.get_array(), out));
    } else {
      return bad("\"content\" must be a string or a list of blocks");
    }
  }
  return out;
}

Result<json::array> tools_of(const json::array& tools) {
  json::array out;
  for (const json::value& tool : tools) {
    const std::string_view type = json_text(json_member(tool, "type"));
    if (!type.empty() && type != "custom") {
      return bad(fmt::format("a tool of type \"{}\" runs elsewhere: only tools of your own can be offered", type));
    }
    json::object function{{"name", json_member(tool, "name")}, {"parameters", json_member(tool, "input_schema")}};
    if (const json::value& about = json_member(tool, "description"); !about.is_null()) function["description"] = about;
    out.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  return out;
}

Result<json::value> tool_choice_of(const json::value& choice) {
  const std::string_view type = json_text(json_member(choice, "type"));
  if (type == "auto" || type == "none") return json::value(type);
  if (type == "any") return json::value("required");
  if (type == "tool") {
    return json::value{{"type", "function"}, {"function", {{"name", json_member(choice, "name")}}}};
  }
  return bad("\"tool_choice\" must be auto, any, none or a tool");
}

// Thoughts are asked for there, and a template's own choice elsewhere.
bool thinks(const json::object& request) {
  const std::string_view type = json_text(json_member(json_member(request, "thinking"), "type"));
  return type == "enabled" || type == "adaptive";
}

std::string_view stop_reason_of(std::string_view finish_reason) {
  if (finish_reason == "length") return "max_tokens";
  return finish_reason == "tool_calls" ? "tool_use" : "end_turn";
}

json::object usage_of(const json::value& usage) {
  const std::uint64_t prompt = json_count(json_member(usage, "prompt_tokens"));
  const json::value& details = json_member(usage, "prompt_tokens_details");
  const std::uint64_t cached = std::min(prompt, json_count(json_member(details, "cached_tokens")));
  return message_usage(prompt, cached, json_count(json_member(usage, "completion_tokens")));
}

json::object message(const json::value& completion, json::array content, const json::value& stop_reason,
                     json::object usage) {
  return message_with("msg_" + std::string(json_text(json_member(completion, "id"))),
                      json_text(json_member(completion, "model")), std::move(content), stop_reason, std::move(usage));
}

json::object tool_use(const json::value& call, json::object input) {
  return {{"type", "tool_use"},
          {"id", json_member(call, "id")},
          {"name", json_member(json_member(call, "function"), "name")},
          {"input", std::move(input)}};
}

Result<json::array> content_of(const json::value& said) {
  json::array out;
  if (const std::string_view thoughts = json_text(json_member(said, "reasoning_content")); !thoughts.empty()) {
    out.push_back({{"type", "thinking"}, {"thinking", thoughts}, {"signature", ""}});
  }
  if (const std::string_view text = json_text(json_member(said, "content")); !text.empty()) {
    out.push_back({{"type", "text"}, {"text", text}, {"citations", nullptr}});
  }
  for (const json::value& call : json_list(json_member(said, "tool_calls"))) {
    const Result<json::value> input = parse_json(json_text(json_member(json_member(call, "function"), "arguments")));
    if (!input || !input->is_object()) return no_completion("the arguments of a call are no JSON object");
    out.push_back(tool_use(call, input->get_object()));
  }
  return out;
}

}  // namespace

Result<std::string> completion_request_of(std::string_view message_request) {
  const json::object request = DM_TRY(message_fields(message_request));
  json::object out{{"messages", DM_TRY(messages_of(request))}};
  for (const char* key : {"model", "max_tokens", "temperature", "top_p", "top_k", "stream"}) {
    if (const json::value& value = json_member(request, key); !value.is_null()) out[key] = value;
  }
  if (json_flag(json_member(request, "stream"))) out["stream_options"] = {{"include_usage", true}};
  if (const json::value& stop = json_member(request, "stop_sequences"); !stop.is_null()) out["stop"] = stop;
  if (const json::array& tools = json_list(json_member(request, "tools")); !tools.empty()) {
    out["tools"] = DM_TRY(tools_of(tools));
  }
  if (const json::value& choice = json_member(request, "tool_choice"); !choice.is_null()) {
    out["tool_choice"] = DM_TRY(tool_choice_of(choice));
    if (json_flag(json_member(choice, "disable_parallel_tool_use"))) out["parallel_tool_calls"] = false;
  }
  out["chat_template_kwargs"] = {{"enable_thinking", thinks(request)}};
  return to_text(out);
}

Result<std::string> message_of(std::string_view completion) {
  const json::value whole = DM_TRY(parse_json(completion));
  const json::array& choices = json_list(json_member(whole, "choices"));
  if (choices.empty()) return no_completion("it has no choices");
  json::array content = DM_TRY(content_of(json_member(choices.front(), "message")));
  const std::string_view why = stop_reason_of(json_text(json_member(choices.front(), "finish_reason")));
  return to_text(message(whole, std::move(content), json::value(why), usage_of(json_member(whole, "usage"))));
}

std::string message_error_of(int status, std::string_view body) {
  const Error error = net::error_of(net::json_response(status, std::string(body)));
  return anthropic_error(error);
}

Result<> MessageWriter::begin(net::Response head) {
  head.body = DM_TRY(events_of(head.body));
  return out_.begin(std::move(head));
}

Result<> MessageWriter::write(std::string_view bytes) {
  const std::string events = DM_TRY(events_of(bytes));
  if (events.empty()) return {};
  return out_.write(events);
}

Result<std::string> MessageWriter::events_of(std::string_view bytes) {
  std::string events;
  DM_TRY(parser_.feed(bytes, [&](const net::SseEvent& one) -> Result<> {
    if (one.data == "[DONE]") {
      finish(events);
      return {};
    }
    const json::value chunk = DM_TRY(parse_json(one.data));
    if (!json_member(chunk, "error").is_null()) {
      events += net::sse_text("error", message_error_of(500, one.data));
    } else {
      take(chunk, events);
    }
    return {};
  }));
  return events;
}

void MessageWriter::take(const json::value& chunk, std::string& events) {
  if (!std::exchange(started_, true)) {
    const json::object start = message(chunk, {}, nullptr, usage_of(nullptr));
    events += message_event({{"type", "message_start"}, {"message", start}});
  }
  if (const json::value& usage = json_member(chunk, "usage"); usage.is_object()) usage_ = usage_of(usage);
  for (const json::value& choice : json_list(json_member(chunk, "choices"))) {
    const json::value& delta = json_member(choice, "delta");
    say(Block::kThinking, json_text(json_member(delta, "reasoning_content")), events);
    say(Block::kText, json_text(json_member(delta, "content")), events);
    for (const json::value& one : json_list(json_member(delta, "tool_calls"))) call(one, events);
    const std::string_view why = json_text(json_member(choice, "finish_reason"));
    if (!why.empty()) why_ = stop_reason_of(why);
  }
}

void MessageWriter::say(Block kind, std::string_view text, std::string& events) {
  if (text.empty()) return;
  const bool thought = kind == Block::kThinking;
  if (block_ != kind) {
    open(kind,
         thought ? json::object{{"type", "thinking"}, {"thinking", ""}, {"signature", ""}}
                 : json::object{{"type", "text"}, {"text", ""}},
         events);
  }
  events += message_delta_event(blocks_ - 1, thought ? json::object{{"type", "thinking_delta"}, {"thinking", text}}
                                                     : json::object{{"type", "text_delta"}, {"text", text}});
}

void MessageWriter::call(const json::value& call, std::string& events) {
  const std::uint64_t which = json_count(json_member(call, "index"));
  if (block_ != Block::kTool || tool_ != which) {
    open(Block::kTool, tool_use(call, {}), events);
    tool_ = which;
  }
  const std::string_view arguments = json_text(json_member(json_member(call, "function"), "arguments"));
  if (arguments.empty()) return;
  events += message_delta_event(blocks_ - 1, {{"type", "input_json_delta"}, {"partial_json", arguments}});
}

void MessageWriter::open(Block kind, json::object block, std::string& events) {
  close(events);
  block_ = kind;
  events += message_event({{"type", "content_block_start"}, {"index", blocks_++}, {"content_block", std::move(block)}});
}

void MessageWriter::close(std::string& events) {
  if (std::exchange(block_, Block::kNone) == Block::kNone) return;
  events += message_event({{"type", "content_block_stop"}, {"index", blocks_ - 1}});
}

void MessageWriter::finish(std::string& events) {
  close(events);
  events += message_event(
      {{"type", "message_delta"}, {"delta", {{"stop_reason", why_}, {"stop_sequence", nullptr}}}, {"usage", usage_}});
  events += message_event({{"type", "message_stop"}});
}

}  // namespace docmind::server
