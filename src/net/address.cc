#include "net/address.h"

#include <curl/curl.h>

#include <charconv>
#include <memory>

#include "net/impl/transfer.h"

namespace docmind::net {
namespace {

constexpr std::size_t kLongest = 2048;

std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

}  // namespace

Result<Address> address_of(std::string_view text) {
  const Error none{Code::kInvalidArgument, "That is no address of a server.",
                   "Write it as http://127.0.0.1:8000; https is not spoken to backends."};
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
  if (!url || text.size() > kLongest || text.find_first_of(" \t\r\n") != std::string_view::npos) return none;
  if (curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK) return none;
  for (const CURLUPart which : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    if (!part(url.get(), which).empty()) return none;
  }
  Address out;
  out.endpoint.host = part(url.get(), CURLUPART_HOST);
  if (part(url.get(), CURLUPART_SCHEME) != "http" || out.endpoint.host.empty()) return none;
  const std::string port = part(url.get(), CURLUPART_PORT);
  out.endpoint.port = 80;
  if (!port.empty()) {
    std::from_chars(port.data(), port.data() + port.size(), out.endpoint.port);
    if (out.endpoint.port == 0) return none;
  }
  out.path = part(url.get(), CURLUPART_PATH);
  while (out.path.ends_with('/')) out.path.pop_back();
  return out;
}

bool is_loopback(const Endpoint& endpoint) { return !endpoint.unix_path.empty() || is_this_machine(endpoint.host); }

}  // namespace docmind::net
