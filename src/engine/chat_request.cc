#include "engine/chat_request.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <limits>

#include "base/json.h"
#include "engine/json_fields.h"

namespace docmind::engine {
namespace {

namespace json = boost::json;
using Limits = RequestLimits;

std::string element(std::string_view list, std::size_t i) { return std::string(list) + "[" + std::to_string(i) + "]"; }

Result<json::value> object_of(std::string_view body) {
  json::value root = DM_TRY(parse_json(body, {.depth = 64, .bytes = Limits::kBody}));
  if (!root.is_object()) return wrong_field("the request", "a JSON object");
  return root;
}

Result<SamplingFields> sampling_of(const JsonFields& fields) {
  SamplingFields s;
  constexpr auto kMost32 = std::numeric_limits<std::int32_t>::max();
  s.temperature = DM_TRY(fields.number("temperature", 0, 100));
  s.top_p = DM_TRY(fields.number("top_p", 0, 1));
  s.min_p = DM_TRY(fields.number("min_p", 0, 1));
  if (const auto k = DM_TRY(fields.count("top_k", 0, kMost32))) s.top_k = static_cast<std::uint32_t>(*k);
  s.presence = DM_TRY(fields.number("presence_penalty", -100, 100));
  s.frequency = DM_TRY(fields.number("frequency_penalty", -100, 100));
  s.repetition = DM_TRY(fields.number("repeat_penalty", 0.01, 100));
  if (!s.repetition) s.repetition = DM_TRY(fields.number("repetition_penalty", 0.01, 100));
  const json::value* seed = fields.find("seed");
  // -1 is "any" to llama-server's clients.
  if (seed != nullptr && *seed != -1)
    s.seed = DM_TRY(fields.count("seed", 0, std::numeric_limits<std::int64_t>::max()));
  return s;
}

Result<std::vector<std::pair<std::int32_t, double>>> bias_of(const JsonFields& fields) {
  std::vector<std::pair<std::int32_t, double>> bias;
  const json::object* object = DM_TRY(fields.object("logit_bias"));
  if (object == nullptr) return bias;
  if (object->size() > Limits::kBias) return wrong_field("logit_bias", "of 1000 tokens at most");
  for (const auto& member : *object) {
    const std::string_view key = member.key();
    std::int32_t token = -1;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), token);
    if (error != std::errc() || end != key.data() + key.size() || token < 0) {
      return wrong_field("logit_bias", "an object with token ids as keys");
    }
    bias.emplace_back(token, DM_TRY(JsonFields(*object, "logit_bias.").number(key, -100, 100)).value_or(0));
  }
  return bias;
}

Result<std::vector<std::string>> stops_of(const JsonFields& fields) {
  const json::value* stop = fields.find("stop");
  std::vector<std::string> stops;
  if (stop == nullptr) return stops;
  const json::array one{*stop};
  if (!stop->is_string() && !stop->is_array()) return wrong_field("stop", "a text or a list of texts");
  const json::array& list = stop->is_array() ? stop->get_array() : one;
  if (list.size() > Limits::kStops) return wrong_field("stop", "a list of 16 texts at most");
  for (const json::value& text : list) {
    const bool fits = text.is_string() && !text.get_string().empty() && text.get_string().size() <= Limits::kStopBytes;
    if (!fits) return wrong_field("stop", "a text of 1 to 1000 bytes, or a list of them");
    stops.emplace_back(text.get_string());
  }
  return stops;
}

Result<> read_format(const JsonFields& fields, GenerationFields& out) {
  const json::object* format = DM_TRY(fields.object("response_format"));
  if (format == nullptr) return {};
  const JsonFields inner(*format, "response_format.");
  const std::string type = DM_TRY(inner.text("type")).value_or("");
  if (type == "text") return {};
  if (type != "json_object" && type != "json_schema") {
    return wrong_field("response_format.type", "\"text\", \"json_object\" or \"json_schema\"");
  }
  out.format = type == "json_object" ? FormatKind::kJsonObject : FormatKind::kJsonSchema;
  const json::object* named = DM_TRY(inner.object("json_schema"));
  // OpenAI nests it, llama-server takes "schema" beside the type, with json_object too.
  const json::value* schema = named != nullptr ? named->if_contains("schema") : format->if_contains("schema");
  if (schema != nullptr && !schema->is_null()) {
    out.schema = *schema;
    out.format = FormatKind::kJsonSchema;
  }
  if (out.format == FormatKind::kJsonSchema && out.schema.is_null()) {
    return wrong_field("response_format.json_schema.schema", "a JSON schema");
  }
  return {};
}

