// Points as JSON, for the stores that speak it: Qdrant's REST, PostgreSQL's json parameters (pgvector's own text form
// of a vector is a JSON array, too). Reading believes nothing.
//
// Pure functions.
#pragma once
#include <boost/json/value.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "vectors/store.h"

namespace docmind::vectors {

// "[0.5,-1]", each number in the shortest form that reads back as the same float.
std::string json_of(std::span<const float> vector);

std::string json_of(const Value& value);
std::string json_of(std::span<const std::int64_t> numbers);  // "[1,2]"
std::string json_of(std::span<const std::string> texts);     // ["a","b"]
std::string json_of(const Condition& condition);             // Its values, as an array.

// An id, a field's value, a payload as they came from outside: kDataLoss when they are none. Fields that are null or
// that the collection does not have are left out.
Result<std::int64_t> id_in(const boost::json::value& value);
Result<Payload> payload_in(const boost::json::value& value, const Collection& collection);
Result<std::vector<Count>> counts_in(std::vector<std::pair<boost::json::value, std::uint64_t>> found, FieldKind kind);

// The k best of what a server found, ties by id.
void put_in_order(std::vector<Nearest>& found, std::size_t k);

// The last of each id, in the order of ids: servers disagree about what comes of the same id twice in one request.
std::vector<const Point*> without_repeats(std::span<const Point> points);

// Until when a call waits for its server: the caller's deadline, and no longer than this in any case. A server that
// outlasts the latter alone is kUnavailable.
class Patience {
 public:
  Patience(Deadline caller, Duration most, const Clock& clock) : caller_(caller), both_(caller.sooner(most, clock)) {}
  Deadline deadline() const { return both_; }
  // The error of a call, in these terms.
  Error told(Error error, std::string_view where) const;

 private:
  Deadline caller_;
  Deadline both_;
};

}  // namespace docmind::vectors
