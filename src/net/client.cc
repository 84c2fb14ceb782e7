#include "net/client.h"

#include <vector>

#include "base/request_id.h"
#include "base/thread_annotations.h"
#include "base/trace_context.h"
#include "net/impl/transfer.h"

namespace docmind::net {
namespace {

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

void set_up(Transfer& transfer, const Endpoint& endpoint, const Request& request) {
  CURL* easy = transfer.easy();
  const std::string host = endpoint.unix_path.empty() ? name_of(endpoint) : "localhost";
  curl_easy_setopt(easy, CURLOPT_URL, ("http://" + host + request.target.text()).c_str());
  if (!endpoint.unix_path.empty()) curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, endpoint.unix_path.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  transfer.set_method(request.method, request.body);
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
  DM_TRY(start_curl());
  return std::unique_ptr<Client>(new Client(std::make_unique<State>(options)));
}

Result<Response> Client::send(const Endpoint& endpoint, const Request& request, const SendOptions& options) {
  DM_TRY(check(endpoint, request, state_->options.reach));
  std::unique_ptr<Line> line = state_->take();
  if (line->easy == nullptr || line->multi == nullptr)
    return Error{Code::kResourceExhausted, "no memory for a request"};
  const TransferOptions bounds{.deadline = options.deadline,
                               .stop = options.stop,
                               .max_body = options.max_body,
                               .first_byte = options.first_byte,
                               .idle = options.idle,
                               .clock = options.clock,
                               .on_data = options.on_data,
                               .body_size = options.body.size,
                               .body = options.body.read};
  Transfer transfer(*line, bounds);
  set_up(transfer, endpoint, request);
  const auto patience = std::chrono::ceil<std::chrono::milliseconds>(state_->options.connect_timeout);
  curl_easy_setopt(line->easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(patience.count()));
  Headers headers = request.headers;
  if (!request_id().empty() && !headers.find(kRequestIdHeader))
    headers.set(std::string(kRequestIdHeader), request_id());
  if (trace_context() && !headers.find(kTraceparentHeader))
    headers.set(kTraceparentHeader, traceparent(trace_context()));
  Response response = DM_TRY(transfer.run(headers, name_of(endpoint)));
  state_->give_back(std::move(line));
  return response;
}

Result<Response> Client::call(const Endpoint& endpoint, const Request& request, const SendOptions& options) {
  Response response = DM_TRY(send(endpoint, request, options));
  if (!is_success(response.status)) return error_of(response);
  return response;
}

}  // namespace docmind::net
