// A collection in Qdrant, over its REST interface (1.12 or later).
//
// Each collection has one vector named "text" with Cosine as its distance, kept as half floats on the disk, and an
// index of every payload field. Where one is made, the settings say over how many shards it goes and how many replicas
// each has; every replica has taken a change when the call returns. Search is exact (every point that passes the filter
// is scored), or by Qdrant's HNSW graph, or by bits in memory with the best of them scored again from the vectors
// (binary quantisation). HTTP alone: for a server on another machine, a tunnel.
// Source: Qdrant's OpenAPI, 1.12 to 1.17. Errors as in vectors/store.h. Thread safety: any.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "net/client.h"
#include "vectors/store.h"

namespace docmind::vectors {

enum class Search : std::uint8_t { kExact, kGraph, kBinary };

struct QdrantOptions {
  net::Endpoint endpoint{};
  std::string path{};             // Before every other, as a proxy may want it.
  std::string api_key{};          // Empty: none is sent.
  std::string prefix{"docmind"};  // Of the names of its collections: PREFIX_NAME.
  Search search = Search::kExact;
  std::uint32_t shards = 1;
  std::uint32_t replicas = 1;
  Duration timeout = std::chrono::seconds(5);  // Of one request, whatever the caller's deadline.
};

class Qdrant final : public Store {
 public:
  // Asks nobody yet. client and clock outlive it.
  static Result<std::unique_ptr<Qdrant>> open(QdrantOptions options, Collection collection, net::Client& client,
                                              const Clock& clock);
  ~Qdrant() override;

  // Also kConflict: its version is too old for us.
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
  explicit Qdrant(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether a version as Qdrant tells it ("1.15.4", "1.12.0-dev") has all that is asked of it.
bool new_enough(std::string_view version);

}  // namespace docmind::vectors
