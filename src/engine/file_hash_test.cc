#include "engine/file_hash.h"

#include <gtest/gtest.h>

#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::engine {
namespace {

class FileHash : public testing::Test {
 protected:
  std::string remembered() { return remembered_hash(model_.string(), memo_, files_, {})->hex(); }

  sys::TempFolder folder_;
  sys::RealFiles files_;
  const std::filesystem::path model_ = folder_.write("m.gguf", "weights");
  const std::filesystem::path memo_ = folder_ / "memo";
};

TEST_F(FileHash, IsThatOfTheContent) {
  EXPECT_EQ(hash_file(model_.string(), {})->hex(), content_hash("weights").hex());
  EXPECT_FALSE(hash_file((folder_ / "none").string(), {}));
  EXPECT_FALSE(remembered_hash((folder_ / "none").string(), memo_, files_, {}));
}

TEST_F(FileHash, IsTakenFromTheMemoOfThatVeryFile) {
  EXPECT_EQ(remembered(), content_hash("weights").hex());
  // Whoever reads the memo is told what stands there.
  const std::string other = content_hash("other").hex();
  const std::string stamp = sys::stamp_of(*files_.stat(model_));
  folder_.write("memo", stamp + "\n" + other + "\n");
  EXPECT_EQ(remembered(), other);
  folder_.write("m.gguf", "more weights");
  EXPECT_EQ(remembered(), content_hash("more weights").hex());
  EXPECT_EQ(remembered(), content_hash("more weights").hex());
}

TEST_F(FileHash, DistrustsABrokenMemo) {
  const std::string stamp = sys::stamp_of(*files_.stat(model_));
  const std::string other = content_hash("other").hex();
  for (const std::string& memo :
       {std::string(), std::string("\n"), stamp, stamp + "\n", stamp + other + "\n", stamp + "\n" + other,
        stamp + "\n" + other + "0\n", stamp + "0\n" + other + "\n", std::string(1 << 20, 'x')}) {
    folder_.write("memo", memo);
    EXPECT_EQ(remembered(), content_hash("weights").hex()) << memo.substr(0, 200);
  }
}

TEST_F(FileHash, NeedsNoMemo) {
  EXPECT_EQ(remembered_hash(model_.string(), model_ / "not/a/folder", files_, {})->hex(),
            content_hash("weights").hex());
}

}  // namespace
}  // namespace docmind::engine
