// A server with OpenAI's API on a free port of this machine, that can and does what its members say.
#pragma once
#include <boost/json.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/json_members.h"
#include "net/server.h"

namespace docmind::openai::testing {

class OpenAiServer {
 public:
  static constexpr const char* kModels =
      R"({"object":"list","data":[{"id":"qwen","owned_by":"vllm","max_model_len":4096}]})";

  OpenAiServer() {
    auto opened =
        net::Server::open({}, [this](const net::Request& request, net::ResponseWriter& out) { answer(request, out); });
    if (opened) server_ = *std::move(opened);
    if (const auto port = server_->listen_tcp({.host = "127.0.0.1", .port = 0})) port_ = *port;
  }
  ~OpenAiServer() { server_->stop(Deadline::never()); }
  OpenAiServer(const OpenAiServer&) = delete;
  OpenAiServer& operator=(const OpenAiServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  // Waits for a request that hangs to have been left by its client.
  void wait_until_left() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return left_; });
  }

  // Set before the first request.
  std::string key{};
  std::string models = kModels;
  bool schema = true;
  bool tools = true;
  bool caches = true;
  std::string counts = "prompt";  // Or "content", or "".
  std::string odd{};              // What a request with "odd" in its body is answered with.
  std::string drops{};            // A request with this in its body is answered by half.
  std::string hang{};             // A request with this in its body begins its answer and never goes on.

 private:
  static net::Response says(const std::string& text, bool cached) {
    const boost::json::object reply{
        {"choices",
         {{{"index", 0}, {"message", {{"role", "assistant"}, {"content", text}}}, {"finish_reason", "stop"}}}},
        {"usage",
         {{"prompt_tokens", 300},
          {"completion_tokens", 2},
          {"prompt_tokens_details", {{"cached_tokens", cached ? 288 : 0}}}}}};
    return net::json_response(200, to_text(reply));
  }

  net::Response chat(const boost::json::value& body) {
    if (!tools && json_member(body, "tools").is_array())
      return net::json_response(400, R"({"error":{"message":"no tools"}})");
    if (json_member(body, "response_format").is_object()) return says(schema ? R"({"ok":true})" : "Sure: ok.", false);
    const bool again = std::exchange(last_, to_text(json_member(body, "messages"))) == last_before_;
    last_before_ = last_;
    return says("Hello.", caches && again);
  }

  net::Response answer_to(const net::Request& request) {
    const std::string& path = request.target.path;
    if (!key.empty() && request.headers.find("Authorization") != "Bearer " + key) return net::json_response(401, "{}");
    if (path == "/v1/models") return net::json_response(200, models);
    if (path == "/version") return net::json_response(200, R"({"version":"0.32.0"})");
    if (path == "/props") {
      return net::json_response(200, R"({"build_info":"b1-x","default_generation_settings":{"n_ctx":2048}})");
    }
    if (path == "/metrics") return {.body = "up 1\n"};
    const auto body = parse_json(request.body);
    if (!body) return net::json_response(400, "{}");
    if (path == "/tokenize" && json_member(*body, counts).is_string()) {
      const std::size_t size = json_text(json_member(*body, counts)).size();
      if (counts == "prompt") return net::json_response(200, to_text(boost::json::object{{"count", size}}));
      return net::json_response(200, to_text(boost::json::object{{"tokens", boost::json::array(size, 7)}}));
    }
    return path == "/v1/chat/completions" ? chat(*body) : net::json_response(404, "{}");
  }

  void answer(const net::Request& request, net::ResponseWriter& out) {
    std::unique_lock lock(mutex_);
    asked_.push_back(request.method + " " + request.target.path);
    if (!drops.empty() && request.body.find(drops) != std::string::npos) {  // A stream that is left is cut off.
      return (void)out.begin({.body = "half"});
    }
    if (!odd.empty() && request.body.find("odd") != std::string::npos) return (void)out.send({.body = odd});
    if (hang.empty() || request.body.find(hang) == std::string::npos) return (void)out.send(answer_to(request));
    (void)out.begin({.headers = {{"Content-Type", "text/event-stream"}}, .body = "data: {\"choices\":[]}\n\n"});
    changed_.wait(lock, out.stop(), [] { return false; });
    left_ = true;
    changed_.notify_all();
  }

  std::unique_ptr<net::Server> server_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::string> asked_;
  std::string last_;
  std::string last_before_;
  bool left_ = false;
};

}  // namespace docmind::openai::testing
