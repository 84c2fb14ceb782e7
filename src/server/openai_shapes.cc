#include "server/openai_shapes.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "net/http.h"
#include "net/sse.h"
#include "server/chat_request.h"
#include "server/cited_text.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

std::string data_event(const json::object& body) { return net::sse_text("message", to_text(body)); }

struct Tokens {
  std::uint64_t prompt = 0;
  std::uint64_t kept = 0;  // Of those, what had not to be computed.
  std::uint64_t completion = 0;
};

// Zeroes where no chat model was asked.
Tokens tokens_of(const json::value& answer) {
  const json::value& tokens = json_member(answer, "tokens");
  const std::uint64_t prompt = json_count(json_member(tokens, "prompt"));
  const std::uint64_t computed = json_count(json_member(tokens, "computed"));
  return {prompt, prompt - std::min(prompt, computed), json_count(json_member(tokens, "completion"))};
}

json::object chat_usage(const json::value& answer) {
  const Tokens tokens = tokens_of(answer);
  return {{"prompt_tokens", tokens.prompt},
          {"completion_tokens", tokens.completion},
          {"total_tokens", tokens.prompt + tokens.completion},
          {"prompt_tokens_details", {{"cached_tokens", tokens.kept}}}};
}

json::object response_usage(const json::value& answer) {
  const Tokens tokens = tokens_of(answer);
  return {{"input_tokens", tokens.prompt},
          {"input_tokens_details", {{"cached_tokens", tokens.kept}, {"cache_write_tokens", 0}}},
          {"output_tokens", tokens.completion},
          {"output_tokens_details", {{"reasoning_tokens", 0}}},
          {"total_tokens", tokens.prompt + tokens.completion}};
}

json::array url_citations(const MarkedText& text, std::string_view site) {
  json::array out;
  for (const Mark& mark : text.marks) {
    out.push_back({{"type", "url_citation"},
                   {"url_citation",
                    {{"start_index", mark.start},
                     {"end_index", mark.end},
                     {"title", place_name(mark.citation)},
                     {"url", link_to(mark.citation, site)}}}});
  }
  return out;
}

json::array file_citations(const MarkedText& text) {
  json::array out;
  for (const Mark& mark : text.marks) {
    out.push_back({{"type", "file_citation"},
                   {"file_id", json_member(mark.citation, "document_id")},
                   {"filename", document_name(mark.citation)},
                   {"index", mark.start}});
  }
  return out;
}

