#include "net/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <vector>

#include "base/thread_annotations.h"

namespace docmind::net {
namespace {

constexpr std::size_t kMaxHeader = 64U << 10U;
constexpr int kPollMs = 1000;  // A stop wakes the poll; this only bounds how late a deadline is seen.

// One connection: the multi handle keeps it open between calls.
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

// What one call collects; curl hands it back to the callbacks.
struct Transfer {
  const SendOptions& options;
  CURL* easy;
  Response response{};
  std::size_t header_bytes = 0;
  bool header_ended = false;
  std::uint64_t body_bytes = 0;
  std::optional<Error> error{};  // Of ours, when a callback ended the call.
};

bool is_success(int status) { return status >= 200 && status < 300; }

Error too_large(const std::string& what) {
  return {Code::kResourceExhausted, "the server's " + what + " is larger than allowed", "Ask for less at once."};
}

// One header line, or a status line that starts a new set of them (after 100 Continue).
std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.header_bytes += size;
  if (transfer.header_bytes > kMaxHeader) {
    transfer.error = too_large("header");
    return 0;
  }
  std::string_view line(data, size);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  transfer.header_ended = line.empty();
  if (line.starts_with("HTTP/")) {
    transfer.response.headers = {};
    return size;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  transfer.response.headers.add(line.substr(0, colon), value);
  return size;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.body_bytes += size;
  if (transfer.body_bytes > transfer.options.max_body) {
    transfer.error = too_large("answer");
    return CURL_WRITEFUNC_ERROR;
  }
  long status = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  if (!transfer.options.on_data || !is_success(static_cast<int>(status))) {
    transfer.response.body.append(data, size);
    return size;
  }
  Result<> taken = transfer.options.on_data(std::string_view(data, size));
  if (taken) return size;
  transfer.error = std::move(taken).error();
  return CURL_WRITEFUNC_ERROR;
}

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
    default:
      return {Code::kUnavailable, where + ": " + curl_easy_strerror(code), "Try again."};
  }
}

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "::1" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

bool has_line_break(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos; }

std::string name_of(const Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) return endpoint.unix_path;
  const bool bare_v6 = endpoint.host.find(':') != std::string::npos && !endpoint.host.starts_with('[');
  return (bare_v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

Result<> check(const Endpoint& endpoint, const Request& request, Reach reach) {
  if (endpoint.unix_path.empty() && reach == Reach::kThisMachine && !is_this_machine(endpoint.host)) {
    return Error{Code::kInvalidArgument, endpoint.host + " is not this machine",
                 "Set allow_remote when text may leave this machine."};
  }
  if (endpoint.unix_path.empty() && endpoint.host.find_first_of("/@?#\\ %") != std::string::npos) {
    return Error{Code::kInvalidArgument, endpoint.host + " is not a host name", "Give the name alone."};
  }
  for (const auto& [name, value] : request.headers.fields()) {
    if (has_line_break(name) || has_line_break(value)) {
      return Error{Code::kInvalidArgument, "a header of the request contains a line break", "Leave it out."};
    }
  }
  return {};
}

// Frees a list of header lines with its scope.
struct HeaderList {
  curl_slist* list = nullptr;
  ~HeaderList() { curl_slist_free_all(list); }
  void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

void set_method(CURL* easy, const Request& request) {
  const bool has_body = !request.body.empty() || request.method == "POST" || request.method == "PUT";
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (has_body) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void set_up(CURL* easy, const Endpoint& endpoint, const Request& request, Transfer& transfer) {
  curl_easy_reset(easy);
  const std::string host = endpoint.unix_path.empty() ? name_of(endpoint) : "localhost";
  curl_easy_setopt(easy, CURLOPT_URL, ("http://" + host + request.target.text()).c_str());
  if (!endpoint.unix_path.empty()) curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, endpoint.unix_path.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  set_method(easy, request);
}

int poll_ms(const Deadline& deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(std::min<Duration>(deadline.left(), std::chrono::hours(1)));
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kPollMs));
}

// Drives the call to its end. The stop token wakes the poll from any thread.
Result<CURLcode> drive(CURLM* multi, const SendOptions& options) {
  const std::stop_callback wake(options.stop, [multi] { curl_multi_wakeup(multi); });
  int running = 1;
  while (true) {
    if (options.stop.stop_requested()) return Error{Code::kCancelled, "the request was stopped"};
    if (options.deadline.expired()) return Error{Code::kDeadlineExceeded, "the answer took too long", "Try again."};
    if (curl_multi_perform(multi, &running) != CURLM_OK) return Error{Code::kInternal, "curl failed"};
    int queued = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &queued)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    curl_multi_poll(multi, nullptr, 0, poll_ms(options.deadline), nullptr);
  }
}

}  // namespace

