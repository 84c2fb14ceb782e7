#include "llm/openai/probe.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "llm/openai/chat_wire.h"

namespace docmind::openai {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxVersion = 100;  // Bytes.
constexpr const char* kNothingElse = R"({"ok":true})";
constexpr const char* kYes = R"({"type":"object","properties":{"ok":{"const":true}},"required":["ok"],)"
                             R"("additionalProperties":false})";

// A reply of 200 as JSON, else null: what a server does not know is no error here.
Result<json::value> looked_up(std::string_view path, const std::string& body, const Ask& ask) {
  const Asked reply = DM_TRY(ask(path, body));
  if (reply.status != 200) return json::value();
  auto parsed = parse_json(reply.body);
  return parsed ? *std::move(parsed) : json::value();
}

Result<json::object> entry_of(std::string_view model, const Ask& ask) {
  const Asked reply = DM_TRY(ask("/v1/models", {}));
  if (reply.status == 401 || reply.status == 403) {
    return Error{Code::kUnauthorized, "The model's server wants another API key.", "Set the backend's api_key."};
  }
  if (reply.status != 200) return reply_error(reply.status, reply.body, {});
  const auto parsed = parse_json(reply.body);
  const json::array* data = parsed ? json_member(*parsed, "data").if_array() : nullptr;
  if (data == nullptr) {
    return Error{Code::kDataLoss, "What answers there is no server with OpenAI's API.", "Check the backend's url."};
  }
  for (const json::value& one : *data) {
    const std::string_view id = json_text(json_member(one, "id"));
    if (!id.empty() && (model.empty() || id == model)) return one.get_object();
  }
  if (data->empty()) return Error{Code::kUnavailable, "The model's server has no model.", "Load one there."};
  return Error{Code::kNotFound, "The model's server does not have the model " + std::string(model) + ".",
               "Set the backend's model to one that its /v1/models lists."};
}

std::string version_in(const json::value& value) { return std::string(json_text(value).substr(0, kMaxVersion)); }

// Who it is, and its window.
Result<> read_server(const json::object& entry, const Ask& ask, llm::Capabilities& can) {
  const std::string_view owner = json_text(json_member(entry, "owned_by"));
  can.context = json_small(json_member(entry, "max_model_len"));
  if (owner == "vllm") {
    can.server = "vllm " + version_in(json_member(DM_TRY(looked_up("/version", {}, ask)), "version"));
  } else if (owner == "llamacpp") {
    const json::value props = DM_TRY(looked_up("/props", {}, ask));
    can.server = "llama-server " + version_in(json_member(props, "build_info"));
    // Of one slot: n_ctx_train is what the model was made for, not what it was given here.
    can.context = json_small(json_member(json_member(props, "default_generation_settings"), "n_ctx"));
    if (can.context == 0) can.context = json_small(json_member(json_member(entry, "meta"), "n_ctx_train"));
  }
  for (const char* name : {"context_length", "window"}) {  // Of others, and of another DocMind.
    if (can.context == 0) can.context = json_small(json_member(entry, name));
  }
  return {};
}

json::object tiny_request(std::string_view model, std::string content, int max_tokens) {
  return {{"model", model},
          {"messages", {{{"role", "user"}, {"content", std::move(content)}}}},
          {"temperature", 0},
          {"max_tokens", max_tokens}};
}

Result<bool> holds_to_schema(std::string_view model, const Ask& ask) {
  // Asked for something else, so that one who is only obliging does not pass.
  json::object body = tiny_request(model, "Say hello.", 48);
  body["response_format"] = {
      {"type", "json_schema"},
      {"json_schema", {{"name", "answer"}, {"strict", true}, {"schema", DM_TRY(parse_json(kYes))}}}};
  const Asked reply = DM_TRY(ask("/v1/chat/completions", to_text(body)));
  if (reply.status != 200) return false;
  const auto said = chat_reply(reply.body);
  if (!said) return false;
  // Some schemas let a model write white space for ever; then its beginning has to do.
  std::string text = said->content;
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; });
  return !text.empty() && std::string_view(kNothingElse).starts_with(text);
}

