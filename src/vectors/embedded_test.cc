#include "vectors/embedded.h"

#include <gtest/gtest.h>

#include "vectors/testing/store_conformance.h"

namespace docmind::vectors {
namespace {

struct InThisProcess {
  static constexpr bool kRemote = false;
  Result<std::unique_ptr<Store>> open(const Collection& collection) {
    return std::unique_ptr<Store>(DM_TRY(Embedded::open(collection)));
  }
  void stop() {}
  void start() {}
};

INSTANTIATE_TYPED_TEST_SUITE_P(Embedded, StoreConformance, InThisProcess);

TEST(Store, RefusesACollectionWithoutProperNames) {
  const auto opens = [](Collection collection) { return static_cast<bool>(Embedded::open(std::move(collection))); };
  EXPECT_TRUE(opens({.name = "a1_b", .fields = {{"c", FieldKind::kText}}}));
  EXPECT_FALSE(opens({.name = ""}));
  EXPECT_FALSE(opens({.name = "A"}));
  EXPECT_FALSE(opens({.name = "a; drop"}));
  EXPECT_FALSE(opens({.name = "1a"}));
  EXPECT_FALSE(opens({.name = std::string(41, 'a')}));
  EXPECT_FALSE(opens({.name = "a", .fields = {{"id", FieldKind::kText}}}));
  EXPECT_FALSE(opens({.name = "a", .fields = {{"x", FieldKind::kText}, {"x", FieldKind::kInteger}}}));
  EXPECT_FALSE(opens({.name = "a", .fields = {{"x\"", FieldKind::kText}}}));
  EXPECT_FALSE(opens({.name = "a", .fields = std::vector<Field>(17)}));
}

}  // namespace
}  // namespace docmind::vectors
