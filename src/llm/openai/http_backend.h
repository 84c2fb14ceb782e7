// llm::Backend by a server at an address that speaks OpenAI's API: vLLM, llama-server, another.
//
// What the server can do is tried, not believed (probe.h), once for what it says of itself. When it could not be
// reached meanwhile it is asked who it is, and tried anew if that is another. Thread safety: any method from any
// thread; callers that come while it is tried wait for the same trial.
#pragma once
#include <atomic>
#include <string>

#include "base/clock.h"
#include "exec/memo.h"
#include "llm/backend.h"
#include "llm/openai/probe.h"
#include "net/client.h"

namespace docmind::openai {

struct HttpBackendOptions {
  net::Endpoint endpoint{};
  std::string prefix{};   // Of every path, without a slash at its end: "/proxy" for http://host/proxy/v1.
  std::string api_key{};  // Empty: none is sent.
  std::string model{};    // As the server names it; empty: the first that it lists.
  Duration first_byte = std::chrono::minutes(10);  // A long prompt is computed before anything is written.
  Duration idle = std::chrono::seconds(60);        // Between two pieces of an answer.
  std::uint64_t max_reply = 64U << 20U;            // Bytes.
};

class HttpBackend final : public llm::Backend {
 public:
  // Both outlive it.
  HttpBackend(HttpBackendOptions options, net::Client& client, const Clock& clock);

  Result<llm::BackendInfo> info(Deadline deadline, std::stop_token stop) override;
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline deadline,
                                           std::stop_token stop) override;
  std::string metrics(Deadline deadline, std::stop_token stop) override;
  Result<llm::BackendReply> post(std::string_view path, std::string_view body, const OnBytes& on_bytes,
                                 Deadline deadline, std::stop_token stop) override;

 private:
  Result<Probed> probed(Deadline deadline, const std::stop_token& stop);
  Ask asking(Deadline deadline, const std::stop_token& stop) const;  // For the probe, while `this` lives.
  Result<net::Response> send(const net::Request& request, const OnBytes& on_bytes, Deadline deadline,
                             const std::stop_token& stop) const;

  const HttpBackendOptions options_;
  net::Client& client_;
  const Clock& clock_;
  exec::Memo<Probed> probed_;
  std::atomic<bool> doubted_ = false;  // It could not be reached since: perhaps another one stands there now.
};

}  // namespace docmind::openai
