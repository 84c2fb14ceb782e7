// Requests to other machines, for what a person asked to be fetched from an address they gave. Nothing else may use it.
//
// Web is the seam; CurlWeb does it with libcurl and OpenSSL: https with the machine's certificates, plain http to this
// machine alone; no redirect is followed (the caller decides), no cookie, no user or password in an address. A proxy is
// the one the environment names (https_proxy, no_proxy), never for this machine. Thread safety: send() from one thread.
// Errors: kInvalidArgument (an address that is none), kUnavailable, kDeadlineExceeded, kUnauthorized (a certificate),
// kResourceExhausted (answer over its cap), kDataLoss (not HTTP), kCancelled.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "net/http.h"

namespace docmind::net {

struct WebRequest {
  std::string method = "GET";  // Or HEAD.
  std::string url{};
  Headers headers{};
};

struct WebOptions {
  Deadline deadline{};  // For the whole call.
  std::stop_token stop{};
  Duration idle = std::chrono::seconds(30);  // Longest time without a byte: kDeadlineExceeded.
  std::uint64_t max_body = 4U << 20U;
  std::function<Result<>(const Response& head)> on_head{};  // Of a 2xx answer, before its body.
  std::function<Result<>(std::string_view)> on_data{};      // Pieces of a 2xx body, instead of keeping them.
};

class Web {
 public:
  virtual ~Web() = default;
  virtual Result<Response> send(const WebRequest& request, const WebOptions& options) = 0;
};

class CurlWeb final : public Web {
 public:
  // `ca_file`: certificates (PEM) that are trusted instead of the machine's; empty: the machine's.
  static Result<std::unique_ptr<CurlWeb>> open(const Clock& clock, const std::string& ca_file = {});
  ~CurlWeb() override;
  CurlWeb(const CurlWeb&) = delete;
  CurlWeb& operator=(const CurlWeb&) = delete;

  Result<Response> send(const WebRequest& request, const WebOptions& options) override;

 private:
  struct State;
  explicit CurlWeb(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What `reference` (a Location header, or a whole address) means at `base`: an address that CurlWeb may ask. kDataLoss
// or kInvalidArgument when it is none, or leads from https to http.
Result<std::string> resolve(std::string_view base, std::string_view reference);
// An address that CurlWeb may ask, in its normal form.
Result<std::string> web_address(std::string_view text);
// "https://host:port" of an address, for messages.
std::string site_of(std::string_view url);

}  // namespace docmind::net
