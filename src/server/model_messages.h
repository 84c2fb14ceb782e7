// Anthropic's Messages for the loaded models: a request as the chat completion that asks the same, and its reply, whole
// or as a stream, as a message. Text, thoughts, tools that are offered, called and have answered go both ways;
// pictures, documents and tools that run at Anthropic are refused.
//
// Pure functions and one writer for one thread. Hostile input both ways: what clients and backends send is bounded by
// who reads it from the wire. Errors: kInvalidArgument with the field's name; kDataLoss for a reply that is none.
// Sources: Anthropic's and OpenAI's API references; docs/formats/engine.md.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/server.h"
#include "net/sse.h"

namespace docmind::server {

Result<std::string> completion_request_of(std::string_view message_request);
Result<std::string> message_of(std::string_view completion);
// An error body of OpenAI's shape in Anthropic's.
std::string message_error_of(int status, std::string_view body);

// Writes on what a chat completion's stream says as a message's stream.
class MessageWriter final : public net::ResponseWriter {
 public:
  explicit MessageWriter(net::ResponseWriter& out) : out_(out) {}  // Outlives it.

  Result<> send(net::Response response) override { return out_.send(std::move(response)); }
  Result<> begin(net::Response head) override;
  Result<> write(std::string_view bytes) override;
  Result<> end() override { return out_.end(); }
  std::stop_token stop() const override { return out_.stop(); }

 private:
  enum class Block : std::uint8_t { kNone, kText, kThinking, kTool };

  Result<std::string> events_of(std::string_view bytes);
  void take(const boost::json::value& chunk, std::string& events);
  void say(Block kind, std::string_view text, std::string& events);
  void call(const boost::json::value& call, std::string& events);
  void open(Block kind, boost::json::object block, std::string& events);
  void close(std::string& events);
  void finish(std::string& events);

  net::ResponseWriter& out_;
  net::SseParser parser_{};
  bool started_ = false;
  Block block_ = Block::kNone;  // The one that is open,
  std::size_t blocks_ = 0;      // of this many that were opened.
  std::uint64_t tool_ = 0;      // Which call it is.
  std::string why_ = "end_turn";
  boost::json::object usage_{};
};

}  // namespace docmind::server
