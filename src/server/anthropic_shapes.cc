#include "server/anthropic_shapes.h"

#include <boost/json.hpp>
#include <map>

#include "base/json.h"
#include "base/json_members.h"
#include "net/sse.h"
#include "server/chat_request.h"
#include "server/cited_text.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

// Documents by their id, in the order in which they are first cited.
class DocumentIndexes {
 public:
  std::size_t of(const json::object& citation) {
    const std::string id(json_text(json_member(citation, "document_id")));
    return indexes_.try_emplace(id, indexes_.size()).first->second;
  }

 private:
  std::map<std::string, std::size_t> indexes_;
};

json::object citation_block(const json::object& citation, std::string_view site, DocumentIndexes& documents) {
  const std::size_t index = documents.of(citation);
  const std::uint64_t page = json_count(json_member(citation, "page"));
  if (page == 0) {
    return {{"type", "search_result_location"},
            {"cited_text", json_member(citation, "quote")},
            {"search_result_index", index},
            {"source", link_to(citation, site)},
            {"title", document_name(citation)},
            {"start_block_index", 0},
            {"end_block_index", 1}};
  }
  return {{"type", "page_location"},
          {"cited_text", json_member(citation, "quote")},
          {"document_index", index},
          {"document_title", document_name(citation)},
          {"file_id", nullptr},
          {"start_page_number", page},
          {"end_page_number", std::max(page, json_count(json_member(citation, "page_end"))) + 1}};  // Exclusive.
}

struct Block {
  std::string text{};
  json::array citations{};
};

// Read one after the other they are the text.
std::vector<Block> blocks_of(const ChatReply& reply) {
  std::vector<Block> out;
  DocumentIndexes documents;
  for (const Sentence& one : sentences_of(reply.answer)) {
    Block& block = out.emplace_back(Block{.text = (out.empty() ? "" : "\n\n") + one.text});
    for (const json::object& citation : one.citations) {
      block.citations.push_back(citation_block(citation, reply.site, documents));
    }
  }
  return out;
}

json::object usage_of(const json::value& answer) {
  const json::value& tokens = json_member(answer, "tokens");
  const std::uint64_t prompt = json_count(json_member(tokens, "prompt"));
  const std::uint64_t computed = std::min(prompt, json_count(json_member(tokens, "computed")));
  return message_usage(prompt, prompt - computed, json_count(json_member(tokens, "completion")));
}

json::object message(const ChatReply& reply, json::array content, const json::value& stop_reason) {
  return message_with(reply.id, kDocmind, std::move(content), stop_reason, usage_of(reply.answer));
}

std::string block_events(std::size_t index, const Block& block) {
  json::object empty{{"type", "text"}, {"text", ""}};
  if (!block.citations.empty()) empty["citations"] = json::array();
  std::string out =
      message_event({{"type", "content_block_start"}, {"index", index}, {"content_block", std::move(empty)}});
  for (const json::value& citation : block.citations) {
    out += message_delta_event(index, {{"type", "citations_delta"}, {"citation", citation}});
  }
  out += message_delta_event(index, {{"type", "text_delta"}, {"text", block.text}});
  return out + message_event({{"type", "content_block_stop"}, {"index", index}});
}

std::string_view type_of(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kConflict:
      return "invalid_request_error";
    case Code::kUnauthorized:
      return "authentication_error";
    case Code::kNotFound:
      return "not_found_error";
    case Code::kResourceExhausted:
      return "request_too_large";
    case Code::kRateLimited:
      return "rate_limit_error";
    case Code::kUnavailable:
      return "overloaded_error";
    case Code::kDeadlineExceeded:
      return "timeout_error";
    default:
      return "api_error";
  }
}

}  // namespace

json::object message_usage(std::uint64_t prompt, std::uint64_t cached, std::uint64_t output) {
  return {{"input_tokens", prompt - cached},
          {"cache_creation_input_tokens", 0},
          {"cache_read_input_tokens", cached},
          {"output_tokens", output}};
}

json::object message_with(std::string_view id, std::string_view model, json::array content,
                          const json::value& stop_reason, json::object usage) {
  return {{"id", id},
          {"type", "message"},
          {"role", "assistant"},
          {"model", model},
          {"content", std::move(content)},
          {"stop_reason", stop_reason},
          {"stop_sequence", nullptr},
          {"usage", std::move(usage)}};
}

std::string message_event(json::object body) {
  const std::string type(json_text(json_member(body, "type")));
  return net::sse_text(type, to_text(body));
}

std::string message_delta_event(std::size_t block, json::object delta) {
  return message_event({{"type", "content_block_delta"}, {"index", block}, {"delta", std::move(delta)}});
}

std::string message_object(const ChatReply& reply) {
  json::array content;
  for (Block& block : blocks_of(reply)) {
    const bool cites = !block.citations.empty();
    content.push_back({{"type", "text"},
                       {"text", block.text},
                       {"citations", cites ? json::value(std::move(block.citations)) : json::value(nullptr)}});
  }
  json::object out = message(reply, std::move(content), "end_turn");
  out["docmind"] = own_words(reply.answer, reply.site);
  return to_text(out);
}

std::string message_stream_start(const ChatReply& reply) {
  return message_event({{"type", "message_start"}, {"message", message(reply, {}, nullptr)}});
}

std::string message_stream_rest(const ChatReply& reply) {
  std::string out;
  const std::vector<Block> blocks = blocks_of(reply);
  for (std::size_t i = 0; i < blocks.size(); ++i) out += block_events(i, blocks[i]);
  out += message_event({{"type", "message_delta"},
                        {"delta", {{"stop_reason", "end_turn"}, {"stop_sequence", nullptr}}},
                        {"usage", usage_of(reply.answer)},
                        {"docmind", own_words(reply.answer, reply.site)}});
  return out + message_event({{"type", "message_stop"}});
}

std::string message_stream_ping() { return message_event({{"type", "ping"}}); }

std::string anthropic_error(const Error& error) {
  const std::string message = error.message + (error.hint.empty() ? "" : ": " + error.hint);
  return to_text(json::object{{"type", "error"}, {"error", {{"type", type_of(error.code)}, {"message", message}}}});
}

std::string message_stream_error(const Error& error) { return net::sse_text("error", anthropic_error(error)); }

}  // namespace docmind::server
