#include "server/chat_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <span>

#include "agents/follow_up.h"
#include "base/json.h"
#include "base/json_members.h"
#include "server/cited_text.h"
#include "server/json_read.h"
#include "server/shape.h"
#include "session/history.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostTurns = 32;

Error bad(std::string message) { return {Code::kInvalidArgument, std::move(message), "See docs/api.md."}; }

// What is known of others' requests; null is as good as absent.
constexpr const char* kChat =
    "{model?: text | null, messages?: [any] | null, stream?: flag | null, stream_options?: {*: any} | null, "
    "temperature?: number | null, top_p?: number | null, presence_penalty?: number | null, "
    "frequency_penalty?: number | null, n?: whole | null, seed?: whole | null, max_tokens?: whole | null, "
    "max_completion_tokens?: whole | null, user?: text | null, tools?: [any] | null, metadata?: {*: any} | null, "
    "response_format?: {*: any} | null, docmind?: {*: any} | null, *: any}";
constexpr const char* kResponse =
    "{model?: text | null, stream?: flag | null, temperature?: number | null, top_p?: number | null, "
    "max_output_tokens?: whole | null, user?: text | null, tools?: [any] | null, metadata?: {*: any} | null, "
    "store?: flag | null, background?: flag | null, text?: {*: any} | null, previous_response_id?: text | null, "
    "docmind?: {*: any} | null, *: any}";
constexpr const char* kMessage =
    "{model?: text | null, messages?: [any] | null, stream?: flag | null, max_tokens?: whole | null, "
    "temperature?: number | null, top_p?: number | null, top_k?: whole | null, stop_sequences?: [any] | null, "
    "metadata?: {*: any} | null, tools?: [any] | null, tool_choice?: {*: any} | null, thinking?: {*: any} | null, "
    "docmind?: {*: any} | null, "
    "*: any}";

Result<json::object> read_fields(std::string_view body, const Shape& shape) {
  Result<json::value> value = parse_json(body);
  if (!value) return bad("the body is not usable JSON: " + value.error().message);
  DM_TRY(check(*value, shape));
  return std::move(value->get_object());
}

enum class Who : std::uint8_t { kUser, kAssistant, kOther };

struct Said {
  Who who = Who::kOther;
  std::string text{};
};

Who who_of(std::string_view role) {
  if (role == "user") return Who::kUser;
  return role == "assistant" ? Who::kAssistant : Who::kOther;
}

bool is_text(std::string_view type) { return type == "text" || type == "input_text" || type == "output_text"; }

// A string, or a list of parts. An assistant's other parts (tools that were called, thoughts) say nothing here.
Result<std::string> text_of(const json::value& content, Who who) {
  if (content.is_string()) return std::string(content.get_string());
  if (content.is_null() && who == Who::kAssistant) return std::string();
  if (!content.is_array()) return bad("\"content\" must be a string or a list of parts");
  std::string out;
  for (const json::value& part : content.get_array()) {
    const std::string_view type = json_text(json_member(part, "type"));
    const json::value& text = json_member(part, "text");
    if (is_text(type) && text.is_string()) {
      if (who == Who::kUser && !out.empty()) out += "\n";
      out += text.get_string();
    } else if (who == Who::kUser) {
      return bad(fmt::format("a part of a message must be text, not \"{}\"", type.substr(0, 64)));
    }
  }
  return out;
}

Result<std::vector<Said>> read_said(const json::array& messages) {
  std::vector<Said> out;
  for (const json::value& message : messages) {
    const json::value& role = json_member(message, "role");
    if (!role.is_string()) {
      const std::string_view type = json_text(json_member(message, "type"));
      if (message.is_object() && !type.empty() && type != "message") continue;  // Of /v1/responses: a call, a thought.
      return bad("a message must be an object with a \"role\"");
    }
    const Who who = who_of(role.get_string());
    if (who == Who::kOther) continue;
    out.push_back({.who = who, .text = DM_TRY(text_of(json_member(message, "content"), who))});
  }
  return out;
}

// Questions and answers in turn, the last kMostTurns, each question as it would have been searched.
std::vector<session::Turn> turns_of(std::span<const Said> said, std::vector<agents::EarlierTurn>& earlier) {
  std::vector<session::Turn> turns;
  for (const Said& one : said) {
    if (one.who == Who::kUser) {
      turns.emplace_back().question = one.text;
    } else if (!turns.empty()) {
      json::value& answer = turns.back().answer;
      const std::string before(json_text(json_member(answer, "answer")));
      answer = {{"answer", before + unmarked(one.text)}};
    }
  }
  if (turns.size() > kMostTurns) turns.erase(turns.begin(), turns.end() - kMostTurns);
  for (session::Turn& turn : turns) {
    turn.query = agents::follow_up(turn.question, earlier).query;
    earlier.push_back({turn.query, std::string(json_text(json_member(turn.answer, "answer")))});
  }
  return turns;
}

