#include "sys/paths.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/testing/temp_folder.h"

namespace docmind::sys {
namespace {

using Vars = Environment::Variables;

TEST(Paths, FollowTheXdgSpecification) {
  EXPECT_EQ(*data_folder(Environment(Vars{{"XDG_DATA_HOME", "/d"}, {"HOME", "/h"}})), "/d/docmind");
  EXPECT_EQ(*data_folder(Environment(Vars{{"XDG_DATA_HOME", ""}, {"HOME", "/h"}})), "/h/.local/share/docmind");
  EXPECT_EQ(*data_folder(Environment(Vars{{"XDG_DATA_HOME", "relative"}, {"HOME", "/h"}})), "/h/.local/share/docmind");
  EXPECT_EQ(*config_folder(Environment(Vars{{"HOME", "/h"}})), "/h/.config/docmind");
  EXPECT_EQ(*cache_folder(Environment(Vars{{"XDG_CACHE_HOME", "/c"}})), "/c/docmind");
  const auto none = data_folder(Environment(Vars{{"HOME", "relative"}}));
  ASSERT_FALSE(none);
  EXPECT_FALSE(none.error().hint.empty());
}

TEST(Paths, TheRuntimeFolderIsOursAlone) {
  const TempFolder folder;
  const Environment environment(Vars{{"XDG_RUNTIME_DIR", folder.path()}});
  const auto made = runtime_folder(environment);
  ASSERT_TRUE(made);
  EXPECT_EQ(*made, folder / "docmind");
  EXPECT_TRUE(runtime_folder(environment));  // Again.
  ASSERT_EQ(::chmod(made->c_str(), 0750), 0);
  EXPECT_EQ(runtime_folder(environment).error().code, Code::kUnauthorized);
  std::filesystem::remove(*made);
  std::filesystem::create_directories(folder / "trap");
  std::filesystem::create_directory_symlink(folder / "trap", *made);
  EXPECT_EQ(runtime_folder(environment).error().code, Code::kUnauthorized);
}

TEST(Paths, WithoutAUsableRuntimeDirectoryItIsInTmp) {
  const std::string tmp = "/tmp/docmind-" + std::to_string(::geteuid());
  EXPECT_EQ(*runtime_folder(Environment()), tmp);
  EXPECT_EQ(*runtime_folder(Environment(Vars{{"XDG_RUNTIME_DIR", "/no/such/folder"}})), tmp);
  const TempFolder folder;
  const auto deep = folder / std::string(90, 'x');
  std::filesystem::create_directory(deep);
  EXPECT_EQ(*runtime_folder(Environment(Vars{{"XDG_RUNTIME_DIR", deep}})), tmp);  // Too long for a socket.
}

TEST(Paths, OneSocketForEverySpellingOfAFolder) {
  const TempFolder folder;
  const Environment environment(Vars{{"XDG_RUNTIME_DIR", folder.path()}});
  std::filesystem::create_directories(folder / "data");
  std::filesystem::create_directory_symlink(folder / "data", folder / "link");
  const auto socket = socket_path(environment, folder / "data");
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->extension(), ".sock");
  EXPECT_LE(socket->native().size(), 107U);
  EXPECT_EQ(*socket_path(environment, folder / "link"), *socket);
  EXPECT_EQ(*socket_path(environment, folder / "x/../data"), *socket);
  EXPECT_NE(*socket_path(environment, folder / "other"), *socket);
  EXPECT_TRUE(socket_path(environment, std::string("/") + std::string(200, 'a') + "/" + std::string(200, 'b')));
}

TEST(Environment, IsASnapshotOfTheProcess) {
  ::setenv("DOCMIND_TEST_VARIABLE", "a=b", 1);
  const Environment environment = Environment::of_process();
  ::unsetenv("DOCMIND_TEST_VARIABLE");
  EXPECT_EQ(environment.get("DOCMIND_TEST_VARIABLE"), "a=b");
  EXPECT_FALSE(environment.get("DOCMIND_TEST_NONE"));
  const Environment own(Vars{{"A", "1"}, {"B", ""}});
  EXPECT_EQ(own.pick({"B", "C", "A"}), (std::vector<std::string>{"B=", "A=1"}));
  EXPECT_EQ(own.get("B"), "");
  EXPECT_FALSE(own.get_filled("B"));
}

}  // namespace
}  // namespace docmind::sys
