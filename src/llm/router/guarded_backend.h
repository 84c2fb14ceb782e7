// A backend behind a guard (resilience/guard.h): tried again where that helps, left alone while it is broken.
//
// What counts as its failure: no connection, a broken or silent reply, status 429 and 500 to 504. Other statuses are
// answers. When all tries ended with a status, the last reply is given back as it came. Nothing is sent again once a
// byte of a stream went out. Counting tokens goes past the guard: who counts has an upper bound instead.
// Thread safety: any method from any thread.
#pragma once
#include <memory>
#include <string>

#include "llm/backend.h"
#include "resilience/guard.h"

namespace docmind::router {

class GuardedBackend final : public llm::Backend {
 public:
  // `backend` outlives it, like what `deps` has.
  static Result<std::unique_ptr<GuardedBackend>> open(const std::string& name, llm::Backend& backend,
                                                      const resilience::GuardOptions& options,
                                                      resilience::GuardDeps deps);

  Result<llm::BackendInfo> info(Deadline deadline, std::stop_token stop) override;
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline deadline,
                                           std::stop_token stop) override;
  std::string metrics(Deadline deadline, std::stop_token stop) override;
  Result<llm::BackendReply> post(std::string_view path, std::string_view body, const OnBytes& on_bytes,
                                 Deadline deadline, std::stop_token stop) override;

  // How the breaker stands, and how long it still refuses every call.
  resilience::BreakerStatus breaker() const;
  Duration left_alone() const;

 private:
  GuardedBackend(llm::Backend& backend, std::unique_ptr<resilience::Guard> guard)
      : backend_(backend), guard_(std::move(guard)) {}

  llm::Backend& backend_;
  std::unique_ptr<resilience::Guard> guard_;
};

}  // namespace docmind::router
