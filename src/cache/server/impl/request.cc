#include "cache/server/impl/request.h"

#include <algorithm>
#include <charconv>

namespace docmind::cache {
namespace {

constexpr std::size_t kMostFields = 64;

HeadRead refuse(int status, std::string message, std::string hint) {
  return {.refused = Refused{status, {Code::kInvalidArgument, std::move(message), std::move(hint)}}};
}
HeadRead broken(std::string_view why) {
  return refuse(400, "the request is not valid HTTP/1.1: " + std::string(why), "Check the client.");
}

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

bool is_value(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t'; });
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Method, target, version.
std::optional<std::string_view> read_line(std::string_view line, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return "its first line is not METHOD TARGET VERSION";
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(head.method)) return "its method is no word";
  if (head.target.empty() || head.target.front() != '/' || !is_visible(head.target)) return "its target is no path";
  if (version == "HTTP/1.0") {
    head.keep_alive = false;
  } else if (version != "HTTP/1.1") {
    return "its version is not HTTP/1.1";
  }
  return std::nullopt;
}

struct Seen {
  int hosts = 0;
  int lengths = 0;
};

std::optional<std::string_view> read_field(std::string_view name, std::string_view value, RequestHead& head,
                                           Seen& seen) {
  if (net::same_name(name, "host")) {
    head.host = value;
    ++seen.hosts;
  } else if (net::same_name(name, "content-length")) {
    ++seen.lengths;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), head.body);
    const bool digits = !value.empty() && value.front() >= '0' && value.front() <= '9';
    if (!digits || read.ec != std::errc{} || read.ptr != value.data() + value.size()) return "its length is no number";
  } else if (net::same_name(name, "transfer-encoding")) {
    return "a body needs a Content-Length here, not a transfer coding";
  } else if (net::same_name(name, "connection")) {
    if (net::same_name(value, "close")) head.keep_alive = false;
    if (net::same_name(value, "keep-alive")) head.keep_alive = true;
  } else if (net::same_name(name, "expect")) {
    if (!net::same_name(value, "100-continue")) return "it expects what this server does not know";
    head.expects_continue = true;
  } else if (net::same_name(name, "origin") || net::same_name(name, "sec-fetch-site")) {
    head.plain = false;
  }
  return std::nullopt;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

HeadRead read_head(std::string_view bytes, std::size_t most) {
  const std::size_t end = bytes.substr(0, most).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() < most) return {};
    return refuse(431, "the request's header is too large", "Send fewer or shorter headers.");
  }
  RequestHead head;
  head.size = end + 4;
  std::string_view lines = bytes.substr(0, end + 2);
  const std::size_t first = lines.find("\r\n");
  if (const auto why = read_line(lines.substr(0, first), head)) return broken(*why);
  lines.remove_prefix(first + 2);
  Seen seen;
  head.fields.reserve(8);
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find("\r\n"));
    lines.remove_prefix(line.size() + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return broken("a header has no name");
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_value(value)) return broken("a header has control characters");
    if (head.fields.size() == kMostFields) return refuse(431, "the request has too many headers", "Send fewer.");
    head.fields.emplace_back(line.substr(0, colon), value);
    if (const auto why = read_field(head.fields.back().first, value, head, seen)) return broken(*why);
  }
  if (seen.lengths > 1) return broken("it has two lengths");
  if (seen.hosts != 1) head.plain = false;
  return {.head = std::move(head)};
}

std::optional<net::Response> refuse_foreign(const RequestHead& head, const net::HostRules& rules, std::string& known) {
  if (head.plain && !known.empty() && head.host == known && head.method != "POST") return std::nullopt;
  net::Request request{.method = std::string(head.method)};
  for (const auto& [name, value] : head.fields) request.headers.add(name, value);
  auto refusal = net::refuse_foreign(request, rules);
  if (!refusal && head.plain) known = head.host;
  return refusal;
}

Result<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' && plus_is_space ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
    const int low = high >= 0 ? digit(text[i + 2]) : -1;
    if (low < 0) {
      return Error{Code::kInvalidArgument, "the path has a broken %-escape",
                   "Percent-encode the key as RFC 3986 says."};
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace docmind::cache
