#include "engine/pass_queue.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/testing/tiny_encoder.h"

namespace docmind::engine {
namespace {

// A work of many passes that knows whose they were.
class Watched final : public PassWork {
 public:
  std::size_t sequences() const override { return 10 * EncoderContext::kMaxSequences; }
  std::vector<TokenId> sequence(std::size_t) const override {
    who_.insert(std::this_thread::get_id());
    return {2, 5, 6, 7, 3};
  }
  void add(std::size_t, std::span<const float>) override {}
  std::size_t computed_by() const { return who_.size(); }

 private:
  mutable std::set<std::thread::id> who_{};  // Of the queue's threads; one of them at a time is here.
};

class PassQueueTest : public testing::Test {
 protected:
  // How many threads computed one work.
  std::size_t run() {
    const auto work = std::make_shared<Watched>();
    EXPECT_TRUE(queue_.run(work, Deadline::never(), {}));
    return work->computed_by();
  }

  TinyModel model_;
  std::unique_ptr<Encoder> encoder_ = model_.load();
  PassQueue queue_{contexts_of(*encoder_, 3), 4};
};

TEST_F(PassQueueTest, NoMoreThreadsComputeThanShall) {
  while (run() < 3) {
  }
  for (const std::uint32_t count : {2U, 1U, 0U}) {
    queue_.use_threads(count);
    for (int i = 0; i < 5; ++i) EXPECT_LE(run(), std::max(1U, count)) << count;
  }
  queue_.use_threads(99);
  while (run() < 3) {
  }
}

}  // namespace
}  // namespace docmind::engine
