#include "cache/server/impl/request.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

namespace docmind::cache {
namespace {

namespace http = boost::beast::http;
using BeastView = boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

constexpr std::size_t kMostFields = 64;

HeadRead refuse(int status, std::string message, std::string hint) {
  return {.refused = Refused{status, {Code::kInvalidArgument, std::move(message), std::move(hint)}}};
}
HeadRead broken(std::string_view why) {
  return refuse(400, "the request is not valid HTTP/1.1: " + std::string(why), "Check the client.");
}

std::string_view view(BeastView text) { return {text.data(), text.size()}; }

// Beast's parser with its views taken as they come: nothing is copied.
class HeadParser final : public http::basic_parser<true> {
 public:
  HeadParser() {
    head_.fields.reserve(8);
    header_limit(std::numeric_limits<std::uint32_t>::max());  // Ours is kept to before.
    body_limit(boost::none);                                  // Ours is its route's.
  }

  HeadRead read(std::string_view bytes) {
    ErrorCode error;
    put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (!why_.empty()) return broken(why_);
    if (head_.fields.size() > kMostFields) return refuse(431, "the request has too many headers", "Send fewer.");
    if (error) return broken(error.message());
    if (lengths_ > 1) return broken("it has two lengths");
    if (hosts_ != 1) head_.plain = false;
    head_.size = bytes.size();
    head_.body = content_length().value_or(0);
    head_.keep_alive = keep_alive();
    return {.head = std::move(head_)};
  }

 private:
  void on_request_impl(http::verb, BeastView method, BeastView target, int, ErrorCode& error) override {
    head_.method = view(method);
    head_.target = view(target);
    if (!head_.target.starts_with('/')) refuse_as("its target is no path", error);
  }

  void on_field_impl(http::field field, BeastView name, BeastView value, ErrorCode& error) override {
    head_.fields.emplace_back(view(name), view(value));
    if (head_.fields.size() > kMostFields) error = http::error::header_limit;
    if (field == http::field::host) {
      head_.host = view(value);
      ++hosts_;
    } else if (field == http::field::content_length) {
      ++lengths_;
      if (value.find(',') != BeastView::npos) refuse_as("it has two lengths", error);
    } else if (field == http::field::transfer_encoding) {
      refuse_as("a body needs a Content-Length here, not a transfer coding", error);
    } else if (field == http::field::expect) {
      if (!net::same_name(view(value), "100-continue")) refuse_as("it expects what this server does not know", error);
      head_.expects_continue = true;
    } else if (field == http::field::origin || net::same_name(view(name), "sec-fetch-site")) {
      head_.plain = false;
    }
  }

  void refuse_as(std::string_view why, ErrorCode& error) {
    why_ = why;
    error = http::error::bad_field;
  }

  // Of a head alone nothing else happens.
  void on_response_impl(int, BeastView, int, ErrorCode&) override {}
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(BeastView, ErrorCode&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, BeastView, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView, ErrorCode&) override { return 0; }
  void on_finish_impl(ErrorCode&) override {}

  RequestHead head_;
  std::string_view why_;
  int hosts_ = 0;
  int lengths_ = 0;
};

}  // namespace

HeadRead read_head(std::string_view bytes, std::size_t most) {
  const std::size_t end = bytes.substr(0, most).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() < most) return {};
    return refuse(431, "the request's header is too large", "Send fewer or shorter headers.");
  }
  const std::string_view head = bytes.substr(0, end + 4);
  if (head.find("\r\n ") != std::string_view::npos || head.find("\r\n\t") != std::string_view::npos) {
    return broken("a line is folded");
  }
  return HeadParser().read(head);
}

std::optional<net::Response> refuse_foreign(const RequestHead& head, const net::HostRules& rules, std::string& known) {
  if (head.plain && !known.empty() && head.host == known && head.method != "POST") return std::nullopt;
  net::Request request{.method = std::string(head.method)};
  for (const auto& [name, value] : head.fields) request.headers.add(name, value);
  auto refusal = net::refuse_foreign(request, rules);
  if (!refusal && head.plain) known = head.host;
  return refusal;
}

}  // namespace docmind::cache