Result<service::Question> question_of(const std::vector<Said>& said, const json::object& body, std::string_view user) {
  const auto last = std::ranges::find(said.rbegin(), said.rend(), Who::kUser, &Said::who);
  if (last == said.rend()) return bad("no message has the role \"user\"");
  const auto before = static_cast<std::size_t>(said.rend() - last) - 1;
  std::vector<agents::EarlierTurn> earlier;
  const std::vector<session::Turn> turns = turns_of(std::span(said).first(before), earlier);
  json::object request = json_object(json_member(body, "docmind"));  // "filter" and "cache", for who knows us.
  request["question"] = last->text;
  if (!user.empty()) request["user"] = user;
  service::Question question = DM_TRY(checked_question(request));
  question.text = agents::follow_up(question.text, earlier).query;
  question.history = session::history_of(turns);
  return question;
}

// A tool that must be called, by OpenAI's words or Anthropic's.
Result<> no_tool_is_due(const json::object& body) {
  const json::value& choice = json_member(body, "tool_choice");
  const std::string_view word = choice.is_object() ? json_text(json_member(choice, "type")) : json_text(choice);
  if (choice.is_null() || word == "auto" || word == "none" || word == "allowed_tools") return {};
  return bad("\"tool_choice\" must be auto or none: docmind calls no tools of others");
}

Result<> text_is_wanted(const json::value& format) {
  const std::string_view type = json_text(json_member(format, "type"));
  if (format.is_null() || type == "text") return {};
  return bad("docmind answers in sentences: leave out the format of the response");
}

}  // namespace

Result<ChatRequest> read_chat_completion(std::string_view body) {
  static const Shape shape(kChat);
  const json::object object = DM_TRY(read_fields(body, shape));
  if (!object.contains("messages")) return bad("\"messages\" is missing");
  DM_TRY(no_tool_is_due(object));
  DM_TRY(text_is_wanted(json_member(object, "response_format")));
  if (const json::value& n = json_member(object, "n"); !n.is_null() && n != 1) {
    return bad("\"n\" must be 1: docmind gives one answer");
  }
  const std::vector<Said> said = DM_TRY(read_said(json_list(json_member(object, "messages"))));
  return ChatRequest{.question = DM_TRY(question_of(said, object, json_text(json_member(object, "user")))),
                     .stream = json_flag(json_member(object, "stream")),
                     .usage = json_flag(json_member(json_member(object, "stream_options"), "include_usage"))};
}

Result<ChatRequest> read_response_request(std::string_view body) {
  static const Shape shape(kResponse);
  const json::object object = DM_TRY(read_fields(body, shape));
  DM_TRY(no_tool_is_due(object));
  DM_TRY(text_is_wanted(json_member(json_member(object, "text"), "format")));
  for (const std::string_view key : {"previous_response_id", "conversation"}) {
    if (json_member(object, key).is_null()) continue;
    return bad(fmt::format("\"{}\" is not known here: docmind keeps no responses, send what was said before", key));
  }
  if (json_flag(json_member(object, "background"))) return bad("\"background\" must be false");
  const json::value& input = json_member(object, "input");
  std::vector<Said> said;
  if (input.is_string()) {
    said.push_back({.who = Who::kUser, .text = std::string(input.get_string())});
  } else if (input.is_array()) {
    said = DM_TRY(read_said(input.get_array()));
  } else {
    return bad("\"input\" must be a string or a list of messages");
  }
  return ChatRequest{.question = DM_TRY(question_of(said, object, json_text(json_member(object, "user")))),
                     .stream = json_flag(json_member(object, "stream"))};
}

Result<json::object> message_fields(std::string_view body) {
  static const Shape shape(kMessage);
  json::object object = DM_TRY(read_fields(body, shape));
  if (!object.contains("messages")) return bad("\"messages\" is missing");
  return object;
}

Result<ChatRequest> read_message_request(std::string_view body) {
  const json::object object = DM_TRY(message_fields(body));
  DM_TRY(no_tool_is_due(object));
  const std::vector<Said> said = DM_TRY(read_said(json_list(json_member(object, "messages"))));
  const std::string_view user = json_text(json_member(json_member(object, "metadata"), "user_id"));
  return ChatRequest{.question = DM_TRY(question_of(said, object, user)),
                     .stream = json_flag(json_member(object, "stream"))};
}

std::string model_in(std::string_view body) {
  const Result<json::value> value = parse_json(body);
  return value ? std::string(json_text(json_member(*value, "model"))) : std::string();
}

}  // namespace docmind::server
