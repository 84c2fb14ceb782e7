// HTTP messages as values: target, headers, request, response. No sockets, no foreign types.
//
// Sources: RFC 9110 (semantics), RFC 9112 (HTTP/1.1), RFC 3986 (percent-encoding); '+' in a query is a space, as in
// forms. Thread safety: values.
// Invariants: a Target that was parsed has a path that starts with '/', has no "." or ".." segment and, like its
// query, is valid UTF-8 without NUL.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace docmind::net {

// In order of arrival; names compare without regard to case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }
  void set(std::string_view name, std::string_view value);            // Replaces every field of that name.
  std::optional<std::string_view> find(std::string_view name) const;  // The first of that name.
  std::size_t count(std::string_view name) const;
  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

bool same_name(std::string_view a, std::string_view b);  // ASCII letters without regard to case.

// What a request asks for: "/api/search?q=two+words" is path "/api/search", query {{"q", "two words"}}.
struct Target {
  std::string path = "/";                                    // Decoded.
  std::vector<std::pair<std::string, std::string>> query{};  // Decoded, in order.

  // From the wire, strictly: kInvalidArgument for a broken escape, ill-formed UTF-8, control characters, dot segments.
  static Result<Target> parse(std::string_view text);
  std::string text() const;                                                // Encoded for the wire.
  std::optional<std::string_view> parameter(std::string_view name) const;  // The first of that name.
};

// Percent-encodes everything but unreserved characters (and '/' when asked to keep it).
enum class Slash : std::uint8_t { kEncode, kKeep };
std::string percent_encode(std::string_view text, Slash slash = Slash::kEncode);

// kInvalidArgument: a broken escape; of percent_decode also ill-formed UTF-8 and control characters.
enum class Plus : std::uint8_t { kPlus, kSpace };  // A space is how forms mean it, in queries.
Result<std::string> percent_decode(std::string_view text, Plus plus = Plus::kPlus);
Result<std::string> percent_decode_bytes(std::string_view text, Plus plus = Plus::kPlus);

// Over what a request came in. A Unix socket is guarded by its file mode and so counts as the owner of the machine.
enum class Peer : std::uint8_t { kUnixSocket, kTcp };

struct Request {
  std::string method = "GET";
  Target target{};
  Headers headers{};
  std::string body{};
  Peer peer = Peer::kUnixSocket;  // Set by the server, as the next; a client ignores both.
  std::string address{};          // Of a TCP peer: its IP address.
};

struct Response {
  int status = 200;
  Headers headers{};
  std::string body{};
};

std::string_view reason(int status);  // "Not Found"; "Unknown" for what we never send.

// The media type alone, lower case: "text/html; charset=utf-8" gives "text/html".
std::string media_type(std::string_view content_type);

Response json_response(int status, std::string body);

// The one place where a Code becomes an HTTP status, and the other way.
int status_of(Code code);
Code code_of(int status);

// The body of every failure: {"error":{"code","message","hint"}}.
std::string error_body(const Error& error);
Response error_response(const Error& error);
Response error_response(int status, const Error& error);  // Where the protocol itself demands the status (405, 421).

// The Error behind a response that is not 2xx: its body when it has our shape (bounded, checked), else the status.
Error error_of(const Response& response);

}  // namespace docmind::net
