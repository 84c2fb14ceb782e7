#include "app/systemd_unit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docmind::app {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(SystemdUnit, StartsTheCommandAndStartsItAgain) {
  const auto unit = user_unit({"/usr/bin/docmind", "--data", "/home/ann/docs", "serve"});
  ASSERT_TRUE(unit);
  EXPECT_THAT(*unit, StartsWith("# Written by `docmind service install`"));
  EXPECT_THAT(*unit, HasSubstr("\nExecStart=\"/usr/bin/docmind\" \"--data\" \"/home/ann/docs\" \"serve\"\n"));
  for (const char* line :
       {"Type=notify", "Restart=always", "RestartSec=5", "RestartPreventExitStatus=78", "WatchdogSec=60"})
    EXPECT_THAT(*unit, HasSubstr(std::string("\n") + line + "\n"));
}

TEST(SystemdUnit, WordsMeanWhatTheySay) {
  const auto unit = user_unit({"/a b", R"(50%)", R"($HOME)", R"(say "hi")", R"(back\slash)"});
  ASSERT_TRUE(unit);
  EXPECT_THAT(*unit, HasSubstr(R"(ExecStart="/a b" "50%%" "$$HOME" "say \"hi\"" "back\\slash")"));
}

TEST(SystemdUnit, NoPathAddsALine) {
  EXPECT_EQ(user_unit({"/usr/bin/docmind", "--data", "/x\nUser=root"}).error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace docmind::app
