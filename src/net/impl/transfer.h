// One HTTP exchange over libcurl's multi interface: what Client and Web have in common.
//
// For one thread at a time, but for the stop token. What comes back is bounded: headers 64 KiB, body as the caller
// says.
#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "net/http.h"

namespace docmind::net {

// One connection: the multi handle keeps it open between exchanges.
struct Line {
  Line() : multi(curl_multi_init()), easy(curl_easy_init()) {}
  ~Line() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  CURLM* multi;
  CURL* easy;
};

// curl's own rule: once in a process, before anything else of it.
Result<> start_curl();

struct TransferOptions {
  Deadline deadline{};
  std::stop_token stop{};
  std::uint64_t max_body = 0;
  Duration first_byte = Duration::max();  // Longest wait for the first byte, by the clock below;
  Duration idle = Duration::max();        // from then on the longest time without one.
  const Clock* clock = nullptr;
  std::function<Result<>(const Response& head)> on_head{};  // Of a 2xx answer, before its body.
  std::function<Result<>(std::string_view)> on_data{};      // Pieces of a 2xx body, instead of keeping them.
  std::uint64_t body_size = 0;                              // Of the request's body, when it is read piece by piece:
  std::function<Result<std::size_t>(std::uint64_t at, std::span<char> into)> body{};
};

class Transfer {
 public:
  Transfer(Line& line, const TransferOptions& options);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // The easy handle is fresh but for the callbacks; the caller sets the URL and what else it wants.
  CURL* easy() const { return line_.easy; }
  void set_method(const std::string& method, std::string_view body);
  // Sends and receives. `where` names the other side in errors.
  Result<Response> run(const Headers& headers, const std::string& where);

 private:
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* user);
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* user);
  static std::size_t on_send(char* into, std::size_t, std::size_t size, void* user);
  static int on_seek(void* user, curl_off_t offset, int origin);
  Result<> take(std::string_view bytes);
  Result<CURLcode> drive();
  void expect_life_in(Duration patience);

  Line& line_;
  const TransferOptions& options_;
  Response response_{};
  Deadline silence_{};  // Until when a byte has to come.
  std::size_t header_bytes_ = 0;
  bool header_ended_ = false;
  bool head_given_ = false;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t sent_ = 0;        // Bytes of the request's body that were read.
  std::optional<Error> error_{};  // Of ours, when a callback ended the exchange.
};

bool is_success(int status);
bool is_this_machine(std::string_view host);
bool has_line_break(std::string_view text);
Error error_from(CURLcode code, const std::string& where);

}  // namespace docmind::net
