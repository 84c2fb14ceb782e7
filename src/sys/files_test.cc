#include "sys/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "sys/fd.h"
#include "sys/testing/fault_files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::sys {
namespace {

constexpr std::uint64_t kLots = 1U << 20U;

std::vector<std::string> names_below(const Walk& walk, const std::filesystem::path& root) {
  std::vector<std::string> names;
  for (const auto& path : walk.files) names.push_back(path.lexically_relative(root));
  return names;
}

TEST(RealFiles, ReadsWhatIsThereUpToTheCap) {
  const TempFolder folder;
  RealFiles files;
  const std::string bytes("a\0\xff\r\n", 5);
  const auto path = folder.write("子目录/中文 名.txt", bytes);
  EXPECT_EQ(*files.read(path, kLots), bytes);
  EXPECT_EQ(*files.read(path, 5), bytes);
  EXPECT_EQ(files.read(path, 4).error().code, Code::kResourceExhausted);
  EXPECT_EQ(*files.read(folder.write("empty", ""), 0), "");
  EXPECT_FALSE(files.read("/proc/self/status", kLots)->empty());  // stat says 0 bytes.
  EXPECT_EQ(files.read("/proc/self/status", 10).error().code, Code::kResourceExhausted);
}

TEST(RealFiles, WhatIsNoFileIsAClearErrorAndNeverWaits) {
  const TempFolder folder;
  RealFiles files;
  EXPECT_EQ(files.read(folder / "absent", kLots).error().code, Code::kNotFound);
  EXPECT_EQ(files.read(folder.path(), kLots).error().code, Code::kInvalidArgument);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(files.read(folder / "pipe", kLots).error().code, Code::kInvalidArgument);
  EXPECT_EQ(files.read("/dev/zero", kLots).error().code, Code::kInvalidArgument);
  EXPECT_EQ(files.read(folder.write("f", "") / "below", kLots).error().code, Code::kNotFound);
  EXPECT_EQ(files.read(folder / std::string(5000, 'x'), kLots).error().code, Code::kInvalidArgument);
  const Error error = files.read(folder / "bad\n\x1b[2J\xff", kLots).error();
  EXPECT_EQ(error.message.find_first_of("\n\x1b\xff"), std::string::npos) << error.message;
}

TEST(RealFiles, AnUnreadableFileSaysPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const TempFolder folder;
  RealFiles files;
  const auto path = folder.write("secret", "x");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  EXPECT_EQ(files.read(path, kLots).error().code, Code::kUnauthorized);
}

TEST(RealFiles, WriteAtomicReplacesWholeAndLeavesNothingElse) {
  const TempFolder folder;
  RealFiles files;
  const auto path = folder / "settings.yaml";
  ASSERT_TRUE(files.write_atomic(path, "one"));
  const std::string second(300'000, 'y');
  ASSERT_TRUE(files.write_atomic(path, second));
  EXPECT_EQ(*files.read(path, kLots), second);
  EXPECT_EQ(files.list(folder.path())->size(), 1U);
  struct ::stat now{};
  ASSERT_EQ(::stat(path.c_str(), &now), 0);
  EXPECT_EQ(now.st_mode & 0777U, 0600U);
}

TEST(RealFiles, AFailedWriteKeepsTheOldFile) {
  const TempFolder folder;
  RealFiles files;
  EXPECT_EQ(files.write_atomic(folder / "no/such/file", "x").error().code, Code::kNotFound);
  std::filesystem::create_directories(folder / "taken/by a folder");
  EXPECT_FALSE(files.write_atomic(folder / "taken", "x"));
  const auto list = files.list(folder.path());
  ASSERT_EQ(list->size(), 1U);  // No temporary file is left.
  EXPECT_EQ(list->front().name, "taken");
}

TEST(RealFiles, ANewFileAppearsWholeOrNotAtAll) {
  const TempFolder folder;
  RealFiles files;
  const auto path = folder / "船.bin";
  {
    const auto file = files.create(path);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write("lost"));
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  EXPECT_TRUE(files.list(folder.path())->empty());
  const auto file = files.create(path);
  ASSERT_TRUE((*file)->write("one"));
  ASSERT_TRUE((*file)->write(std::string_view("\0two", 4)));
  ASSERT_TRUE((*file)->commit());
  EXPECT_EQ(*files.read(path, 100), std::string_view("one\0two", 7));
  EXPECT_EQ(files.list(folder.path())->size(), 1U);
  EXPECT_EQ(files.create(folder / "no/such/file").error().code, Code::kNotFound);
}

TEST(RealFiles, RemoveRenameStatAndMakeDirs) {
  const TempFolder folder;
  RealFiles files;
  ASSERT_TRUE(files.make_dirs(folder / "a/b/../c"));
  ASSERT_TRUE(files.make_dirs(folder / "a/c"));
  const auto path = folder.write("a/c/f", "12345");
  EXPECT_EQ(files.make_dirs(path / "x").error().code, Code::kConflict);
  EXPECT_EQ(files.make_dirs(path).error().code, Code::kConflict);
  const auto stat = files.stat(path);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->size, 5U);
  EXPECT_EQ(stat->kind, FileKind::kRegular);
  EXPECT_GT(stat->mtime_ns, 1'700'000'000'000'000'000);
  ASSERT_TRUE(files.rename(path, folder / "g"));
  EXPECT_EQ(files.stat(path).error().code, Code::kNotFound);
  EXPECT_EQ(files.stat(folder / "g")->inode, stat->inode);
  EXPECT_EQ(files.remove(folder / "a").error().code, Code::kConflict);  // Not empty.
  EXPECT_TRUE(files.remove(folder / "a/c"));
  EXPECT_TRUE(files.remove(folder / "g"));
  EXPECT_EQ(files.remove(folder / "g").error().code, Code::kNotFound);
}

TEST(ErrorOf, TheDiskIsNamedInWordsForPeople) {
  EXPECT_EQ(error_of(ENOSPC, "write a.db").message, "cannot write a.db: no space left on its disk");
  EXPECT_EQ(error_of(ENOSPC, "x").code, Code::kResourceExhausted);
  EXPECT_EQ(error_of(EIO, "x").code, Code::kDataLoss);
  EXPECT_EQ(error_of(EROFS, "x").code, Code::kUnauthorized);
  EXPECT_EQ(error_of(EXDEV, "x").code, Code::kInternal);
  for (const int number : {ENOSPC, EIO, EROFS, ENOENT, EACCES, EMFILE})
    EXPECT_FALSE(error_of(number, "x").hint.empty());
}

TEST(ReadUnchanged, TellsAFileThatMovesWhileItIsRead) {
  const TempFolder folder;
  RealFiles real;
  FaultFiles files(real);
  const auto path = folder.write("log.txt", "12345");
  EXPECT_EQ(read_unchanged(files, path, kLots)->bytes, "12345");
  EXPECT_EQ(read_unchanged(files, path, kLots)->stat, *real.stat(path));
  files.after_read = [](const auto& file) { std::ofstream(file, std::ios::app) << "6"; };
  EXPECT_EQ(read_unchanged(files, path, kLots).error().code, Code::kConflict);
  files.after_read = [&real](const auto& file) { EXPECT_TRUE(real.write_atomic(file, "654321")); };  // Same size.
  EXPECT_EQ(read_unchanged(files, path, kLots).error().code, Code::kConflict);
  files.after_read = [](const auto& file) { std::filesystem::remove(file); };
  EXPECT_EQ(read_unchanged(files, path, kLots).error().code, Code::kNotFound);
}

TEST(WalkTest, FindsEveryFileOnceInByteOrder) {
  const TempFolder folder;
  RealFiles files;
  for (const char* name :
       {"b.txt", "a/z.md", "a/b/c.pdf", "a.txt", "中/文.txt", ".hidden", ".git/config", "bad\xff.txt"}) {
    folder.write(name, "x");
  }
  std::filesystem::create_directory_symlink(folder / "a", folder / "link to a");  // Also a loop, from inside:
  std::filesystem::create_directory_symlink(folder.path(), folder / "a/up");
  std::filesystem::create_symlink(folder / "b.txt", folder / "c.txt");
  std::filesystem::create_symlink("nowhere", folder / "dangling");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const auto found = walk(files, folder.path(), {}, {});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->failures.empty());
  EXPECT_EQ(names_below(*found, folder.path()),
            (std::vector<std::string>{"a.txt", "a/b/c.pdf", "a/z.md", "b.txt", "bad\xff.txt", "c.txt", "中/文.txt"}));
  const auto all = walk(files, folder.path(), {.hidden = HiddenFiles::kTake}, {});
  EXPECT_EQ(all->files.size(), found->files.size() + 2);
}

