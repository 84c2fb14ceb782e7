#include "net/web.h"

#include <algorithm>

#include "net/impl/transfer.h"

namespace docmind::net {
namespace {

constexpr std::size_t kMaxAddress = 16U << 10U;
constexpr long kConnectMs = 30'000;

struct Address {
  CURLU* handle = curl_url();
  Address() = default;
  ~Address() { curl_url_cleanup(handle); }
  Address(const Address&) = delete;
  Address& operator=(const Address&) = delete;

  // A reference is taken relative to what was set before.
  bool set(std::string_view text) {
    return curl_url_set(handle, CURLUPART_URL, std::string(text).c_str(), CURLU_PATH_AS_IS) == CURLUE_OK;
  }
  std::string part(CURLUPart which) const {
    char* text = nullptr;
    if (curl_url_get(handle, which, &text, 0) != CURLUE_OK) return {};
    std::string out = text;
    curl_free(text);
    return out;
  }
};

Error no_address() {
  return {Code::kInvalidArgument, "That is no web address.", "Write it as https://HOST or https://HOST/PATH."};
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= kMaxAddress &&
         std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

Result<std::string> checked(const Address& address) {
  const std::string scheme = address.part(CURLUPART_SCHEME);
  const std::string host = address.part(CURLUPART_HOST);
  if (host.empty() || (scheme != "https" && scheme != "http")) return no_address();
  if (!address.part(CURLUPART_USER).empty() || !address.part(CURLUPART_PASSWORD).empty()) {
    return Error{Code::kInvalidArgument, "A web address may not hold a user or a password.", "Leave them out."};
  }
  if (scheme == "http" && !is_this_machine(host)) {
    return Error{Code::kInvalidArgument, "Plain http to another machine is not safe against changes on the way.",
                 "Use an address that begins with https."};
  }
  return address.part(CURLUPART_URL);
}

std::string host_of(const std::string& url) {
  Address address;
  return address.set(url) ? address.part(CURLUPART_HOST) : std::string();
}

}  // namespace

Result<std::string> web_address(std::string_view text) {
  Address address;
  if (!is_plain(text) || text.find("://") == std::string_view::npos || !address.set(text)) return no_address();
  return checked(address);
}

Result<std::string> resolve(std::string_view base, std::string_view reference) {
  Address address;
  if (!is_plain(base) || !address.set(base)) return no_address();
  const bool was_safe = address.part(CURLUPART_SCHEME) == "https";
  if (!is_plain(reference) || !address.set(reference)) {
    return Error{Code::kDataLoss, site_of(base) + " leads to something that is no web address.", "Check the address."};
  }
  if (was_safe && address.part(CURLUPART_SCHEME) != "https") {
    return Error{Code::kDataLoss, site_of(base) + " leads from https to an address without.", "Check the address."};
  }
  return checked(address);
}

std::string site_of(std::string_view url) {
  Address address;
  if (!address.set(url)) return "that address";
  const std::string port = address.part(CURLUPART_PORT);
  return address.part(CURLUPART_SCHEME) + "://" + address.part(CURLUPART_HOST) + (port.empty() ? "" : ":" + port);
}

struct CurlWeb::State {
  State(const Clock& c, std::string file) : clock(c), ca_file(std::move(file)) {}
  const Clock& clock;
  const std::string ca_file;
  Line line{};
};

CurlWeb::CurlWeb(std::unique_ptr<State> state) : state_(std::move(state)) {}
CurlWeb::~CurlWeb() = default;

Result<std::unique_ptr<CurlWeb>> CurlWeb::open(const Clock& clock, const std::string& ca_file) {
  DM_TRY(start_curl());
  auto state = std::make_unique<State>(clock, ca_file);
  if (state->line.easy == nullptr || state->line.multi == nullptr) {
    return Error{Code::kResourceExhausted, "no memory for a request"};
  }
  return std::unique_ptr<CurlWeb>(new CurlWeb(std::move(state)));
}

Result<Response> CurlWeb::send(const WebRequest& request, const WebOptions& options) {
  const std::string url = DM_TRY(web_address(request.url));
  for (const auto& [name, value] : request.headers.fields()) {
    if (has_line_break(name) || has_line_break(value)) {
      return Error{Code::kInvalidArgument, "a header of the request contains a line break", "Leave it out."};
    }
  }
  const TransferOptions bounds{.deadline = options.deadline,
                               .stop = options.stop,
                               .max_body = options.max_body,
                               .first_byte = options.idle,
                               .idle = options.idle,
                               .clock = &state_->clock,
                               .on_head = options.on_head,
                               .on_data = options.on_data};
  Transfer transfer(state_->line, bounds);
  CURL* easy = transfer.easy();
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!state_->ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, state_->ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
  if (is_this_machine(host_of(url))) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  transfer.set_method(request.method, {});
  return transfer.run(request.headers, site_of(url));
}

}  // namespace docmind::net
