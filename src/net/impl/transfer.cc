#include "net/impl/transfer.h"

#include <algorithm>
#include <cstdio>
#include <mutex>

namespace docmind::net {
namespace {

constexpr std::size_t kMaxHeader = 64U << 10U;
constexpr long kUploadPiece = 1L << 20;  // Bytes of a body that are read at once.
constexpr int kPollMs = 1000;            // A stop wakes the poll; this only bounds how late a deadline is seen.

Error too_large(const std::string& what) {
  return {Code::kResourceExhausted, "the server's " + what + " is larger than allowed", "Ask for less at once."};
}

// Frees a list of header lines with its scope.
struct HeaderList {
  curl_slist* list = nullptr;
  ~HeaderList() { curl_slist_free_all(list); }
  void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

// Puts a handle to work for a scope. One that is cut short closes its connection at the end.
class AtWork {
 public:
  explicit AtWork(Line& line) : line_(line) { curl_multi_add_handle(line.multi, line.easy); }
  ~AtWork() { curl_multi_remove_handle(line_.multi, line_.easy); }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  Line& line_;
};

int poll_ms(const Deadline& deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(std::min<Duration>(deadline.left(), std::chrono::hours(1)));
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kPollMs));
}

int status_of_handle(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

}  // namespace

bool is_success(int status) { return status >= 200 && status < 300; }

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "::1" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

bool has_line_break(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos; }

Error error_from(CURLcode code, const std::string& where) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
      return {Code::kUnavailable, "nobody answers at " + where, "Start that server, or check its address."};
    case CURLE_OPERATION_TIMEDOUT:
      return {Code::kDeadlineExceeded, where + " did not answer in time", "Try again, or allow more time."};
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return {Code::kUnavailable, where + " closed the connection before its answer was whole", "Try again."};
    case CURLE_OUT_OF_MEMORY:  // What curl says of a header line past its own cap of 100 KB.
      return too_large("header");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return {Code::kDataLoss, "what answers at " + where + " does not speak HTTP", "Check the address."};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return {Code::kUnauthorized, "the certificate of " + where + " is not one that this machine trusts",
              "Check the address and the machine's certificates (the package ca-certificates)."};
    default:
      return {Code::kUnavailable, where + ": " + curl_easy_strerror(code), "Try again."};
  }
}

