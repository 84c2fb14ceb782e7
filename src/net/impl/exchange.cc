#include "net/impl/exchange.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/request_id.h"

namespace docmind::net {
namespace {

std::string clean(std::string_view value) {
  std::string out(value);
  std::ranges::replace_if(out, is_control, ' ');
  return out;
}

// The body's length and the connection's fate are ours to say.
bool is_framing(std::string_view name) {
  return same_name(name, "Content-Length") || same_name(name, "Transfer-Encoding") || same_name(name, "Connection");
}

}  // namespace

std::string head_text(const Response& response, bool keep_alive) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
  for (const auto& [name, value] : response.headers.fields()) {
    if (!is_framing(name)) out += fmt::format("{}: {}\r\n", clean(name), clean(value));
  }
  if (!request_id().empty()) out += fmt::format("{}: {}\r\n", kRequestIdHeader, request_id());
  if (!keep_alive) out += "Connection: close\r\n";
  return out;
}

std::string Exchange::chunk(std::string_view bytes) const {
  if (bytes.empty() || !framing_.body) return {};
  if (!framing_.chunks) return std::string(bytes);
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

Result<> Exchange::append(std::string bytes, Phase then) {
  {
    MutexLock lock(mutex_);
    drained_.wait(lock, [this]() DM_REQUIRES(mutex_) { return gone_ || pending_.size() < framing_.bound; });
    if (gone_) return Error{Code::kCancelled, "the client has gone or the server is stopping"};
    pending_ += bytes;
    phase_ = then;
  }
  wake_();
  return {};
}

Result<> Exchange::send(Response response) {
  {
    const MutexLock lock(mutex_);
    if (phase_ != Phase::kNew) return Error{Code::kInternal, "the request has been answered already"};
  }
  std::string bytes = head_text(response, framing_.keep_alive);
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) bytes += fmt::format("Content-Length: {}\r\n", response.body.size());
  bytes += "\r\n";
  if (framing_.body && !bodiless) bytes += response.body;
  return append(std::move(bytes), Phase::kDone);
}

Result<> Exchange::begin(Response head) {
  {
    const MutexLock lock(mutex_);
    if (phase_ != Phase::kNew) return Error{Code::kInternal, "the request has been answered already"};
    cut_ = !framing_.chunks;
  }
  std::string bytes = head_text(head, framing_.keep_alive && framing_.chunks);
  if (framing_.chunks) bytes += "Transfer-Encoding: chunked\r\n";
  return append(bytes + "\r\n" + chunk(head.body), Phase::kStreaming);
}

Result<> Exchange::write(std::string_view bytes) {
  {
    const MutexLock lock(mutex_);
    if (phase_ != Phase::kStreaming) return Error{Code::kInternal, "no stream is open"};
  }
  return append(chunk(bytes), Phase::kStreaming);
}

Result<> Exchange::end() {
  {
    const MutexLock lock(mutex_);
    if (phase_ != Phase::kStreaming) return Error{Code::kInternal, "no stream is open"};
  }
  return append(framing_.chunks && framing_.body ? "0\r\n\r\n" : "", Phase::kDone);
}

void Exchange::handler_done() {
  bool unanswered = false;
  {
    const MutexLock lock(mutex_);
    unanswered = phase_ == Phase::kNew;
    if (phase_ == Phase::kStreaming) {
      cut_ = true;
      phase_ = Phase::kDone;
    }
  }
  if (!unanswered) return wake_();
  const Error error{Code::kInternal, "the request was not answered", "This is a bug: please report it."};
  if (!send(error_response(error))) wake_();
}

std::string Exchange::take() {
  std::string out;
  const MutexLock lock(mutex_);
  out.swap(pending_);
  drained_.notify_all();
  return out;
}

bool Exchange::finished() const {
  const MutexLock lock(mutex_);
  return phase_ == Phase::kDone && pending_.empty();
}

bool Exchange::keep_alive() const {
  const MutexLock lock(mutex_);
  return framing_.keep_alive && !cut_;
}

void Exchange::abandon() {
  {
    const MutexLock lock(mutex_);
    gone_ = true;
    drained_.notify_all();
  }
  stop_.request_stop();  // Runs others' callbacks: never under the lock.
}

bool Exchange::abandoned() const {
  const MutexLock lock(mutex_);
  return gone_;
}

}  // namespace docmind::net
