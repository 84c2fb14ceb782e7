#include "cache/redis/redis_url.h"

#include <gtest/gtest.h>

namespace docmind::cache {
namespace {

TEST(RedisUrl, IsReadInAllItsForms) {
  const auto plain = redis_url_of("redis://127.0.0.1");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, 6379);
  EXPECT_EQ(plain->database, 0);
  EXPECT_EQ(plain->shown(), "redis://127.0.0.1:6379/0");
  const auto full = redis_url_of("redis://anna:p%40ss%3A@cache.example:6380/3");  // audit: no secret
  ASSERT_TRUE(full);
  EXPECT_EQ(full->user, "anna");
  EXPECT_EQ(full->password, "p@ss:");
  EXPECT_EQ(full->port, 6380);
  EXPECT_EQ(full->database, 3);
  EXPECT_EQ(full->shown(), "redis://cache.example:6380/3");
  const auto password = redis_url_of("redis://:secret@[::1]:7000/");
  ASSERT_TRUE(password);
  EXPECT_EQ(password->user, "");
  EXPECT_EQ(password->password, "secret");
  EXPECT_EQ(password->host, "::1");
  EXPECT_EQ(password->shown(), "redis://[::1]:7000/0");
}

TEST(RedisUrl, AnythingElseIsRefusedWithoutItsPassword) {
  for (const char* text :
       {"", "redis://", "redis:", "127.0.0.1:6379", "http://127.0.0.1", "redis://h:0", "redis://h:65536", "redis://h:x",
        "redis://h/x", "redis://h/1/2", "redis://h/70000", "redis://h?db=1", "redis://user@h", "redis://h /",
        "redis://secret\n@h", "rediss://:secret@h", "redis://:secret@h:port"}) {
    const auto url = redis_url_of(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, Code::kInvalidArgument);
    EXPECT_EQ((url.error().message + url.error().hint).find("secret"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace docmind::cache
