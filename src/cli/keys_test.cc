#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/testing/fake_api.h"

namespace docmind::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct KeysCommandTest : ::testing::Test {
  Surroundings here(bool json = false) { return {terminal, "/home/anna", json, nullptr}; }

  std::string out;
  std::string err;
  Terminal terminal{[this](std::string_view t) { out += t; }, [this](std::string_view t) { err += t; }};
  testing::FakeApi api;
};

TEST_F(KeysCommandTest, AKeyIsShownOnce) {
  api.body = R"({"id":"0a1b2c3d","name":"phone","scopes":["ask","ingest"],"made_ms":86400000,"expires_ms":172800000,)"
             R"("key":"dmk_1"})";
  EXPECT_EQ(keys_add(api, {.scopes = {"ask", "ingest"}, .name = "phone", .expires = "1970-01-03"}, here()), kOk);
  EXPECT_EQ(api.requests.back().body, R"({"name":"phone","scopes":["ask","ingest"],"expires_ms":172800000})");
  EXPECT_THAT(out, StartsWith("dmk_1\n0a1b2c3d  ask,ingest        made 1970-01-02  expires 1970-01-03  phone\n"));
  EXPECT_EQ(keys_add(api, {.scopes = {"ask"}}, here(true)), kOk);
  EXPECT_EQ(api.requests.back().body, R"({"name":"","scopes":["ask"]})");
  EXPECT_THAT(out, HasSubstr(api.body));
  EXPECT_EQ(keys_add(api, {.scopes = {"ask"}, .expires = "2023-02-30"}, here()), kFailed);
  EXPECT_THAT(err, HasSubstr("there is no day 2023-02-30"));
}

TEST_F(KeysCommandTest, KeysAreListedAndRevoked) {
  api.body = R"({"keys":[{"id":"0a1b2c3d","name":"a\u001b[2J","scopes":["admin"],"made_ms":0,"expires_ms":null}]})";
  EXPECT_EQ(keys_list(api, {}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("admin             made 1970-01-01  expires never"));
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  api.body = R"({"keys":[]})";
  EXPECT_EQ(keys_list(api, {}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("There is no key"));
  api.body = R"({"id":"0a1b2c3d","name":"","scopes":["ask"],"made_ms":0,"expires_ms":null})";
  EXPECT_EQ(keys_revoke(api, {.id = "0a1b2c3d"}, here()), kOk);
  EXPECT_EQ(api.requests.back().method, "DELETE");
  EXPECT_EQ(api.requests.back().target.path, "/api/keys/0a1b2c3d");
  EXPECT_THAT(out, HasSubstr("revoked 0a1b2c3d"));
}

}  // namespace
}  // namespace docmind::cli
