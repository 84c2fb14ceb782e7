// One collection of vectors with a little payload each, wherever it is kept: in this process (embedded.h), in Qdrant
// (vectors/qdrant), in PostgreSQL (vectors/pgvector). Nearest neighbours by cosine, a filter on the payload before
// anything is scored.
//
// How it is used: open one with a Collection (name and fields), call ensure() with the number of dimensions as soon as
// it is known, and again whenever a call answered kNotFound or the store was away. upsert() then puts points in the
// place of those with the same id, and what it has put is found by everybody once it has returned. A caller whose truth
// is elsewhere (a library) finds out what is there with counts(), and may drop() and fill it anew.
//
// Vectors are L2-normalised by the caller (a vector of zeros has cosine 0 with everything). Stores keep them as half or
// single floats, so that cosines differ by up to 1e-3 from each other's. Ids are the caller's, 0 to 2^63-1. Results
// come by cosine downwards, ties by id upwards.
//
// Bounds (kInvalidArgument past them): kMaxDimensions; kMaxNearest results; texts of kMaxTextBytes, valid UTF-8 without
// NUL; kMaxTexts texts in a list; numbers in vectors are finite. Any number of points, ids and alternatives may be
// handed in: a store splits what is too much for one request, so a call that fails may have done a part. Doing it again
// is always right.
//
// Errors: kNotFound (there is no such collection: call ensure), kConflict (ensure: it is there, and is another),
// kUnavailable (nobody answers), kUnauthorized, kDeadlineExceeded, kCancelled, kDataLoss (an answer that makes no
// sense), kResourceExhausted. Thread safety: any method from any thread.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/deadline.h"
#include "base/half.h"
#include "base/result.h"

namespace docmind::vectors {

inline constexpr std::uint32_t kMaxDimensions = 4096;
inline constexpr std::size_t kMaxNearest = 10'000;
inline constexpr std::size_t kMaxTextBytes = 1024;
inline constexpr std::size_t kMaxTexts = 10'000;

enum class FieldKind : std::uint8_t { kInteger, kText, kTexts };

struct Field {
  std::string name{};  // [a-z][a-z0-9_]{0,30}, not "id" or "vector".
  FieldKind kind = FieldKind::kText;
};

struct Collection {
  std::string name{};           // [a-z][a-z0-9_]{0,39}; a shared store puts its prefix before it.
  std::vector<Field> fields{};  // At most 16. All of them can be filtered by.
};

using Texts = std::vector<std::string>;
using Value = std::variant<std::int64_t, std::string, Texts>;
using Payload = std::map<std::string, Value, std::less<>>;  // By field. Those left out match no condition.

struct Point {
  std::int64_t id = 0;
  Halves vector{};
  Payload payload{};
};

// That a field has one of these values; of a field of kTexts: that one of its texts is among these.
struct Condition {
  std::string field{};
  std::variant<std::vector<std::int64_t>, Texts> any_of{};  // Of the field's kind. Empty: nothing meets it.
};

struct Filter {
  std::vector<Condition> all{};  // Every one holds. Empty: every point.
  std::optional<std::vector<std::int64_t>> ids{};
};

struct NearestQuery {
  std::span<const float> vector{};
  std::size_t k = 0;
  Filter filter{};
  std::vector<std::string> payload{};  // Which fields come along.
};

struct Nearest {
  std::int64_t id = 0;
  float cosine = 0;
  Payload payload{};  // Of those asked for, the ones it has.
};

struct Count {
  std::variant<std::int64_t, std::string> value{};
  std::uint64_t points = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // Makes the collection, or finds that it is there and as it should be. kConflict: it holds vectors of another size
  // or kind; what to do is in the hint.
  virtual Result<> ensure(std::uint32_t dimensions, Deadline deadline, std::stop_token stop) = 0;

  virtual Result<> upsert(std::span<const Point> points, Deadline deadline, std::stop_token stop) = 0;
  virtual Result<> remove(std::span<const std::int64_t> ids, Deadline deadline, std::stop_token stop) = 0;
  // Every point that meets it; Filter{}: all.
  virtual Result<> remove_where(const Filter& filter, Deadline deadline, std::stop_token stop) = 0;

  virtual Result<std::vector<Nearest>> nearest(const NearestQuery& query, Deadline deadline, std::stop_token stop) = 0;

  // Of these points, in their order; 0 for one that is not there.
  virtual Result<std::vector<float>> cosines(std::span<const float> vector, std::span<const std::int64_t> ids,
                                             Deadline deadline, std::stop_token stop) = 0;

  // How many points have each value of a field, by value upwards. For a list of what a caller has put there, give all
  // points of one batch a value of their own ("17@version").
  virtual Result<std::vector<Count>> counts(std::string_view field, Deadline deadline, std::stop_token stop) = 0;
  virtual Result<std::uint64_t> count(Deadline deadline, std::stop_token stop) = 0;

  // The whole collection goes; one that is not there is gone already.
  virtual Result<> drop(Deadline deadline, std::stop_token stop) = 0;

  virtual std::string where() const = 0;  // For people: "Qdrant at 127.0.0.1:6333".
};

// What every implementation refuses in the same words. `dimensions` 0: not known yet.
Result<> check(const Collection& collection);
Result<> check(const Collection& collection, std::uint32_t dimensions, std::span<const Point> points);
Result<> check(const Collection& collection, const Filter& filter);
Result<> check(const Collection& collection, std::uint32_t dimensions, const NearestQuery& query);
Result<> check_dimensions(std::uint32_t dimensions);

// Null when there is no such field.
const Field* field_of(const Collection& collection, std::string_view name);

// Whether nothing can meet it, whatever is there.
bool meets_nothing(const Filter& filter);

}  // namespace docmind::vectors
