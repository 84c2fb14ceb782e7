#include "base/hash.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace docmind {
namespace {

TEST(ContentHash, IsBlake2b256) {  // `b2sum -l 256` of the same bytes
  EXPECT_EQ(content_hash("abc").hex(), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  EXPECT_EQ(ContentHash::from_hex(content_hash("abc").hex())->hex(), content_hash("abc").hex());
  EXPECT_FALSE(ContentHash::from_hex("zz"));
}

TEST(Hasher, FieldsDoNotRunTogether) {
  EXPECT_NE(Hasher().field("ab").field("c").finish(), Hasher().field("a").field("bc").finish());
}

TEST(NewId, SortsByAge) {
  ManualClock clock;
  SeededRng rng(1);
  const auto first = new_id(clock, rng);
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_LT(first, new_id(clock, rng));
  EXPECT_EQ(first.size(), 26U);
}

}  // namespace
}  // namespace docmind
