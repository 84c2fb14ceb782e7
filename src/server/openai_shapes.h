// Answers from the documents in OpenAI's shapes: chat completions and responses, whole and as a stream, and errors.
//
// What is cited stands as "[1]" in the text; a chat completion's url_citation annotations say where that mark stands
// (in code points, the end exclusive) and link to our page of the document, a response's file_citation annotations name
// the document. The rest stands under "docmind" (cited_text.h). A stream has one delta a sentence: nothing in it is
// unchecked. Pure functions.
// Sources: OpenAI's API reference; the types of its Python client 3.54.0.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>

#include "base/error.h"

namespace docmind::server {

// An answer on its way to a client.
struct ChatReply {
  std::string id{};             // "chatcmpl-..." and the like.
  std::int64_t created = 0;     // Seconds since 1970.
  std::string site{};           // Where our pages are: "http://127.0.0.1:8080", or nothing.
  boost::json::value answer{};  // As to_json wrote it.
};

std::string chat_completion(const ChatReply& reply);
enum class Usage : std::uint8_t { kLeftOut, kIncluded };
std::string chat_completion_stream(const ChatReply& reply, Usage usage);

std::string response_object(const ChatReply& reply);
std::string response_stream(const ChatReply& reply);

// {"error":{"message","type","param","code","hint"}}: OpenAI's fields, and ours.
std::string openai_error(const Error& error);
// The error of a stream that has begun.
std::string openai_stream_error(const Error& error);
std::string response_stream_error(const Error& error);

// What "model" names.
boost::json::object docmind_model();

}  // namespace docmind::server