Result<bool> takes_tools(std::string_view model, const Ask& ask) {
  json::object body = tiny_request(model, "Say hello.", 1);
  body["tools"] = {{{"type", "function"},
                    {"function",
                     {{"name", "look"},
                      {"description", "Looks something up."},
                      {"parameters", {{"type", "object"}, {"properties", json::object()}}}}}}};
  return DM_TRY(ask("/v1/chat/completions", to_text(body))).status == 200;
}

// The same prompt twice; long enough for a block of cells, which is 16 or 32 tokens for most.
Result<bool> keeps_beginnings(std::string_view model, const Ask& ask) {
  std::string text = "Remember this list: ";
  for (int i = 0; i < 200; ++i) text += std::to_string(i) + ", ";
  const std::string body = to_text(tiny_request(model, text, 1));
  for (const bool again : {false, true}) {
    const Asked reply = DM_TRY(ask("/v1/chat/completions", body));
    const auto said = reply.status == 200 ? chat_reply(reply.body) : Result<llm::ChatReply>(Error{Code::kInternal, {}});
    if (!said) return false;
    if (again) return said->usage.cached > 0;
  }
  return false;
}

Result<Counting> counting_of(std::string_view model, const Ask& ask) {
  for (const Counting one : {Counting::kPrompt, Counting::kContent}) {
    const auto tokens = count_tokens(one, model, "one two", ask);
    if (tokens && *tokens > 0) return one;
    if (!tokens && tokens.error().code != Code::kInvalidArgument && tokens.error().code != Code::kDataLoss) {
      return tokens.error();
    }
  }
  return Counting::kNone;
}

}  // namespace

Result<std::uint32_t> count_tokens(Counting counting, std::string_view model, const std::string& text, const Ask& ask) {
  json::object body{{"model", model}};
  if (counting == Counting::kPrompt) {
    body["prompt"] = text;
    body["add_special_tokens"] = false;
  } else {
    body["content"] = text;
    body["add_special"] = false;
    body["parse_special"] = false;
  }
  const Asked reply = DM_TRY(ask("/tokenize", to_text(body)));
  if (reply.status != 200) {
    return Error{Code::kInvalidArgument, "The model's server does not count tokens.", {}};
  }
  const json::value parsed = DM_TRY(parse_json(reply.body));
  if (const json::value& count = json_member(parsed, "count"); count.is_int64()) return json_small(count);
  const json::array* tokens = json_member(parsed, "tokens").if_array();
  if (tokens == nullptr) return Error{Code::kDataLoss, "The model's server did not count the tokens of a text.", {}};
  return static_cast<std::uint32_t>(tokens->size());
}

Result<std::string> model_entry(std::string_view model, const Ask& ask) {
  return to_text(DM_TRY(entry_of(model, ask)));
}

Result<> try_out(llm::Capabilities& can, const Ask& ask) {
  can.json_schema = DM_TRY(holds_to_schema(can.model, ask));
  can.tools = DM_TRY(takes_tools(can.model, ask));
  can.caches_prefix = DM_TRY(keeps_beginnings(can.model, ask));
  return {};
}

Result<Probed> probe(std::string_view model, const Ask& ask) {
  const json::object entry = DM_TRY(entry_of(model, ask));
  Probed out;
  out.info.json = to_text(entry);
  llm::Capabilities& can = out.info.capabilities;
  can.model = json_text(json_member(entry, "id"));
  DM_TRY(read_server(entry, ask, can));
  DM_TRY(try_out(can, ask));
  out.counting = DM_TRY(counting_of(can.model, ask));
  can.counts_tokens = out.counting != Counting::kNone;
  return out;
}

}  // namespace docmind::openai
