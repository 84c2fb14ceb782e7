// Answers from the documents in the shapes of Anthropic's Messages API, whole and as a stream, and errors.
//
// A block of text a sentence, its citations beside it: page_location where the format has pages, else
// search_result_location with the link to our page of the document. The rest stands under "docmind". Pure functions.
// Sources: Anthropic's API reference; the types of its Python client 2.12.0.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http.h"
#include "server/openai_shapes.h"

namespace docmind::server {

std::string message_object(const ChatReply& reply);
// A stream is its start and, once there is an answer, what follows; a ping may stand between.
std::string message_stream_start(const ChatReply& reply);
std::string message_stream_rest(const ChatReply& reply);
std::string message_stream_ping();
std::string message_stream_error(const Error& error);

// What a message is made of. Tokens of the prompt that were not computed for it are read from a cache.
boost::json::object message_usage(std::uint64_t prompt, std::uint64_t cached, std::uint64_t output);
boost::json::object message_with(std::string_view id, std::string_view model, boost::json::array content,
                                 const boost::json::value& stop_reason, boost::json::object usage);

// One event of a stream, named by its type; and what a block of a message goes on with.
std::string message_event(boost::json::object body);
std::string message_delta_event(std::size_t block, boost::json::object delta);

// {"type":"error","error":{"type","message"}}
std::string anthropic_error(const Error& error);

}  // namespace docmind::server
