// llm::Backend by an Ollama server: what goes to it in OpenAI's form is put into Ollama's own and back (ollama_wire.h),
// with the window that we say, so that it never cuts a prompt.
//
// Thread safety: any method from any thread; callers that come while it is tried wait for the same trial.
#pragma once
#include <atomic>
#include <string>

#include "exec/memo.h"
#include "llm/backend.h"
#include "llm/ollama/ollama_wire.h"
#include "llm/ollama/own_model.h"
#include "llm/openai/upstream.h"

namespace docmind::ollama {

struct OllamaOptions {
  openai::UpstreamOptions upstream{};
  std::string model{};        // As Ollama names it; empty: the first that it lists.
  std::uint32_t context = 0;  // Tokens; 0: what the model's own parameters say, else 8,192. At most the model's window.
  std::string keep_alive = "5m";
  OwnModel* own = nullptr;  // Made before it is asked for anything, when that is the model. Outlives the backend.
};

class OllamaBackend final : public llm::Backend {
 public:
  // Both outlive it.
  OllamaBackend(OllamaOptions options, net::Client& client, const Clock& clock);

  Result<llm::BackendInfo> info(Deadline deadline, std::stop_token stop) override;
  // kUnavailable: Ollama does not count tokens.
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline deadline,
                                           std::stop_token stop) override;
  std::string metrics(Deadline deadline, std::stop_token stop) override;  // It has none.
  // /v1/chat/completions; another path is kInvalidArgument.
  Result<llm::BackendReply> post(std::string_view path, std::string_view body, const OnBytes& on_bytes,
                                 Deadline deadline, std::stop_token stop) override;

 private:
  Result<llm::BackendInfo> probe(Deadline deadline, const std::stop_token& stop);
  Result<std::string> name_of_model(Deadline deadline, const std::stop_token& stop) const;
  Result<llm::BackendReply> chat(std::string_view body, const Window& window, const OnBytes& on_bytes,
                                 Deadline deadline, const std::stop_token& stop) const;

  const OllamaOptions options_;
  const openai::Upstream upstream_;
  exec::Memo<llm::BackendInfo> info_;
  std::atomic<std::uint64_t> made_ = 0;  // What OwnModel::ready() said when info_ was learned.
};

}  // namespace docmind::ollama
