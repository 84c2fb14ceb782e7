#include "validate/ships.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace docmind::validate {
namespace {

TEST(Ships, EachHasANameAndAYearOfItsOwnAndTellsThem) {
  std::set<std::string> names;
  std::set<std::string> years;
  for (std::size_t i = 0; i < kShips; ++i) {
    const Ship one = ship(i);
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_TRUE(years.insert(one.year).second) << one.year;
    EXPECT_THAT(one.document(), ::testing::HasSubstr(one.name + " was built in " + one.year + " in " + one.place));
  }
}

}  // namespace
}  // namespace docmind::validate
