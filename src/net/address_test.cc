#include "net/address.h"

#include <gtest/gtest.h>

namespace docmind::net {
namespace {

TEST(Address, HostPortAndPath) {
  const auto whole = address_of("http://127.0.0.1:8000/v1/");
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->endpoint.host, "127.0.0.1");
  EXPECT_EQ(whole->endpoint.port, 8000);
  EXPECT_EQ(whole->path, "/v1");
  const auto plain = address_of("http://gpu.local");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->endpoint.port, 80);
  EXPECT_EQ(plain->path, "");
  EXPECT_EQ(address_of("http://[::1]:9")->endpoint.host, "[::1]");
}

TEST(Address, WhatIsNone) {
  for (const char* odd :
       {"", "127.0.0.1:8000", "https://127.0.0.1:8000", "ftp://x", "http://", "http://a b", "file:///etc/passwd",
        "http://user:word@host", "http://host/?q", "http://host/#f", "http://host:0", "http://host:99999"}) {
    EXPECT_EQ(address_of(odd).error().code, Code::kInvalidArgument) << odd;
  }
  EXPECT_FALSE(address_of("http://" + std::string(5000, 'a')));
}

TEST(Address, ThisMachineAndOthers) {
  for (const char* own : {"http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"}) {
    EXPECT_TRUE(is_loopback(address_of(own)->endpoint)) << own;
  }
  for (const char* other : {"http://10.0.0.1:1", "http://localhost.example.test", "http://127.0.0.1.example.test"}) {
    EXPECT_FALSE(is_loopback(address_of(other)->endpoint)) << other;
  }
}

}  // namespace
}  // namespace docmind::net
