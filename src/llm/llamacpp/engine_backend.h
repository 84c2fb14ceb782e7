// llm::Backend by our own engine process: requests go over its Unix socket as they are (docs/formats/engine.md).
//
// Thread safety: any method from any thread. A request whose engine dies before its first byte is sent once more to the
// next life; after that byte nothing is sent again. One that an engine had no memory for is sent to smaller and smaller
// ones, as long as there is something to give up.
#pragma once
#include <string>

#include "llm/backend.h"
#include "llm/child/server_child.h"
#include "net/client.h"

namespace docmind::llamacpp {

class EngineBackend final : public llm::Backend {
 public:
  // Both outlive it.
  EngineBackend(child::ServerChild& child, net::Client& client) : child_(child), client_(client) {}

  Result<llm::BackendInfo> info(Deadline deadline, std::stop_token stop) override;
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline deadline,
                                           std::stop_token stop) override;
  std::string metrics(Deadline deadline, std::stop_token stop) override;
  Result<llm::BackendReply> post(std::string_view path, std::string_view body, const OnBytes& on_bytes,
                                 Deadline deadline, std::stop_token stop) override;

 private:
  // As the paragraph above says.
  Result<net::Response> ask(const net::Request& request, net::SendOptions options);

  child::ServerChild& child_;
  net::Client& client_;
};

}  // namespace docmind::llamacpp