struct Client::State {
  explicit State(const ClientOptions& o) : options(o) {}

  std::unique_ptr<Line> take() {
    const MutexLock lock(mutex);
    if (idle.empty()) return std::make_unique<Line>();
    std::unique_ptr<Line> line = std::move(idle.back());
    idle.pop_back();
    return line;
  }
  void give_back(std::unique_ptr<Line> line) {
    const MutexLock lock(mutex);
    if (idle.size() < options.idle_connections) idle.push_back(std::move(line));
  }

  const ClientOptions options;
  Mutex mutex;
  std::vector<std::unique_ptr<Line>> idle DM_GUARDED_BY(mutex);
};

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::open(ClientOptions options) {
  static std::once_flag once;  // curl's own rule: once in a process, before anything else of it.
  static CURLcode ready = CURLE_FAILED_INIT;
  std::call_once(once, [] { ready = curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (ready != CURLE_OK) return Error{Code::kInternal, "libcurl does not start", "Check its installation."};
  return std::unique_ptr<Client>(new Client(std::make_unique<State>(options)));
}

Result<Response> Client::send(const Endpoint& endpoint, const Request& request, const SendOptions& options) {
  DM_TRY(check(endpoint, request, state_->options.reach));
  std::unique_ptr<Line> line = state_->take();
  if (line->easy == nullptr || line->multi == nullptr)
    return Error{Code::kResourceExhausted, "no memory for a request"};
  Transfer transfer{.options = options, .easy = line->easy};
  set_up(line->easy, endpoint, request, transfer);
  const auto patience = std::chrono::ceil<std::chrono::milliseconds>(state_->options.connect_timeout);
  curl_easy_setopt(line->easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(patience.count()));
  HeaderList headers;
  headers.add("Expect:");  // No round trip before the body.
  if (!request.headers.find("Content-Type")) headers.add("Content-Type:");
  for (const auto& [name, value] : request.headers.fields()) {
    headers.add(value.empty() ? name + ";" : name + ": " + value);
  }
  curl_easy_setopt(line->easy, CURLOPT_HTTPHEADER, headers.list);
  curl_multi_add_handle(line->multi, line->easy);
  const Result<CURLcode> ended = drive(line->multi, options);
  long status = 0;
  curl_easy_getinfo(line->easy, CURLINFO_RESPONSE_CODE, &status);
  curl_multi_remove_handle(line->multi, line->easy);  // A call that was cut short closes its connection here.
  if (!ended) return ended.error();
  if (transfer.error) return *std::move(transfer.error);
  if (*ended != CURLE_OK) return error_from(*ended, name_of(endpoint));
  if (!transfer.header_ended) return error_from(CURLE_PARTIAL_FILE, name_of(endpoint));  // curl lets this pass.
  transfer.response.status = static_cast<int>(status);
  state_->give_back(std::move(line));
  return std::move(transfer.response);
}

Result<Response> Client::call(const Endpoint& endpoint, const Request& request, const SendOptions& options) {
  Response response = DM_TRY(send(endpoint, request, options));
  if (!is_success(response.status)) return error_of(response);
  return response;
}

}  // namespace docmind::net
