// A collection in PostgreSQL with pgvector (PostgreSQL 13, pgvector 0.5 or later), over libpq.
//
// A table PREFIX_NAME with an id, a vector of single floats and a column for each field, indexed. Nearest are found by
// the inner product of vectors (the cosine of normalised ones), every row that passes the filter being scored, or, with
// Search::kGraph, by an HNSW index when there is no filter (PostgreSQL filters what that index has found: few would be
// left). Values travel as parameters; names come from the program and are small letters.
// A change is there for everybody once its call has returned; one call of upsert() is done whole or not at all, up to
// 256 points.
// Thread safety: any; up to eight connections. Errors as in vectors/store.h.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "vectors/store.h"

namespace docmind::vectors {

// Of "postgresql://USER@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE".
struct Place {
  std::string host{};  // A name, a number, or the folder of a Unix socket.
  std::uint16_t port = 5432;
  std::string user{};
  std::string database{};
  std::string sslmode = "prefer";
  std::string sslrootcert{};
};

// kInvalidArgument when it is none, names several hosts or none, or says more than that; a password among it.
Result<Place> place_of(std::string_view url);

struct PgvectorOptions {
  Place place{};
  std::string password{};
  std::string prefix{"docmind"};  // At most 20 characters.
  enum class Search : std::uint8_t { kExact, kGraph };
  Search search = Search::kExact;
  Duration timeout = std::chrono::seconds(5);  // Of one statement with its connection, whatever the caller's deadline.
};

class Pgvector final : public Store {
 public:
  // Asks nobody yet. The clock outlives it.
  static Result<std::unique_ptr<Pgvector>> open(PgvectorOptions options, Collection collection, const Clock& clock);
  ~Pgvector() override;

  // Also kConflict: the extension is missing and this user may not create it, or the table has other columns.
  Result<> ensure(std::uint32_t dimensions, Deadline deadline, std::stop_token stop) override;
  Result<> upsert(std::span<const Point> points, Deadline deadline, std::stop_token stop) override;
  Result<> remove(std::span<const std::int64_t> ids, Deadline deadline, std::stop_token stop) override;
  Result<> remove_where(const Filter& filter, Deadline deadline, std::stop_token stop) override;
  Result<std::vector<Nearest>> nearest(const NearestQuery& query, Deadline deadline, std::stop_token stop) override;
  Result<std::vector<float>> cosines(std::span<const float> vector, std::span<const std::int64_t> ids,
                                     Deadline deadline, std::stop_token stop) override;
  Result<std::vector<Count>> counts(std::string_view field, Deadline deadline, std::stop_token stop) override;
  Result<std::uint64_t> count(Deadline deadline, std::stop_token stop) override;
  Result<> drop(Deadline deadline, std::stop_token stop) override;
  std::string where() const override;

 private:
  struct State;
  explicit Pgvector(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::vectors
