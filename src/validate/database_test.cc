#include "validate/database.h"

#include <gtest/gtest.h>

#include "sys/clock.h"
#include "sys/testing/temp_folder.h"
#include "validate/prompt.h"

namespace docmind::validate {
namespace {

TEST(MeasureDatabase, ReadersAndWritersInAFolder) {
  const sys::TempFolder folder;
  const sys::RealClock clock;
  Measurements out;
  measure_database(folder.path(), clock, {}, out);
  ASSERT_NE(out.find("database_wal"), nullptr);
  EXPECT_EQ(out.find("database_wal")->figure, 1.0);
  EXPECT_EQ(out.find("database_wal")->said, "wal");
  EXPECT_GT(out.find("database_concurrent")->figure.value_or(0), 0);
}

TEST(MeasureDatabase, AFolderThatIsNotThereIsAFailure) {
  const sys::RealClock clock;
  Measurements out;
  measure_database("/nowhere/at/all", clock, {}, out);
  for (const char* id : {"database_wal", "database_concurrent"}) {
    EXPECT_FALSE(out.find(id)->figure) << id;
    EXPECT_FALSE(out.find(id)->said.empty()) << id;
  }
}

TEST(MeasureTrimming, AConversationIsMadeToFit) {
  const sys::RealClock clock;
  Measurements out;
  measure_trimming(clock, {}, out);
  EXPECT_TRUE(out.find("context_trimming")->figure) << out.find("context_trimming")->said;
}

}  // namespace
}  // namespace docmind::validate
