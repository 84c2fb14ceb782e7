// llm::Backend by a server at an address that speaks OpenAI's API: vLLM, llama-server, another.
//
// What the server can do is tried, not believed (probe.h), once for what it says of itself. When it could not be
// reached meanwhile it is asked who it is, and tried anew if that is another. Thread safety: any method from any
// thread; callers that come while it is tried wait for the same trial.
#pragma once
#include <atomic>
#include <string>

#include "exec/memo.h"
#include "llm/backend.h"
#include "llm/openai/probe.h"
#include "llm/openai/upstream.h"

namespace docmind::openai {

struct HttpBackendOptions {
  UpstreamOptions upstream{};
  std::string model{};  // As the server names it; empty: the first that it lists.
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

  const std::string model_;
  const Upstream upstream_;
  exec::Memo<Probed> probed_;
  std::atomic<bool> doubted_ = false;  // It could not be reached since: perhaps another one stands there now.
};

}  // namespace docmind::openai