Result<> read_logprobs(const JsonFields& fields, GenerationFields& out) {
  const json::value* logprobs = fields.find("logprobs");
  if (logprobs != nullptr && logprobs->is_number()) {  // As /v1/completions has it.
    const auto most = DM_TRY(fields.count("logprobs", 0, Limits::kAlternatives));
    if (most) out.logprobs = static_cast<std::uint32_t>(*most);
    return {};
  }
  if (DM_TRY(fields.boolean("logprobs")).value_or(false)) out.logprobs = 0;
  const auto top = DM_TRY(fields.count("top_logprobs", 0, Limits::kAlternatives));
  if (!top) return {};
  if (!out.logprobs && *top > 0) return wrong_field("logprobs", "true where \"top_logprobs\" is given");
  if (out.logprobs) out.logprobs = static_cast<std::uint32_t>(*top);
  return {};
}

Result<> read_priority(const JsonFields& fields, GenerationFields& out) {
  const std::string priority = DM_TRY(fields.text("priority")).value_or("normal");
  if (priority == "background")
    out.priority = RequestPriority::kBackground;
  else if (priority == "high")
    out.priority = RequestPriority::kHigh;
  else if (priority != "normal")
    return wrong_field("priority", "\"background\", \"normal\" or \"high\"");
  return {};
}

Result<GenerationFields> generation_of(const JsonFields& fields) {
  GenerationFields out;
  out.model = DM_TRY(fields.text("model")).value_or("");
  out.sampling = DM_TRY(sampling_of(fields));
  out.sampling.bias = DM_TRY(bias_of(fields));
  out.stops = DM_TRY(stops_of(fields));
  constexpr std::uint64_t kMost = std::numeric_limits<std::int32_t>::max();
  for (const char* name : {"max_tokens", "max_completion_tokens"}) {
    const json::value* value = fields.find(name);
    if (value == nullptr || *value == -1) continue;  // -1 is "as many as fit" to llama-server's clients.
    const auto most = DM_TRY(fields.count(name, 1, kMost));
    if (most) out.max_tokens = static_cast<std::uint32_t>(*most);
  }
  out.answers = static_cast<std::uint32_t>(DM_TRY(fields.count("n", 1, Limits::kAnswers)).value_or(1));
  DM_TRY(read_logprobs(fields, out));
  out.stream = DM_TRY(fields.boolean("stream")).value_or(false);
  if (const json::object* options = DM_TRY(fields.object("stream_options"))) {
    out.include_usage = DM_TRY(JsonFields(*options, "stream_options.").boolean("include_usage")).value_or(false);
  }
  out.ignore_end = DM_TRY(fields.boolean("ignore_eos")).value_or(false);
  out.drafting = DM_TRY(fields.boolean("drafting")).value_or(true);
  out.keep = DM_TRY(fields.boolean("cache_prompt")).value_or(true);
  DM_TRY(read_priority(fields, out));
  DM_TRY(read_format(fields, out));
  return out;
}

Result<std::string> content_of(const JsonFields& fields) {
  const json::value* content = fields.find("content");
  if (content == nullptr) return std::string();
  if (content->is_string()) return std::string(content->get_string());
  if (!content->is_array()) return wrong_field(fields.path("content"), "a text or a list of parts");
  std::string text;
  const json::array& parts = content->get_array();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string where = fields.path(element("content", i));
    if (!parts[i].is_object()) return wrong_field(where, "a part with a type");
    const JsonFields part(parts[i].get_object(), where + ".");
    const std::string type = DM_TRY(part.text("type")).value_or("text");
    if (type != "text") return wrong_field(where + ".type", "\"text\": this model reads no " + type);
    const auto piece = DM_TRY(part.text("text"));
    if (!piece) return wrong_field(where + ".text", "a text");
    text += *piece;
  }
  return text;
}

