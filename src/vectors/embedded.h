// A collection in the memory of this process, over the exact scan (scan.h): the ranking is the exact one of the stored
// halves. What other stores are compared with.
//
// Thread safety: any; searches run beside each other, changes wait for them. Gone with the process. Memory: 2 bytes a
// dimension, and the payload twice (once to be found by).
#pragma once
#include <memory>

#include "vectors/store.h"

namespace docmind::vectors {

class Embedded final : public Store {
 public:
  static Result<std::unique_ptr<Embedded>> open(Collection collection);
  ~Embedded() override;

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
  std::string where() const override { return "this process"; }

 private:
  struct State;
  explicit Embedded(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::vectors
