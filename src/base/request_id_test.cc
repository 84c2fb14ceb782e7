#include "base/request_id.h"

#include <gtest/gtest.h>

#include <thread>

namespace docmind {
namespace {

TEST(RequestId, IsAShortWord) {
  for (const char* id :
       {"a", "7f3a-11", "client_1.2", "0123456789012345678901234567890123456789012345678901234567890123"}) {
    EXPECT_TRUE(is_request_id(id)) << id;
  }
  for (const char* id :
       {"", "a b", "a\r\nb", "\xC3\xA9", "a/b", "01234567890123456789012345678901234567890123456789012345678901234"}) {
    EXPECT_FALSE(is_request_id(id)) << id;
  }
}

TEST(RequestId, IsThatOfTheInnermostScopeOfThisThread) {
  EXPECT_EQ(request_id(), "");
  {
    const RequestScope outer("outer");
    {
      const RequestScope inner("inner");
      EXPECT_EQ(request_id(), "inner");
    }
    EXPECT_EQ(request_id(), "outer");
    std::thread([] { EXPECT_EQ(request_id(), ""); }).join();
  }
  EXPECT_EQ(request_id(), "");
}

}  // namespace
}  // namespace docmind