Result<> start_curl() {
  static std::once_flag once;
  static CURLcode ready = CURLE_FAILED_INIT;
  std::call_once(once, [] { ready = curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (ready != CURLE_OK) return Error{Code::kInternal, "libcurl does not start", "Check its installation."};
  return {};
}

Transfer::Transfer(Line& line, const TransferOptions& options) : line_(line), options_(options) {
  curl_easy_reset(line.easy);
  curl_easy_setopt(line.easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(line.easy, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(line.easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(line.easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(line.easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(line.easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(line.easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(line.easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(line.easy, CURLOPT_WRITEDATA, this);
  expect_life_in(options.first_byte);
}

void Transfer::set_method(const std::string& method, std::string_view body) {
  if (method == "HEAD") {
    curl_easy_setopt(easy(), CURLOPT_NOBODY, 1L);
  } else if (options_.body) {
    curl_easy_setopt(easy(), CURLOPT_POST, 1L);
    curl_easy_setopt(easy(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(options_.body_size));
    curl_easy_setopt(easy(), CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(easy(), CURLOPT_READDATA, this);
    curl_easy_setopt(easy(), CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(easy(), CURLOPT_SEEKDATA, this);
    curl_easy_setopt(easy(), CURLOPT_UPLOAD_BUFFERSIZE, kUploadPiece);
  } else if (!body.empty() || method == "POST" || method == "PUT") {
    curl_easy_setopt(easy(), CURLOPT_POST, 1L);
    curl_easy_setopt(easy(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy(), CURLOPT_POSTFIELDS, body.data());
  }
  curl_easy_setopt(easy(), CURLOPT_CUSTOMREQUEST, method.c_str());
}

void Transfer::expect_life_in(Duration patience) {
  const bool limited = options_.clock != nullptr && patience != Duration::max();
  silence_ = limited ? Deadline::in(patience, *options_.clock) : Deadline::never();
}

// One header line, or a status line that starts a new set of them (after 100 Continue).
std::size_t Transfer::on_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.expect_life_in(transfer.options_.idle);
  transfer.header_bytes_ += size;
  if (transfer.header_bytes_ > kMaxHeader) {
    transfer.error_ = too_large("header");
    return 0;
  }
  std::string_view line(data, size);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  transfer.header_ended_ = line.empty();
  if (line.starts_with("HTTP/")) {
    transfer.response_.headers = {};
    return size;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  transfer.response_.headers.add(line.substr(0, colon), value);
  return size;
}

std::size_t Transfer::on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  Result<> taken = transfer.take({data, size});
  transfer.expect_life_in(transfer.options_.idle);  // After it was taken: who reads slowly is not the server's silence.
  if (taken) return size;
  transfer.error_ = std::move(taken).error();
  return CURL_WRITEFUNC_ERROR;
}

std::size_t Transfer::on_send(char* into, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::uint64_t left = transfer.options_.body_size - transfer.sent_;
  if (left == 0) return 0;
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left, size));
  Result<std::size_t> read = transfer.options_.body(transfer.sent_, {into, most});
  transfer.expect_life_in(transfer.options_.first_byte);
  if (!read || *read == 0 || *read > most) {
    transfer.error_ =
        read ? Error{Code::kInternal, "the body of a request has another size than was said"} : std::move(read).error();
    return CURL_READFUNC_ABORT;
  }
  transfer.sent_ += *read;
  return *read;
}

// A connection that was kept had been closed at the other end: all again, over a new one.
int Transfer::on_seek(void* user, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (origin != SEEK_SET || offset < 0 || static_cast<std::uint64_t>(offset) > transfer.options_.body_size) {
    return CURL_SEEKFUNC_CANTSEEK;
  }
  transfer.sent_ = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

Result<> Transfer::take(std::string_view bytes) {
  body_bytes_ += bytes.size();
  if (body_bytes_ > options_.max_body) return too_large("answer");
  response_.status = status_of_handle(easy());
  if (is_success(response_.status)) {
    if (options_.on_head && !head_given_) DM_TRY(options_.on_head(response_));
    head_given_ = true;
    if (options_.on_data) return options_.on_data(bytes);
  }
  response_.body.append(bytes);
  return {};
}

// Drives the exchange to its end. The stop token wakes the poll from any thread.
Result<CURLcode> Transfer::drive() {
  CURLM* multi = line_.multi;
  const std::stop_callback wake(options_.stop, [multi] { curl_multi_wakeup(multi); });
  int running = 1;
  while (true) {
    if (options_.stop.stop_requested()) return Error{Code::kCancelled, "the request was stopped"};
    if (options_.deadline.expired()) return Error{Code::kDeadlineExceeded, "the answer took too long", "Try again."};
    if (silence_.expired()) return Error{Code::kDeadlineExceeded, "nothing arrived for too long", "Try again."};
    if (curl_multi_perform(multi, &running) != CURLM_OK) return Error{Code::kInternal, "curl failed"};
    int queued = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &queued)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    const Deadline& next = silence_.left() < options_.deadline.left() ? silence_ : options_.deadline;
    curl_multi_poll(multi, nullptr, 0, poll_ms(next), nullptr);
  }
}

Result<Response> Transfer::run(const Headers& headers, const std::string& where) {
  HeaderList lines;
  lines.add("Expect:");  // No round trip before the body.
  if (!headers.find("Content-Type")) lines.add("Content-Type:");
  for (const auto& [name, value] : headers.fields()) lines.add(value.empty() ? name + ";" : name + ": " + value);
  curl_easy_setopt(easy(), CURLOPT_HTTPHEADER, lines.list);
  const AtWork at_work(line_);
  const Result<CURLcode> ended = drive();
  if (!ended) return ended.error();
  if (error_) return *std::move(error_);
  if (*ended != CURLE_OK) return error_from(*ended, where);
  if (!header_ended_) return error_from(CURLE_PARTIAL_FILE, where);  // curl lets this pass.
  response_.status = status_of_handle(easy());
  if (options_.on_head && !head_given_ && is_success(response_.status)) DM_TRY(options_.on_head(response_));
  return std::move(response_);
}

}  // namespace docmind::net
