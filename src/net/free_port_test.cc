#include "net/free_port.h"

#include <gtest/gtest.h>

#include "net/server.h"

namespace docmind::net {
namespace {

TEST(FreePort, ATakenOneIsToldAndAnyOtherIsFound) {
  const auto server = *Server::open({}, [](const Request&, ResponseWriter&) {});
  const std::uint16_t taken = *server->listen_tcp({});
  const auto refused = free_port(taken);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_NE(refused.error().message.find(std::to_string(taken)), std::string::npos);
  const auto any = free_port(0);
  ASSERT_TRUE(any);
  EXPECT_NE(*any, 0);
  EXPECT_NE(*any, taken);
  EXPECT_EQ(*free_port(*any), *any);
}

}  // namespace
}  // namespace docmind::net
