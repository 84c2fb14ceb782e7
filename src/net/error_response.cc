// Error to HTTP and back: the one table of codes and statuses, and the JSON body of every failure.
#include <boost/json.hpp>

#include "base/utf8.h"
#include "net/http.h"

namespace docmind::net {
namespace {

constexpr std::size_t kMaxErrorBody = 64U << 10U;  // An error is a sentence or two; more is not ours.
constexpr std::size_t kMaxErrorText = 2000;        // Of one field of an error that came from outside.

std::string text_of(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  std::uint64_t replaced = 0;
  return to_utf8(std::string_view(value->get_string()).substr(0, kMaxErrorText), replaced);
}

// Our own shape, or OpenAI's ({"error":{"message"}}), which has no code of ours.
std::optional<Error> error_in(const Response& response) {
  if (response.body.size() > kMaxErrorBody) return std::nullopt;
  boost::json::error_code failed;
  const boost::json::value value = boost::json::parse(response.body, failed);
  const boost::json::object* outer = failed ? nullptr : value.if_object();
  const boost::json::value* inner = outer == nullptr ? nullptr : outer->if_contains("error");
  if (inner == nullptr || !inner->is_object()) return std::nullopt;
  const boost::json::object& error = inner->get_object();
  const std::string code = text_of(error, "code");
  std::string message = text_of(error, "message");
  if (message.empty()) return std::nullopt;
  const bool known = code_named(code) != Code::kInternal || code == name(Code::kInternal);
  return Error{known ? code_named(code) : code_of(response.status), std::move(message), text_of(error, "hint")};
}

}  // namespace

int status_of(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return 400;
    case Code::kUnauthorized:
      return 401;
    case Code::kNotFound:
      return 404;
    case Code::kConflict:
      return 409;
    case Code::kResourceExhausted:
      return 413;
    case Code::kRateLimited:
      return 429;
    case Code::kCancelled:
      return 499;
    case Code::kDataLoss:
    case Code::kInternal:
      return 500;
    case Code::kUnavailable:
      return 503;
    case Code::kDeadlineExceeded:
      return 504;
  }
  return 500;
}

Code code_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return Code::kUnauthorized;
    case 404:
      return Code::kNotFound;
    case 409:
      return Code::kConflict;
    case 413:
    case 431:
    case 507:
      return Code::kResourceExhausted;
    case 429:
      return Code::kRateLimited;
    case 499:
      return Code::kCancelled;
    case 502:
    case 503:
      return Code::kUnavailable;
    case 408:
    case 504:
      return Code::kDeadlineExceeded;
    default:
      return status >= 400 && status < 500 ? Code::kInvalidArgument : Code::kInternal;
  }
}

std::string error_body(const Error& error) {
  return boost::json::serialize(
      boost::json::object{{"error", {{"code", name(error.code)}, {"message", error.message}, {"hint", error.hint}}}});
}

Response error_response(const Error& error) { return error_response(status_of(error.code), error); }

Response error_response(int status, const Error& error) {
  Response response = json_response(status, error_body(error));
  if (status == 429 || status == 503) response.headers.set("Retry-After", "1");
  return response;
}

Error error_of(const Response& response) {
  if (std::optional<Error> error = error_in(response)) return *std::move(error);
  return {code_of(response.status),
          "the server answered " + std::to_string(response.status) + " (" + std::string(reason(response.status)) + ")",
          "Look into the server's log."};
}

}  // namespace docmind::net
