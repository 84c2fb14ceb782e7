// A server of models at an address: one request to it, with its key and within the limits that hold for all of them.
//
// Thread safety: const from any thread.
#pragma once
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/deadline.h"
#include "llm/backend.h"
#include "llm/child/server_child.h"
#include "net/client.h"

namespace docmind::openai {

struct UpstreamOptions {
  net::Endpoint endpoint{};
  child::ServerChild* child = nullptr;  // The process that answers, and says where; null: a server that runs already.
  std::string prefix{};                 // Of every path, without a slash at its end: "/proxy" for http://host/proxy/v1.
  std::string api_key{};                // Empty: none is sent.
  Duration first_byte = std::chrono::minutes(10);  // A long prompt is computed before anything is written.
  Duration idle = std::chrono::seconds(60);        // Between two pieces of an answer.
  std::uint64_t max_reply = 64U << 20U;            // Bytes.
};

class Upstream {
 public:
  // Both outlive it, like the child.
  Upstream(UpstreamOptions options, net::Client& client, const Clock& clock);

  // A POST when there is a body, else a GET. The reply whatever its status; with on_bytes that of status 200 is given
  // out as it arrives. Errors: those of net::Client::send(), and of a child that does not run.
  Result<net::Response> send(std::string path, std::string body, const llm::Backend::OnBytes& on_bytes,
                             Deadline deadline, const std::stop_token& stop) const;

 private:
  const UpstreamOptions options_;
  net::Client& client_;
  const Clock& clock_;
};

}  // namespace docmind::openai
