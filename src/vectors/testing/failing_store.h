// A store in front of another that can be told to be away, or to go away after so many more calls. For tests.
//
// Thread safety: any.
#pragma once
#include <atomic>
#include <cstdint>
#include <limits>

#include "vectors/store.h"

namespace docmind::vectors {

class FailingStore final : public Store {
 public:
  explicit FailingStore(Store& inner) : inner_(inner) {}

  void fail_after(std::int64_t calls) { left_ = calls; }
  void heal() { left_ = std::numeric_limits<std::int64_t>::max(); }
  std::uint64_t calls() const { return calls_; }

  Result<> ensure(std::uint32_t dimensions, Deadline deadline, std::stop_token stop) override {
    DM_TRY(pass());
    return inner_.ensure(dimensions, deadline, stop);
  }
  Result<> upsert(std::span<const Point> points, Deadline deadline, std::stop_token stop) override {
    DM_TRY(pass());
    return inner_.upsert(points, deadline, stop);
  }
  Result<> remove(std::span<const std::int64_t> ids, Deadline deadline, std::stop_token stop) override {
    DM_TRY(pass());
    return inner_.remove(ids, deadline, stop);
  }
  Result<> remove_where(const Filter& filter, Deadline deadline, std::stop_token stop) override {
    DM_TRY(pass());
    return inner_.remove_where(filter, deadline, stop);
  }
  Result<std::vector<Nearest>> nearest(const NearestQuery& query, Deadline deadline, std::stop_token stop) override {
    DM_TRY(pass());
    return inner_.nearest(query, deadline, stop);
  }
  Result<std::vector<float>> cosines(std::span<const float> vector, std::span<const std::int64_t> ids,
                                     Deadline deadline, std::stop_token stop) override {
    DM_TRY(pass());
    return inner_.cosines(vector, ids, deadline, stop);
  }
  Result<std::vector<Count>> counts(std::string_view field, Deadline deadline, std::stop_token stop) override {
    DM_TRY(pass());
    return inner_.counts(field, deadline, stop);
  }
  Result<std::uint64_t> count(Deadline deadline, std::stop_token stop) override {
    DM_TRY(pass());
    return inner_.count(deadline, stop);
  }
  Result<> drop(Deadline deadline, std::stop_token stop) override {
    DM_TRY(pass());
    return inner_.drop(deadline, stop);
  }
  std::string where() const override { return inner_.where(); }

 private:
  Result<> pass() {
    ++calls_;
    if (left_.fetch_sub(1) <= 0) return Error{Code::kUnavailable, "The vector store does not answer."};
    return {};
  }

  Store& inner_;
  std::atomic<std::int64_t> left_ = std::numeric_limits<std::int64_t>::max();
  std::atomic<std::uint64_t> calls_ = 0;
};

}  // namespace docmind::vectors
