// A prepared SQL statement: bind values, step through rows, read columns.
//
// SQL text is the program's own and constant; everything that comes from outside is bound, never pasted in.
// A Statement is borrowed from its connection's cache and goes back when it is destroyed, so it must not outlive the
// Reader or Transaction that made it. Not thread-safe. Columns count from 0. Views into a row live until the next step.
#pragma once
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <variant>

#include "base/result.h"

struct sqlite3_stmt;

namespace docmind::store {

class Connection;

// Bytes that are not text.
struct Blob {
  std::string_view bytes;
};

// What can be bound. Text and blobs are not copied: they must live until the statement has been destroyed.
class Value {
 public:
  // Implicit, all of them, so that a list of bindings reads as what is bound: {key, text, Blob{vector}}.
  explicit(false) Value(std::nullptr_t) : value_(nullptr) {}
  template <std::integral T>
  explicit(false) Value(T number) : value_(static_cast<std::int64_t>(number)) {}
  template <std::floating_point T>
  explicit(false) Value(T number) : value_(static_cast<double>(number)) {}
  template <std::convertible_to<std::string_view> T>
  explicit(false) Value(const T& text) : value_(std::string_view(text)) {}
  explicit(false) Value(Blob blob) : value_(blob) {}
  template <typename T>
  explicit(false) Value(const std::optional<T>& maybe) : value_(nullptr) {
    if (maybe) value_ = Value(*maybe).value_;
  }

 private:
  friend class Statement;
  std::variant<std::nullptr_t, std::int64_t, double, std::string_view, Blob> value_;
};

class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Binds the parameter with this number, from 1.
  Result<> bind(int parameter, const Value& value);

  // True: a row is there. False: done.
  Result<bool> step();

  // Ready to step again with the bindings it has.
  void reset();

  // Binds all parameters, runs it to its end, and is ready for the next: for the same change to many rows.
  Result<> execute(std::initializer_list<Value> values);

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

 private:
  friend class Connection;
  Statement(Connection& connection, sqlite3_stmt* statement) : connection_(&connection), statement_(statement) {}

  Connection* connection_;
  sqlite3_stmt* statement_;
};

// Whoever runs queries: a Reader or a Transaction, for code that serves both.
class Source {
 public:
  virtual Result<Statement> query(std::string_view sql, std::initializer_list<Value> values = {}) = 0;

 protected:
  ~Source() = default;
};

}  // namespace docmind::store
