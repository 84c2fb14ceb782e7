// Whose request a thread works for: a name that the client gave or the server made, in the answer's header, in each
// line of the log, and handed on to the processes and tasks that do part of the work.
//
// Thread safety: each thread has its own. Tasks of an exec::Pool work for whoever submitted them.
#pragma once
#include <string>
#include <string_view>

namespace docmind {

inline constexpr std::string_view kRequestIdHeader = "X-Request-Id";

// What others may name a request: 1 to 64 letters, digits, '-', '_' and '.'.
bool is_request_id(std::string_view text);

// Of this thread; empty: it works for nobody's request.
const std::string& request_id();

// While it lives, this thread works for that request; then again for the one before.
class RequestScope {
 public:
  explicit RequestScope(std::string id);
  ~RequestScope();
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;

 private:
  std::string before_;
};

}  // namespace docmind
