// The beginning of an HTTP/1.1 request, read in place: no copies, for a server whose requests are a few bytes.
//
// Boost.Beast parses it; what two readers could still understand differently (RFC 9112) is refused as well: a folded
// line, two lengths, a transfer coding (a body has a Content-Length or is not there). Views lie in the bytes that were
// given. Thread safety: functions on values.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http.h"
#include "net/origin.h"

namespace docmind::cache {

struct RequestHead {
  std::string_view method{};
  std::string_view target{};
  std::vector<std::pair<std::string_view, std::string_view>> fields{};
  std::string_view host{};
  std::size_t size = 0;  // Of the head, its empty line too.
  std::uint64_t body = 0;
  bool keep_alive = true;
  bool expects_continue = false;
  // Nothing that a browser adds, one Host: whoever sends it is a program (see may_pass).
  bool plain = true;
};

struct Refused {
  int status = 400;
  Error error;
};

struct HeadRead {
  std::optional<RequestHead> head{};  // Neither: more bytes are needed.
  std::optional<Refused> refused{};
};

HeadRead read_head(std::string_view bytes, std::size_t most);

// The checks of net/origin.h. `known`: the last Host that passed, for this connection; saves the work for the next.
std::optional<net::Response> refuse_foreign(const RequestHead& head, const net::HostRules& rules, std::string& known);

}  // namespace docmind::cache
