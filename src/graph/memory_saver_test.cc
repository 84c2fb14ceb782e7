#include "graph/memory_saver.h"

#include "graph/testing/saver_list_cases.h"
#include "graph/testing/saver_put_cases.h"

namespace docmind::graph::testing {

INSTANTIATE_TEST_SUITE_P(Memory, SaverConformance, ::testing::Values(SaverMaker([]() -> std::shared_ptr<Saver> {
                           return std::make_shared<MemorySaver>();
                         })));

namespace {

TEST(MemorySaver, PruningFreesWhatNothingNeeds) {
  MemorySaver saver;
  NewCheckpoint one;
  one.place = {"t", ""};
  for (int i = 0; i < 5; ++i) {
    one.checkpoint.parent = one.checkpoint.id;
    one.checkpoint.id = std::to_string(i);
    one.changed = {{"n", {.value = i}}};
    ASSERT_TRUE(saver.put(one, {}));
  }
  EXPECT_EQ(saver.pieces(), 5U);
  ASSERT_TRUE(saver.prune({"t"}, Prune::kKeepLatest, {}));
  EXPECT_EQ(saver.pieces(), 1U);
}

}  // namespace
}  // namespace docmind::graph::testing