TEST(WalkTest, WhatCannotBeReadIsReportedAndTheRestGoesOn) {
  const TempFolder folder;
  RealFiles real;
  FaultFiles files(real);
  folder.write("a/1", "");
  folder.write("b/2", "");
  files.fail(folder / "a", Error{Code::kUnauthorized, "no"});
  const auto found = walk(files, folder.path(), {}, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(names_below(*found, folder.path()), std::vector<std::string>{"b/2"});
  ASSERT_EQ(found->failures.size(), 1U);
  EXPECT_EQ(found->failures[0].path, folder / "a");
  EXPECT_EQ(walk(files, folder / "none", {}, {}).error().code, Code::kNotFound);
  EXPECT_EQ(walk(files, folder / "a", {}, {}).error().code, Code::kUnauthorized);
}

TEST(WalkTest, IsBoundedAndStops) {
  const TempFolder folder;
  RealFiles files;
  folder.write("1/2/3/deep", "");
  folder.write("1/top", "");
  const auto shallow = walk(files, folder.path(), {.max_depth = 2}, {});
  EXPECT_EQ(names_below(*shallow, folder.path()), std::vector<std::string>{"1/top"});
  EXPECT_EQ(shallow->failures.size(), 1U);
  EXPECT_EQ(walk(files, folder.path(), {.max_files = 1}, {}).error().code, Code::kResourceExhausted);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(walk(files, folder.path(), {}, stop.get_token()).error().code, Code::kCancelled);
}

TEST(Printable, IsOneLineOfText) {
  EXPECT_EQ(printable("/中文/a b.txt"), "/中文/a b.txt");
  EXPECT_EQ(printable("a\n\x1b\xff\xc2\x9b"), "a\uFFFD\uFFFD\uFFFD\uFFFD");
}

}  // namespace
}  // namespace docmind::sys
