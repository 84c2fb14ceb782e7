#include "app/exposure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docmind::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Exposure, ThisMachineAloneNeedsNoKey) {
  for (const char* host : {"127.0.0.1", "localhost", "::1", "127.9.9.9"}) {
    const auto exposure = exposure_of({}, host);
    ASSERT_TRUE(exposure);
    EXPECT_TRUE(exposure->loopback) << host;
    EXPECT_FALSE(exposure->keys_needed) << host;
    EXPECT_THAT(exposure->hosts.allowed, IsEmpty());
    EXPECT_FALSE(exposure->hosts.numbers);
  }
}

TEST(Exposure, OthersNeedOneAndCallItByItsAddress) {
  const auto one = exposure_of({}, "192.168.1.5");
  EXPECT_FALSE(one->loopback);
  EXPECT_TRUE(one->keys_needed);
  EXPECT_THAT(one->hosts.allowed, ElementsAre("192.168.1.5"));
  EXPECT_FALSE(one->hosts.numbers);
  EXPECT_THAT(exposure_of({}, "fe80::1")->hosts.allowed, ElementsAre("[fe80::1]"));
  EXPECT_TRUE(exposure_of({}, "0.0.0.0")->hosts.numbers);
  EXPECT_TRUE(exposure_of({}, "::")->hosts.numbers);
  EXPECT_TRUE(exposure_of({}, "::")->keys_needed);
}

TEST(Exposure, AProxyOfThisMachineMakesItOpenToo) {
  const auto proxied = exposure_of({.hosts = "Docs.Example, 10.0.0.1"}, "127.0.0.1");
  EXPECT_TRUE(proxied->loopback);
  EXPECT_TRUE(proxied->keys_needed);
  EXPECT_THAT(proxied->hosts.allowed, ElementsAre("docs.example", "10.0.0.1"));
  EXPECT_TRUE(exposure_of({.require_key = true}, "127.0.0.1")->keys_needed);
  for (const char* wrong : {"http://docs.example", "a b", ",", "docs.example/x"}) {
    EXPECT_FALSE(exposure_of({.hosts = wrong}, "127.0.0.1")) << wrong;
  }
}

}  // namespace
}  // namespace docmind::app
