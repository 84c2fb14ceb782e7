#include "engine/out_of_memory.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace docmind::engine {
namespace {

TEST(OutOfMemory, HasAWordOfItsOwnInTheReply) {
  const net::Response reply = error_reply(out_of_memory());
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(parse_json(reply.body)->at("error").at("code"), "out_of_memory");
  EXPECT_EQ(error_event(out_of_memory()), reply.body);
  EXPECT_TRUE(ends_the_engine(out_of_memory()));
}

TEST(OutOfMemory, OtherFailuresAreAsEver) {
  const Error error{Code::kResourceExhausted, "The prompt is too long."};
  EXPECT_FALSE(ends_the_engine(error));
  const net::Response reply = error_reply(error);
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(parse_json(reply.body)->at("error").at("code"), "resource_exhausted");
  EXPECT_EQ(error_reply({Code::kRateLimited, "busy"}).headers.find("Retry-After").value_or(""), "1");
}

}  // namespace
}  // namespace docmind::engine
