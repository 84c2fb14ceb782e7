// What clients that were written for OpenAI's or Anthropic's API send, as one of our questions: the last message of the
// user is the question, what was said before is its history. Words of the system, tools and how to sample are left
// aside; what could only be obeyed by saying something else than the documents do (a JSON schema, a tool that must be
// called, two answers) is refused. Fields that are not known are left alone, those that are must have their type.
//
// Pure functions; hostile input. Errors: kInvalidArgument with the field's name. Bounds: those of read_question; of
// a conversation its last 32 questions count.
// Sources: OpenAI's API reference (chat completions, responses), Anthropic's (messages).
#pragma once
#include <boost/json/object.hpp>
#include <string_view>

#include "base/result.h"
#include "service/service.h"

namespace docmind::server {

inline constexpr std::string_view kDocmind = "docmind";  // The name of the model that answers from the documents.

struct ChatRequest {
  service::Question question{};
  bool stream = false;
  bool usage = false;  // A last event of the stream says what it cost.
};

Result<ChatRequest> read_chat_completion(std::string_view body);   // OpenAI's POST /v1/chat/completions.
Result<ChatRequest> read_response_request(std::string_view body);  // OpenAI's POST /v1/responses.
Result<ChatRequest> read_message_request(std::string_view body);   // Anthropic's POST /v1/messages.

// The fields of the last, their types checked.
Result<boost::json::object> message_fields(std::string_view body);

// The "model" of a body; empty when there is none to be read.
std::string model_in(std::string_view body);

}  // namespace docmind::server
