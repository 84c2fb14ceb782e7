#include "base/sha256.h"

#include <gtest/gtest.h>

namespace docmind {
namespace {

TEST(Sha256, IsThatOfTheStandard) {  // FIPS 180-4's own examples.
  EXPECT_EQ(Sha256().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256().add("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256().add("abcdbcdecdefdefgefghfghighijhijkijkl").add("jklmklmnlmnomnopnopq").hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, KnowsItsForm) {
  EXPECT_TRUE(is_sha256(Sha256().hex()));
  EXPECT_FALSE(is_sha256(""));
  EXPECT_FALSE(is_sha256(std::string(63, 'a')));
  EXPECT_FALSE(is_sha256(std::string(64, 'A')));
  EXPECT_FALSE(is_sha256(std::string(64, 'g')));
}

TEST(Sha256, DigestsAreComparedWhole) {
  const std::string digest(64, 'a');
  EXPECT_TRUE(same_digest(digest, std::string(64, 'a')));
  for (const std::size_t at : {0U, 63U}) {
    std::string other = digest;
    other[at] = 'b';
    EXPECT_FALSE(same_digest(digest, other));
  }
  EXPECT_FALSE(same_digest(digest, digest + "a"));
  EXPECT_FALSE(same_digest(digest, ""));
}

}  // namespace
}  // namespace docmind
