// A backend that answers as it is told and keeps what it was asked.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "llm/backend.h"

namespace docmind::llm::testing {

class FakeBackend final : public Backend {
 public:
  explicit FakeBackend(std::string name) : name_(std::move(name)) {}

  std::string metrics(Deadline, std::stop_token) override { return down ? "" : "texts{model=\"" + name_ + "\"} 1\n"; }
  Result<BackendInfo> info(Deadline, std::stop_token) override {
    if (down) return Error{Code::kUnavailable, name_ + " is down"};
    capabilities.model = name_;
    return BackendInfo{capabilities, R"({"id":")" + name_ + R"(","object":"model"})"};
  }
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline, std::stop_token) override {
    if (down || !capabilities.counts_tokens) return Error{Code::kUnavailable, name_ + " does not count"};
    std::vector<std::uint32_t> out;
    for (const std::string& text : texts) out.push_back(static_cast<std::uint32_t>(text.size()));
    return out;
  }
  Result<BackendReply> post(std::string_view path, std::string_view body, const OnBytes& on_bytes, Deadline,
                            std::stop_token) override {
    asked.emplace_back(path, body);
    if (down) return Error{Code::kUnavailable, name_ + " is down"};
    if (reply.status != 200 || !on_bytes) return reply;
    for (const std::string& piece : pieces) {
      if (auto taken = on_bytes(piece); !taken) return taken.error();
    }
    if (breaks) return Error{Code::kUnavailable, name_ + " died"};
    return BackendReply{};
  }

  Capabilities capabilities{};
  bool down = false;
  bool breaks = false;  // After its pieces.
  BackendReply reply{};
  std::vector<std::string> pieces{};
  std::vector<std::pair<std::string, std::string>> asked{};

 private:
  std::string name_;
};

}  // namespace docmind::llm::testing
