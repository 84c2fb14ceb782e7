// What JSON may look like, in a short notation: the table of routes declares by it what each route takes and answers.
// Requests are checked by it and the OpenAPI document is made of it, so that the two cannot differ.
//
//   any  null  flag  number  whole  whole 1..1000  text  text 1..256 (code points)  "word"  Name (declared_shapes())
//   [shape]  [shape] 1..20   {name: shape, may_be_absent?: shape, ...Name (all its fields), *: shape (all others)}
//   shape | shape
//
// Values; parsing is for our own text and ends the program on a mistake (DM_CHECK). Checking takes hostile values and
// is as deep as the shape. Thread safety: values; declared_shapes() is made once. Source of the schemas: JSON Schema
// 2020-12, as OpenAPI 3.1 takes it.
#pragma once
#include <boost/json/value.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace docmind::server {

struct Shape {
  enum class Kind : std::uint8_t { kAny, kNull, kFlag, kNumber, kWhole, kText, kWord, kNamed, kList, kObject, kOneOf };

  Shape() = default;
  Shape(const char* notation);  // NOLINT: a table reads better without saying it on every line.
  static Shape parse(std::string_view notation);

  Kind kind = Kind::kAny;
  std::int64_t least = std::numeric_limits<std::int64_t>::min();  // Of a whole number, a text's or a list's length.
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::string word{};           // Of kWord and kNamed.
  std::vector<Shape> parts{};   // Of kOneOf; of kList its items'; of kObject that of further fields, or none.
  std::vector<Shape> fields{};  // Of kObject, each with
  std::string name{};           // its name
  bool needed = true;           // and whether it must be there.

  const Shape* field(std::string_view called) const;
  const Shape& resolved() const;  // What a name stands for.
};

// By name, in the order of their declaration.
const std::vector<std::pair<std::string, Shape>>& declared_shapes();

// kInvalidArgument with the place: "filter.from" must be a whole number. `where` is empty for the whole.
Result<> check(const boost::json::value& value, const Shape& shape, const std::string& where = "");
// The parameters of a query as the fields of an object; a list is a parameter that may be repeated.
Result<> check(const net::Target& target, const Shape& shape);

// Names are references to "#/components/schemas/NAME".
boost::json::value schema_of(const Shape& shape);

}  // namespace docmind::server
