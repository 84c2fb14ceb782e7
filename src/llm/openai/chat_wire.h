// Chat requests and replies in OpenAI's JSON (POST /v1/chat/completions), whole and as a stream of chunks.
//
// Pure; replies are hostile input: bounded by the caller, every field checked for its type.
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "llm/chat_model.h"

namespace docmind::openai {

// The request's body. Fields that only some backends know (documents, passages, priority) are there only when used.
// kInvalidArgument when a schema or a tool's parameters are not JSON.
Result<std::string> chat_body(const llm::ChatRequest& request, std::string_view model, bool stream);

// A whole reply; kDataLoss when it is not one.
Result<llm::ChatReply> chat_reply(std::string_view body);

// Whether these bytes begin a stream of events: "data:", "event:", "id:", "retry:", a comment or an empty line.
bool is_events(std::string_view bytes);

// A reply to a request for a stream, read to its end: its events, or one object from a server that does not stream.
// Its error where it has one; kUnavailable when it was cut.
Result<llm::ChatReply> streamed_reply(std::string_view body);

// Puts a stream's chunks together.
class ChunkReader {
 public:
  // One event's data. Returns the text it adds, empty when it adds none. An error event is its error.
  Result<std::string> take(std::string_view data);
  bool done() const { return done_; }  // [DONE] was there: without it a stream was cut.
  llm::ChatReply reply() && { return std::move(reply_); }

 private:
  Result<> take_tool_call(const boost::json::object& call);

  llm::ChatReply reply_;
  bool done_ = false;
};

// The error of a reply with another status than 200, with the backend's own words where it has some.
Error reply_error(int status, std::string_view body, std::string_view retry_after);

}  // namespace docmind::openai
