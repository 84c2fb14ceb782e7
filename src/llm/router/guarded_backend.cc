#include "llm/router/guarded_backend.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "net/http.h"

namespace docmind::router {
namespace {

constexpr int kMostSeconds = 3600;  // A server that asks for more is not believed.

// A status as the failure of the backend that it is; none for an answer.
std::optional<Error> failure_of(const llm::BackendReply& reply) {
  constexpr std::array<int, 6> kFailures = {408, 429, 500, 502, 503, 504};
  if (std::ranges::find(kFailures, reply.status) == kFailures.end()) return std::nullopt;
  return Error{net::code_of(reply.status),
               "The model's server answered with status " + std::to_string(reply.status) + "."};
}

std::optional<Duration> wait_in(std::string_view retry_after) {
  int seconds = 0;
  const auto [end, error] = std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), seconds);
  const bool whole = error == std::errc() && end == retry_after.data() + retry_after.size();
  if (!whole || seconds < 0 || seconds > kMostSeconds) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

Result<std::unique_ptr<GuardedBackend>> GuardedBackend::open(const std::string& name, llm::Backend& backend,
                                                             const resilience::GuardOptions& options,
                                                             resilience::GuardDeps deps) {
  auto guard = DM_TRY(resilience::Guard::open(name, options, std::move(deps)));
  return std::unique_ptr<GuardedBackend>(new GuardedBackend(backend, std::move(guard)));
}

Result<llm::BackendInfo> GuardedBackend::info(Deadline deadline, std::stop_token stop) {
  const auto ask = [&](resilience::Attempt& attempt) { return backend_.info(attempt.deadline(), attempt.stop()); };
  return guard_->run({.deadline = deadline, .stop = std::move(stop)}, ask).result;
}

Result<std::vector<std::uint32_t>> GuardedBackend::count(std::span<const std::string> texts, Deadline deadline,
                                                         std::stop_token stop) {
  return backend_.count(texts, deadline, std::move(stop));
}

std::string GuardedBackend::metrics(Deadline deadline, std::stop_token stop) {
  return backend_.metrics(deadline, std::move(stop));
}

Result<llm::BackendReply> GuardedBackend::post(std::string_view path, std::string_view body, const OnBytes& on_bytes,
                                               Deadline deadline, std::stop_token stop) {
  std::optional<llm::BackendReply> refusal;  // What the last try was answered with, if it was.
  auto guarded =
      guard_->run({.deadline = deadline, .stop = stop}, [&](resilience::Attempt& attempt) -> Result<llm::BackendReply> {
        refusal.reset();
        OnBytes pass_on;
        if (on_bytes) {
          pass_on = [&](std::string_view bytes) -> Result<> {
            DM_TRY(attempt.to_client());
            return on_bytes(bytes);
          };
        }
        auto posted = backend_.post(path, body, pass_on, attempt.deadline(), attempt.stop());
        // A reply over its cap is broken; the same code of a status would mean "busy".
        if (!posted && posted.error().code == Code::kResourceExhausted) {
          return Error{Code::kDataLoss, posted.error().message, posted.error().hint};
        }
        llm::BackendReply reply = DM_TRY(std::move(posted));
        const std::optional<Error> failed = failure_of(reply);
        if (!failed) return reply;
        if (const auto wait = wait_in(reply.retry_after)) attempt.retry_after(*wait);
        refusal = std::move(reply);
        return *failed;
      });
  if (!guarded.result && refusal) return *std::move(refusal);
  return std::move(guarded.result);
}

resilience::BreakerStatus GuardedBackend::breaker() const {
  return guard_->breaker() != nullptr ? guard_->breaker()->status() : resilience::BreakerStatus{};
}

Duration GuardedBackend::left_alone() const {
  return guard_->breaker() != nullptr ? guard_->breaker()->tries_again() : Duration::zero();
}

}  // namespace docmind::router