Result<ToolCall> call_of(const json::value& value, const std::string& where) {
  if (!value.is_object()) return wrong_field(where, "an object");
  const JsonFields outer(value.get_object(), where + ".");
  const json::object* function = DM_TRY(outer.object("function"));
  if (function == nullptr) return wrong_field(where + ".function", "an object");
  const JsonFields inner(*function, where + ".function.");
  ToolCall call{.id = DM_TRY(outer.text("id")).value_or(""), .name = DM_TRY(inner.text("name")).value_or("")};
  if (call.name.empty()) return wrong_field(where + ".function.name", "a name");
  const json::value* arguments = inner.find("arguments");
  if (arguments != nullptr && arguments->is_object())
    call.arguments = to_text(*arguments);
  else
    call.arguments = DM_TRY(inner.text("arguments")).value_or("{}");
  return call;
}

Result<Role> role_of(const JsonFields& fields) {
  const std::string role = DM_TRY(fields.text("role")).value_or("");
  if (role == "system" || role == "developer") return Role::kSystem;
  if (role == "user") return Role::kUser;
  if (role == "assistant") return Role::kAssistant;
  if (role == "tool" || role == "function") return Role::kTool;
  return wrong_field(fields.path("role"), "\"system\", \"developer\", \"user\", \"assistant\" or \"tool\"");
}

// Thoughts that a client has sent back inside the content, as the model wrote them.
void split_thoughts(ChatMessage& message) {
  constexpr std::string_view kOpen = "<think>";
  constexpr std::string_view kClose = "</think>";
  const std::size_t close = message.content.find(kClose);
  if (!message.reasoning.empty() || close == std::string::npos) return;
  std::string thoughts = message.content.substr(0, close);
  if (const std::size_t open = thoughts.find(kOpen); open != std::string::npos) thoughts.erase(0, open + kOpen.size());
  message.content.erase(0, close + kClose.size());
  const auto trim = [](std::string& text) {
    text.erase(0, std::min(text.find_first_not_of('\n'), text.size()));
    text.resize(text.find_last_not_of('\n') + 1);
  };
  trim(thoughts);
  message.content.erase(0, std::min(message.content.find_first_not_of('\n'), message.content.size()));
  message.reasoning = std::move(thoughts);
}

Result<ChatMessage> message_of(const json::value& value, const std::string& where) {
  if (!value.is_object()) return wrong_field(where, "an object");
  const JsonFields fields(value.get_object(), where + ".");
  ChatMessage message{.role = DM_TRY(role_of(fields)), .content = DM_TRY(content_of(fields))};
  message.name = DM_TRY(fields.text("name")).value_or("");
  message.tool_call_id = DM_TRY(fields.text("tool_call_id")).value_or("");
  if (message.role != Role::kAssistant) return message;
  message.reasoning = DM_TRY(fields.text("reasoning_content")).value_or("");
  split_thoughts(message);
  if (const json::array* calls = DM_TRY(fields.list("tool_calls", Limits::kTools))) {
    for (std::size_t i = 0; i < calls->size(); ++i) {
      message.tool_calls.push_back(DM_TRY(call_of((*calls)[i], where + "." + element("tool_calls", i))));
    }
  }
  return message;
}

Result<std::string> tool_name(const json::value& tool, const std::string& where) {
  const json::object* outer = tool.if_object();
  const json::value* function = outer == nullptr ? nullptr : outer->if_contains("function");
  if (function == nullptr || !function->is_object())
    return wrong_field(where, "{\"type\": \"function\", \"function\"}");
  const std::string name = DM_TRY(JsonFields(function->get_object(), where + ".function.").text("name")).value_or("");
  if (name.empty() || name.size() > 256) return wrong_field(where + ".function.name", "a name of 1 to 256 bytes");
  return name;
}

Result<> read_tools(const JsonFields& fields, ChatRequest& out) {
  std::vector<std::string> names;
  if (const json::array* tools = DM_TRY(fields.list("tools", Limits::kTools))) {
    for (std::size_t i = 0; i < tools->size(); ++i)
      names.push_back(DM_TRY(tool_name((*tools)[i], element("tools", i))));
    out.tools = *tools;
  }
  out.parallel_tool_calls = DM_TRY(fields.boolean("parallel_tool_calls")).value_or(true);
  const json::value* choice = fields.find("tool_choice");
  if (choice == nullptr) return {};
  if (choice->is_object()) {
    out.tool_name = DM_TRY(tool_name(*choice, "tool_choice"));
    out.tool_choice = ToolChoice::kNamed;
  } else if (*choice == "none") {
    out.tool_choice = ToolChoice::kNone;
  } else if (*choice == "required") {
    out.tool_choice = ToolChoice::kRequired;
  } else if (*choice != "auto") {
    return wrong_field("tool_choice", "\"none\", \"auto\", \"required\" or a function");
  }
  const bool must = out.tool_choice == ToolChoice::kRequired || out.tool_choice == ToolChoice::kNamed;
  if (must && names.empty()) return wrong_field("tools", "given where \"tool_choice\" asks for one");
  const bool known = std::ranges::find(names, out.tool_name) != names.end();
  if (out.tool_choice == ToolChoice::kNamed && !known) return wrong_field("tool_choice", "one of the tools");
  return {};
}

