// Reads the fields of a request's JSON object, with errors that name the field.
//
// A field that is absent or null is not there. Belongs to one thread; the object outlives it.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind::engine {

// "messages[3].content" and what is wrong with it.
Error wrong_field(std::string_view field, std::string_view must);

class JsonFields {
 public:
  // `where` stands before the names in errors: "messages[3]." or nothing.
  explicit JsonFields(const boost::json::object& object, std::string where = {})
      : object_(object), where_(std::move(where)) {}

  const boost::json::value* find(std::string_view name) const;  // Null when absent or null.

  Result<std::optional<std::string>> text(std::string_view name) const;
  Result<std::optional<bool>> boolean(std::string_view name) const;
  Result<std::optional<double>> number(std::string_view name, double least, double most) const;
  Result<std::optional<std::uint64_t>> count(std::string_view name, std::uint64_t least, std::uint64_t most) const;
  Result<const boost::json::array*> list(std::string_view name, std::size_t most) const;  // Null when absent.
  Result<const boost::json::object*> object(std::string_view name) const;

  std::string path(std::string_view name) const { return where_ + std::string(name); }

 private:
  const boost::json::object& object_;
  std::string where_;
};

}  // namespace docmind::engine
