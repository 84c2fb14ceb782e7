#include "sys/lock_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <string>

#include "sys/clock.h"
#include "sys/subprocess.h"
#include "sys/testing/temp_folder.h"

namespace docmind::sys {
namespace {

TEST(LockFile, OneHolderAtATimeAndItIsNamed) {
  const TempFolder folder;
  const auto path = folder / "lock";
  {
    const auto first = LockFile::try_lock(path);
    ASSERT_TRUE(first);
    const auto second = LockFile::try_lock(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::kConflict);
    EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos);
    EXPECT_NE(run_process({.argv = {"/usr/bin/flock", "-n", path, "/bin/true"}}, Deadline::never(), {})->exit.code, 0);
  }
  EXPECT_TRUE(LockFile::try_lock(path));
}

TEST(LockFile, AChildDoesNotKeepIt) {
  const TempFolder folder;
  std::optional<Result<LockFile>> lock(LockFile::try_lock(folder / "lock"));
  auto child = Subprocess::start({.argv = {"/bin/sh", "-c", "echo up; sleep 1000"}, .env = {"PATH=/bin:/usr/bin"}});
  ASSERT_TRUE((*child)->next_line(Deadline::never(), {}));
  lock.reset();
  EXPECT_TRUE(LockFile::try_lock(folder / "lock"));
}

TEST(LockFile, TheKernelTakesItBackFromADeadHolder) {
  const TempFolder folder;
  const auto path = folder / "lock";
  auto holder = Subprocess::start({.argv = {"/usr/bin/flock", "-n", path, "/bin/sh", "-c", "echo held; sleep 1000"},
                                   .env = {"PATH=/bin:/usr/bin"}});
  ASSERT_TRUE(holder);
  ASSERT_TRUE((*holder)->next_line(Deadline::never(), {}));
  EXPECT_EQ(LockFile::try_lock(path).error().code, Code::kConflict);
  (*holder)->kill();
  ASSERT_TRUE((*holder)->wait(Deadline::never(), {}));
  const RealClock clock;
  const Deadline patience = Deadline::in(std::chrono::seconds(20), clock);  // flock's own child dies a moment later.
  bool taken = false;
  while (!taken && !patience.expired()) taken = static_cast<bool>(LockFile::try_lock(path));
  EXPECT_TRUE(taken);
}

TEST(LockFile, HostileFilesAreRefusedOrIgnored) {
  const TempFolder folder;
  std::filesystem::create_symlink(folder / "elsewhere", folder / "lock");
  EXPECT_FALSE(LockFile::try_lock(folder / "lock"));
  EXPECT_FALSE(std::filesystem::exists(folder / "elsewhere"));
  EXPECT_EQ(LockFile::try_lock(folder / "none/lock").error().code, Code::kNotFound);
  const auto odd = folder.write("odd", std::string(100'000, 'x'));
  EXPECT_TRUE(LockFile::try_lock(odd));
}

}  // namespace
}  // namespace docmind::sys
