// A value or an Error, for everything that can fail. Our code throws nothing.
//
// Thread safety: like the value it holds.
#pragma once
#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error.h"

namespace docmind {

// A value or an Error. Dropping one unread does not compile (-Werror=unused-result).
template <typename T = std::monostate>
class [[nodiscard]] Result {
 public:
  Result()
    requires std::same_as<T, std::monostate>
  {}  // Success is never an accident.
  explicit(false) Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  explicit(false) Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & {
    DM_CHECK(*this);
    return *std::get_if<0>(&state_);
  }
  const T& operator*() const& {
    DM_CHECK(*this);
    return *std::get_if<0>(&state_);
  }
  T operator*() && {  // By value: a reference into a temporary would dangle (for (x : *list())).
    DM_CHECK(*this);
    return std::move(*std::get_if<0>(&state_));
  }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }
  const Error& error() const& {
    DM_CHECK(!*this);
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    DM_CHECK(!*this);
    return std::move(*std::get_if<1>(&state_));
  }

  // Say what we were doing, keep the code: Result<..> r = open(p).with("load index");
  Result with(std::string_view doing) && {
    if (!*this) std::get_if<1>(&state_)->message.insert(0, std::string(doing) + ": ");
    return std::move(*this);
  }

 private:
  std::variant<T, Error> state_;
};

// The value of expr, or return its Error from the enclosing function. The name differs each time: one may stand in a
// lambda that is part of another's expr.
#define DM_TRY(expr) DM_TRY_NAMED(expr, DM_TRY_JOIN(dm_try_, __COUNTER__))
#define DM_TRY_JOIN(a, b) DM_TRY_JOIN_(a, b)
#define DM_TRY_JOIN_(a, b) a##b
#define DM_TRY_NAMED(expr, name)               \
  __extension__({                              \
    auto name = (expr);                        \
    if (!name) return std::move(name).error(); \
    *std::move(name);                          \
  })

}  // namespace docmind
