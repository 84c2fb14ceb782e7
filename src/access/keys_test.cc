#include "access/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/rng.h"
#include "sys/testing/fault_files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::access {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

struct KeysTest : ::testing::Test {
  std::unique_ptr<Keys> open() {
    auto keys = Keys::open(path, {files, clock, rng});
    EXPECT_TRUE(keys) << keys.error().message;
    return keys ? *std::move(keys) : nullptr;
  }

  sys::TempFolder folder;
  std::filesystem::path path = folder / "keys.json";
  sys::RealFiles real;
  sys::FaultFiles files{real};
  ManualClock clock;
  sys::RealRng rng;
};

TEST_F(KeysTest, AKeyIsFoundByItsSecretAlone) {
  const auto keys = open();
  EXPECT_FALSE(keys->any_usable());
  const auto made = keys->add("phone", {Scope::kIngest, Scope::kAsk, Scope::kAsk}, std::nullopt);
  ASSERT_TRUE(made);
  EXPECT_THAT(made->secret, MatchesRegex("dmk_[0-9a-f]{64}"));
  EXPECT_THAT(made->key.scopes, ElementsAre(Scope::kAsk, Scope::kIngest));
  ASSERT_TRUE(keys->find(made->secret));
  EXPECT_EQ(keys->find(made->secret)->name, "phone");
  std::string other = made->secret;
  other.back() = other.back() == '0' ? '1' : '0';
  for (const std::string& wrong : {other, made->key.id, made->secret + "0", std::string()}) {
    EXPECT_FALSE(keys->find(wrong)) << wrong;
  }
  EXPECT_TRUE(keys->any_usable());
  EXPECT_NE(keys->add("phone", {Scope::kAsk}, std::nullopt)->secret, made->secret);
}

TEST_F(KeysTest, AdminCoversAllAndOthersThemselves) {
  EXPECT_TRUE(Key{.scopes = {Scope::kAdmin}}.covers(Scope::kAsk));
  EXPECT_TRUE(Key{.scopes = {Scope::kAdmin}}.covers(Scope::kIngest));
  EXPECT_TRUE(Key{.scopes = {Scope::kIngest}}.covers(Scope::kIngest));
  EXPECT_FALSE(Key{.scopes = {Scope::kIngest}}.covers(Scope::kAsk));
  EXPECT_FALSE((Key{.scopes = {Scope::kAsk, Scope::kIngest}}.covers(Scope::kAdmin)));
  for (const Scope scope : {Scope::kAsk, Scope::kIngest, Scope::kAdmin}) EXPECT_EQ(scope_named(name(scope)), scope);
  EXPECT_FALSE(scope_named("root"));
}

TEST_F(KeysTest, KeysOutliveTheProcessAndTheirSecretsAreNowhere) {
  const auto made = open()->add("n", {Scope::kAsk}, std::nullopt);
  ASSERT_TRUE(made);
  const auto again = open();
  ASSERT_TRUE(again->find(made->secret));
  EXPECT_EQ(again->find(made->secret)->id, made->key.id);
  EXPECT_THAT(*real.read(path, 1U << 20U), Not(HasSubstr(made->secret.substr(4))));
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
}

TEST_F(KeysTest, ARevokedKeyIsForgottenAtOnceAndForGood) {
  const auto keys = open();
  const auto made = keys->add("", {Scope::kAsk}, std::nullopt);
  ASSERT_TRUE(keys->revoke(made->key.id));
  EXPECT_FALSE(keys->find(made->secret));
  EXPECT_FALSE(open()->find(made->secret));
  EXPECT_EQ(keys->revoke(made->key.id).error().code, Code::kNotFound);
  EXPECT_THAT(keys->list(), IsEmpty());
}

TEST_F(KeysTest, AKeyExpires) {
  const auto keys = open();
  const auto made = keys->add("", {Scope::kAsk}, 5000);
  ASSERT_TRUE(made);
  clock.advance(std::chrono::milliseconds(4999));
  EXPECT_TRUE(keys->find(made->secret));
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(keys->find(made->secret));
  EXPECT_FALSE(keys->any_usable());
  EXPECT_EQ(keys->list().size(), 1U) << "shown until it is revoked";
  EXPECT_EQ(keys->add("", {Scope::kAsk}, 5000).error().code, Code::kInvalidArgument);
}

TEST_F(KeysTest, WhatCannotBeAKeyIsRefused) {
  const auto keys = open();
  EXPECT_EQ(keys->add("", {}, std::nullopt).error().code, Code::kInvalidArgument);
  for (const std::string& name : {std::string(129, 'a'), std::string("a\nb"), std::string("\xFF")}) {
    EXPECT_EQ(keys->add(name, {Scope::kAsk}, std::nullopt).error().code, Code::kInvalidArgument);
  }
  for (int i = 0; i < 256; ++i) ASSERT_TRUE(keys->add("", {Scope::kAsk}, std::nullopt));
  EXPECT_EQ(keys->add("", {Scope::kAsk}, std::nullopt).error().code, Code::kResourceExhausted);
  EXPECT_EQ(open()->list().size(), 256U);
}

TEST_F(KeysTest, AFileThatIsNoneOfOursOpensNothing) {
  const std::string hash(64, 'a');
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string("{}"), std::string(R"({"keys":[{}]})"),
        R"({"keys":[{"hash":")" + hash + R"(","name":"","scopes":[],"made_ms":0,"expires_ms":null}]})",
        R"({"keys":[{"hash":")" + hash + R"(","name":"","scopes":["root"],"made_ms":0,"expires_ms":null}]})",
        R"({"keys":[{"hash":")" + hash + R"(","name":"","scopes":["ask"],"made_ms":0,"expires_ms":"never"}]})",
        std::string(R"({"keys":[{"hash":"","name":"","scopes":["ask"],"made_ms":0,"expires_ms":null}]})")}) {
    ASSERT_TRUE(real.write_atomic(path, text));
    const auto opened = Keys::open(path, {files, clock, rng});
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().code, Code::kDataLoss) << text;
  }
  files.fail(path, Error{Code::kUnauthorized, "not ours"});
  EXPECT_EQ(Keys::open(path, {files, clock, rng}).error().code, Code::kUnauthorized);
}

TEST_F(KeysTest, WhatTheDiskRefusesIsNotInForce) {
  const auto keys = open();
  const auto made = keys->add("", {Scope::kAsk}, std::nullopt);
  files.fail(path, Error{Code::kResourceExhausted, "full"});
  EXPECT_EQ(keys->add("", {Scope::kAsk}, std::nullopt).error().code, Code::kResourceExhausted);
  EXPECT_EQ(keys->revoke(made->key.id).error().code, Code::kResourceExhausted);
  EXPECT_EQ(keys->list().size(), 1U);
  EXPECT_TRUE(keys->find(made->secret)) << "said to be not revoked, and so it is";
}

}  // namespace
}  // namespace docmind::access