json::object chunk(const ChatReply& reply, json::object delta, const json::value& finish) {
  return {{"id", reply.id},
          {"object", "chat.completion.chunk"},
          {"created", reply.created},
          {"model", kDocmind},
          {"choices",
           json::array{{{"index", 0}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", finish}}}}};
}

json::object output_text(const MarkedText& text) {
  return {{"type", "output_text"},
          {"text", text.whole()},
          {"annotations", file_citations(text)},
          {"logprobs", json::array()}};
}

std::string message_id(const ChatReply& reply) { return "msg_" + reply.id; }

json::object message_item(const ChatReply& reply, std::string_view status, json::array content) {
  return {{"type", "message"},
          {"id", message_id(reply)},
          {"status", status},
          {"role", "assistant"},
          {"content", std::move(content)}};
}

json::object response(const ChatReply& reply, std::string_view status, json::array output) {
  return {{"id", reply.id},
          {"object", "response"},
          {"created_at", reply.created},
          {"status", status},
          {"background", false},
          {"error", nullptr},
          {"incomplete_details", nullptr},
          {"instructions", nullptr},
          {"max_output_tokens", nullptr},
          {"metadata", json::object()},
          {"model", kDocmind},
          {"output", std::move(output)},
          {"parallel_tool_calls", false},
          {"previous_response_id", nullptr},
          {"store", false},
          {"temperature", nullptr},
          {"text", {{"format", {{"type", "text"}}}}},
          {"tool_choice", "auto"},
          {"tools", json::array()},
          {"top_p", nullptr},
          {"truncation", "disabled"},
          {"usage", nullptr}};
}

json::object completed_response(const ChatReply& reply, const MarkedText& text) {
  json::object out = response(reply, "completed", {message_item(reply, "completed", {output_text(text)})});
  out["usage"] = response_usage(reply.answer);
  out["docmind"] = own_words(reply.answer, reply.site);
  return out;
}

// The events of a response, numbered.
class ResponseEvents {
 public:
  explicit ResponseEvents(const ChatReply& reply) : item_(message_id(reply)) {}

  void add(std::string_view type, json::object event) {
    json::object whole{{"type", type}, {"sequence_number", number_++}};
    for (auto& [key, value] : event) whole[key] = std::move(value);
    out_ += net::sse_text(type, to_text(whole));
  }
  // Of the one text there is.
  void add_of_text(std::string_view type, json::object event) {
    event["item_id"] = item_;
    event["output_index"] = 0;
    event["content_index"] = 0;
    add(type, std::move(event));
  }
  std::string take() { return std::move(out_); }

 private:
  std::string item_;
  std::uint64_t number_ = 0;
  std::string out_;
};

std::string_view type_of(Code code) {
  switch (code) {
    case Code::kUnauthorized:
      return "authentication_error";
    case Code::kRateLimited:
      return "rate_limit_error";
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kConflict:
    case Code::kResourceExhausted:
      return "invalid_request_error";
    default:
      return "server_error";
  }
}

}  // namespace

std::string chat_completion(const ChatReply& reply) {
  const MarkedText text = marked(sentences_of(reply.answer));
  const json::object message{{"role", "assistant"},
                             {"content", text.whole()},
                             {"refusal", nullptr},
                             {"annotations", url_citations(text, reply.site)}};
  return to_text(json::object{
      {"id", reply.id},
      {"object", "chat.completion"},
      {"created", reply.created},
      {"model", kDocmind},
      {"choices", json::array{{{"index", 0}, {"message", message}, {"logprobs", nullptr}, {"finish_reason", "stop"}}}},
      {"usage", chat_usage(reply.answer)},
      {"docmind", own_words(reply.answer, reply.site)}});
}

std::string chat_completion_stream(const ChatReply& reply, Usage usage) {
  const MarkedText text = marked(sentences_of(reply.answer));
  std::string out = data_event(chunk(reply, {{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}}, nullptr));
  for (const std::string& piece : text.pieces) out += data_event(chunk(reply, {{"content", piece}}, nullptr));
  json::object last = chunk(reply, {{"annotations", url_citations(text, reply.site)}}, "stop");
  last["docmind"] = own_words(reply.answer, reply.site);
  out += data_event(last);
  if (usage == Usage::kIncluded) {
    json::object cost = chunk(reply, {}, nullptr);
    cost["choices"] = json::array();
    cost["usage"] = chat_usage(reply.answer);
    out += data_event(cost);
  }
  return out + "data: [DONE]\n\n";
}

std::string response_object(const ChatReply& reply) {
  return to_text(completed_response(reply, marked(sentences_of(reply.answer))));
}

std::string response_stream(const ChatReply& reply) {
  const MarkedText text = marked(sentences_of(reply.answer));
  ResponseEvents events(reply);
  for (const char* type : {"response.created", "response.in_progress"}) {
    events.add(type, {{"response", response(reply, "in_progress", {})}});
  }
  events.add("response.output_item.added", {{"output_index", 0}, {"item", message_item(reply, "in_progress", {})}});
  events.add_of_text("response.content_part.added", {{"part", output_text({})}});
  for (const std::string& piece : text.pieces) {
    events.add_of_text("response.output_text.delta", {{"delta", piece}, {"logprobs", json::array()}});
  }
  const json::array citations = file_citations(text);
  for (std::size_t i = 0; i < citations.size(); ++i) {
    events.add_of_text("response.output_text.annotation.added",
                       {{"annotation_index", i}, {"annotation", citations[i]}});
  }
  events.add_of_text("response.output_text.done", {{"text", text.whole()}, {"logprobs", json::array()}});
  events.add_of_text("response.content_part.done", {{"part", output_text(text)}});
  events.add("response.output_item.done",
             {{"output_index", 0}, {"item", message_item(reply, "completed", {output_text(text)})}});
  events.add("response.completed", {{"response", completed_response(reply, text)}});
  return events.take();
}

std::string openai_error(const Error& error) {
  return to_text(json::object{{"error",
                               {{"message", error.message},
                                {"type", type_of(error.code)},
                                {"param", nullptr},
                                {"code", name(error.code)},
                                {"hint", error.hint}}}});
}

std::string openai_stream_error(const Error& error) { return net::sse_text("message", openai_error(error)); }

std::string response_stream_error(const Error& error) {
  return net::sse_text("error", to_text(json::object{{"type", "error"},
                                                     {"sequence_number", 0},
                                                     {"code", name(error.code)},
                                                     {"message", error.message},
                                                     {"param", nullptr}}));
}

json::object docmind_model() { return {{"id", kDocmind}, {"object", "model"}, {"created", 0}, {"owned_by", kDocmind}}; }

}  // namespace docmind::server
