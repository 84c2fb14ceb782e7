#include "base/request_id.h"

#include <algorithm>
#include <utility>

namespace docmind {
namespace {

constexpr std::size_t kLongest = 64;

std::string& of_this_thread() {
  thread_local std::string id;
  return id;
}

bool is_allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

}  // namespace

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, is_allowed);
}

const std::string& request_id() { return of_this_thread(); }

RequestScope::RequestScope(std::string id) : before_(std::exchange(of_this_thread(), std::move(id))) {}
RequestScope::~RequestScope() { of_this_thread() = std::move(before_); }

}  // namespace docmind