Result<std::vector<llm::ChatDocument>> documents_of(const JsonFields& fields, std::string_view name) {
  std::vector<llm::ChatDocument> documents;
  const json::array* list = DM_TRY(fields.list(name, Limits::kDocuments));
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const std::string where = element(name, i);
    if (!(*list)[i].is_object()) return wrong_field(where, "an object with a \"text\"");
    const JsonFields document((*list)[i].get_object(), where + ".");
    const auto text = DM_TRY(document.text("text"));
    if (!text) return wrong_field(where + ".text", "a text");
    documents.push_back({.title = DM_TRY(document.text("title")).value_or(""), .text = *text});
  }
  return documents;
}

Result<std::variant<std::string, std::vector<std::int32_t>>> prompt_of(const JsonFields& fields) {
  const json::value* prompt = fields.find("prompt");
  if (prompt != nullptr && prompt->is_string())
    return std::variant<std::string, std::vector<std::int32_t>>(std::string(prompt->get_string()));
  std::vector<std::int32_t> tokens;
  const json::array* list = prompt == nullptr ? nullptr : prompt->if_array();
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const auto* token = (*list)[i].if_int64();
    if (token == nullptr || *token < 0 || *token > std::numeric_limits<std::int32_t>::max()) {
      return wrong_field("prompt", "one text, or one list of token ids");
    }
    tokens.push_back(static_cast<std::int32_t>(*token));
  }
  if (tokens.empty()) return wrong_field("prompt", "one text, or one list of token ids");
  return std::variant<std::string, std::vector<std::int32_t>>(std::move(tokens));
}

}  // namespace

Result<ChatRequest> parse_chat_request(std::string_view body) {
  const json::value root = DM_TRY(object_of(body));
  const JsonFields fields(root.get_object());
  ChatRequest out;
  out.fields = DM_TRY(generation_of(fields));
  const json::array* messages = DM_TRY(fields.list("messages", Limits::kMessages));
  if (messages == nullptr || messages->empty()) return wrong_field("messages", "a list of messages, not empty");
  for (std::size_t i = 0; i < messages->size(); ++i) {
    out.messages.push_back(DM_TRY(message_of((*messages)[i], element("messages", i))));
  }
  DM_TRY(read_tools(fields, out));
  if (out.fields.format != FormatKind::kText && !out.tools.empty() && out.tool_choice != ToolChoice::kNone) {
    return wrong_field("response_format", "\"text\" where there are tools");
  }
  if (const json::object* extra = DM_TRY(fields.object("chat_template_kwargs"))) out.extra = *extra;
  out.documents = DM_TRY(documents_of(fields, "documents"));
  out.passages = DM_TRY(documents_of(fields, "passages"));
  out.document_prefix = DM_TRY(fields.count("document_prefix", 0, Limits::kBody));
  return out;
}

Result<CompletionRequest> parse_completion_request(std::string_view body) {
  const json::value root = DM_TRY(object_of(body));
  const JsonFields fields(root.get_object());
  CompletionRequest out{.fields = DM_TRY(generation_of(fields)), .prompt = DM_TRY(prompt_of(fields))};
  if (DM_TRY(fields.boolean("echo")).value_or(false)) return wrong_field("echo", "false: the prompt is not sent back");
  if (DM_TRY(fields.text("suffix"))) return wrong_field("suffix", "absent: no text is filled in before another");
  if (DM_TRY(fields.count("best_of", 0, 1000)).value_or(out.fields.answers) > out.fields.answers) {
    return wrong_field("best_of", "absent or equal to \"n\"");
  }
  return out;
}

}  // namespace docmind::engine
