// An Ollama on a Unix socket (over TCP our own server takes no files) that keeps models as names and files as hashes,
// and can be told to fail.
#pragma once
#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/json_members.h"
#include "base/sha256.h"
#include "net/client.h"
#include "net/server.h"
#include "sys/testing/temp_folder.h"

namespace docmind::ollama::testing {

class FakeOllama {
 public:
  FakeOllama() {
    auto opened =
        net::Server::open({}, [this](const net::Request& request, net::ResponseWriter& out) { answer(request, out); });
    if (opened) server_ = *std::move(opened);
    DM_CHECK(static_cast<bool>(server_->listen_unix(endpoint().unix_path)));
  }
  ~FakeOllama() { server_->stop(Deadline::never()); }
  FakeOllama(const FakeOllama&) = delete;
  FakeOllama& operator=(const FakeOllama&) = delete;

  net::Endpoint endpoint() const { return {.unix_path = (folder_ / "o.sock").string()}; }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  std::size_t times(const std::string& request) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count(asked_.begin(), asked_.end(), request));
  }
  std::string last_body() {
    const std::lock_guard lock(mutex_);
    return last_body_;
  }
  // A file in a folder that goes with this object.
  std::filesystem::path write(const std::string& name, const std::string& bytes) { return folder_.write(name, bytes); }
  void remove_model(const std::string& name) {
    const std::lock_guard lock(mutex_);
    models_.erase(name);
  }

  // Set before the first request.
  std::map<std::string, std::string> instead{};  // "POST /api/pull": what it is answered with, as 200.
  std::map<std::string, int> statuses{};         // What comes instead has another status than 200.
  std::string hang{};                            // This request begins its answer and never goes on.
  std::string remote{};                          // Where its models run, when they run elsewhere.

 private:
  static std::string tagged(std::string name) { return name.find(':') == std::string::npos ? name + ":latest" : name; }

  net::Response listed() const {
    boost::json::array list;
    for (const auto& [name, digest] : models_) {
      list.push_back({{"name", name},
                      {"digest", digest},
                      {"size", 7},
                      {"remote_host", remote},
                      {"details", {{"family", "qwen3"}, {"parameter_size", "4.0B"}, {"quantization_level", "Q8_0"}}}});
    }
    return net::json_response(200, to_text(boost::json::object{{"models", std::move(list)}}));
  }

  net::Response create(const boost::json::value& body) {
    const std::string file(json_text(json_member(json_member(body, "files"), "model.gguf")));
    if (!blobs_.contains(file)) return net::json_response(400, R"({"error":"no such file"})");
    models_[tagged(std::string(json_text(json_member(body, "model"))))] = file + "+" + std::to_string(++made_);
    return {.body = "{\"status\":\"writing manifest\"}\n{\"status\":\"success\"}\n"};
  }

  net::Response blob(const net::Request& request, const std::string& digest) {
    if (request.method == "HEAD") return {.status = blobs_.contains(digest) ? 200 : 404};
    if ("sha256:" + Sha256().add(request.body).hex() != digest) {
      return net::json_response(400, R"({"error":"digest mismatch"})");
    }
    blobs_.insert(digest);
    return {.status = 201};
  }

  net::Response answer_to(const net::Request& request) {
    constexpr std::string_view kBlobs = "/api/blobs/";
    const std::string& path = request.target.path;
    if (path.starts_with(kBlobs)) return blob(request, path.substr(kBlobs.size()));
    if (path == "/api/version") return net::json_response(200, R"({"version":"0.17.4"})");
    if (path == "/api/tags") return listed();
    if (path == "/api/ps") {
      return net::json_response(200, R"({"models":[{"name":"m:latest","size":200,"size_vram":150,)"
                                     R"("context_length":4096,"expires_at":"2026-01-01T00:00:00Z"}]})");
    }
    const auto body = parse_json(request.body);
    if (!body) return net::json_response(400, R"({"error":"missing request body"})");
    if (path == "/api/create") return create(*body);
    if (path == "/api/pull") {
      return {.body = "{\"status\":\"pulling ab\",\"total\":10,\"completed\":5}\n{\"status\":\"success\"}\n"};
    }
    const std::string name = tagged(std::string(json_text(json_member(*body, "model"))));
    if (!models_.contains(name)) return net::json_response(404, "{\"error\":\"model '" + name + "' not found\"}");
    if (path == "/api/delete") models_.erase(name);
    if (path == "/api/show") {
      return net::json_response(200,
                                to_text(boost::json::object{{"remote_host", remote}, {"parameters", "num_ctx 512"}}));
    }
    if (path == "/api/chat") {
      return net::json_response(200, R"({"message":{"role":"assistant","content":"ok"},"done":true,)"
                                     R"("done_reason":"stop","prompt_eval_count":20,"eval_count":1})"
                                     "\n");
    }
    return net::json_response(200, R"({"done":true})");
  }

  void answer(const net::Request& request, net::ResponseWriter& out) {
    std::unique_lock lock(mutex_);
    const std::string what = request.method + " " + request.target.path;
    asked_.push_back(what);
    last_body_ = request.body;
    if (const auto found = instead.find(what); found != instead.end()) {
      const auto status = statuses.find(what);
      return (void)out.send({.status = status == statuses.end() ? 200 : status->second, .body = found->second});
    }
    if (hang != what) return (void)out.send(answer_to(request));
    (void)out.begin({.body = "{\"status\":\"begun\"}\n"});
    changed_.wait(lock, out.stop(), [] { return false; });
  }

  sys::TempFolder folder_;
  std::unique_ptr<net::Server> server_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::string> asked_;
  std::string last_body_;
  std::map<std::string, std::string> models_;
  std::set<std::string> blobs_;
  int made_ = 0;
};

}  // namespace docmind::ollama::testing
