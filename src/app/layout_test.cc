#include "app/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/testing/temp_folder.h"

namespace docmind::app {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

struct LayoutTest : testing::Test {
  sys::TempFolder folder;
  sys::Environment environment{{{"HOME", (folder / "home").string()}, {"XDG_RUNTIME_DIR", folder.path().string()}}};

  Layout laid_out(const fs::path& data) {
    auto layout = lay_out(data.string(), environment);
    EXPECT_TRUE(layout) << (layout ? "" : layout.error().message);
    return layout ? *std::move(layout) : Layout{};
  }
};

TEST_F(LayoutTest, EverythingLiesInTheDataDirectory) {
  const Layout layout = laid_out(folder / "a" / ".." / "数据 'x'/");
  EXPECT_EQ(layout.data, folder / "数据 'x'");
  EXPECT_TRUE(fs::is_directory(layout.data));
  for (const fs::path& inside : {layout.lock, layout.library, layout.models, layout.cards}) {
    EXPECT_EQ(inside.parent_path(), layout.data);
  }
  EXPECT_EQ(layout.socket.parent_path(), layout.runtime);
  EXPECT_LE(layout.socket.string().size(), 107U);
  EXPECT_EQ(fs::status(layout.runtime).permissions(), fs::perms::owner_all);
}

TEST_F(LayoutTest, OneDirectoryHasOneSocketHoweverItIsWritten) {
  const Layout layout = laid_out(folder / "data");
  fs::create_directory_symlink(folder / "data", folder / "link");
  EXPECT_EQ(laid_out(folder / "data" / ".").socket, layout.socket);
  EXPECT_EQ(laid_out(folder / "link").socket, layout.socket);
  EXPECT_NE(laid_out(folder / "other").socket, layout.socket);
}

TEST_F(LayoutTest, WithoutANameItIsThePersonsOwn) {
  EXPECT_EQ(laid_out("").data, folder / "home" / ".local" / "share" / "docmind");
}

TEST_F(LayoutTest, ADirectoryThatCannotBeIsRefusedWithAWayOut) {
  const fs::path file = folder.write("file", "x");
  const auto refused = lay_out((file / "data").string(), environment);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("the data directory"));
  EXPECT_FALSE(refused.error().hint.empty());
  EXPECT_FALSE(lay_out("", sys::Environment{}));
}

TEST_F(LayoutTest, WhoOnlyLooksMakesNoFolder) {
  const auto refused = lay_out((folder / "mistyped").string(), environment, DataFolder::kThere);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kNotFound);
  EXPECT_FALSE(fs::exists(folder / "mistyped"));
  laid_out(folder / "data");
  EXPECT_TRUE(lay_out((folder / "data").string(), environment, DataFolder::kThere));
}

TEST_F(LayoutTest, APersonsModelComesBeforeABuiltInOne) {
  Layout layout = laid_out(folder / "data");
  layout.share = folder / "share";
  const fs::path built_in = folder.write("share/models/m.gguf", "x");
  EXPECT_EQ(*find_model(layout, "m"), built_in);
  const fs::path own = folder.write("data/models/m.gguf", "y");
  EXPECT_EQ(*find_model(layout, "m"), own);
  EXPECT_EQ(*find_model(layout, built_in.string()), built_in) << "a path is meant as it is";
  const fs::path beside = fs::relative(built_in);
  ASSERT_TRUE(beside.is_relative());
  EXPECT_TRUE(find_model(layout, beside.string())->is_absolute()) << "the engine works in another folder";
  const auto absent = find_model(layout, "n");
  EXPECT_EQ(absent.error().code, Code::kNotFound);
  EXPECT_THAT(absent.error().hint, HasSubstr("models import"));
  EXPECT_EQ(find_model(layout, (folder / "n.gguf").string()).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace docmind::app
