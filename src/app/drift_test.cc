#include "app/drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "app/settings_object.h"
#include "base/json.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::app {
namespace {

using ::testing::EndsWith;
using ::testing::IsEmpty;

class DriftTest : public ::testing::Test {
 protected:
  config::Loaded loaded(std::string_view text) {
    config::Sources sources;
    sources.file = folder_.write("docmind.yaml", text);
    sources.flags = {{"data", "/d", "--data"}};
    auto out = config::load(sources, files_);
    EXPECT_TRUE(out) << out.error().message;
    return *std::move(out);
  }

  // A docmind that was started with one file and has read another one since; a third is on the disk.
  static std::vector<Drift> between(const config::Loaded& started, const config::Loaded& read,
                                    const config::Loaded& now) {
    return drift_between(*parse_json(settings_object(read, started)), *parse_json(settings_object(now, now)));
  }

  sys::TempFolder folder_;
  sys::RealFiles files_;
};

TEST_F(DriftTest, NothingChangedIsNone) {
  const auto same = loaded("search:\n  k: 7\n");
  EXPECT_THAT(between(same, same, same), IsEmpty());
}

TEST_F(DriftTest, WhatWaitsForAStartIsOne) {
  const auto started = loaded("server:\n  port: 9000\n");
  const auto read = loaded("search:\n  k: 9\nserver:\n  port: 9001\n");
  const auto drifts = between(started, read, read);
  ASSERT_EQ(drifts.size(), 1U);
  EXPECT_EQ(drifts[0].key, "server.port");
  EXPECT_EQ(drifts[0].in_force, 9000);
  EXPECT_THAT(drifts[0].in_force_origin, EndsWith("docmind.yaml:2"));
  EXPECT_EQ(drifts[0].written, 9001);
  EXPECT_THAT(drifts[0].written_origin, EndsWith("docmind.yaml:4"));
}

TEST_F(DriftTest, SoIsWhatTheServerHasNotReadYet) {
  const auto started = loaded("search:\n  k: 7\n");
  const auto drifts = between(started, started, loaded(""));
  ASSERT_EQ(drifts.size(), 1U);
  EXPECT_EQ(drifts[0].in_force, 7);
  EXPECT_EQ(drifts[0].written_origin, "default");
}

// Both are shown as stars.
TEST_F(DriftTest, AnotherSecretIsOneAndIsNotTold) {
  const auto started = loaded("vllm:\n  api_key: one\n");
  const auto read = loaded("vllm:\n  api_key: two\n");
  for (const Drift& one : between(started, read, read)) {
    EXPECT_EQ(one.key, "vllm.api_key");
    EXPECT_EQ(one.in_force, boost::json::value(config::kMask));
    EXPECT_EQ(one.written, boost::json::value(config::kMask));
  }
  EXPECT_EQ(between(started, read, read).size(), 1U);
}

TEST_F(DriftTest, AnAnswerOfSomethingElseIsNoCrash) {
  EXPECT_THAT(drift_between(boost::json::value(), boost::json::value()), IsEmpty());
  EXPECT_THAT(drift_between(*parse_json(R"({"settings":[1,{"key":2}]})"), boost::json::value(3)), IsEmpty());
}

}  // namespace
}  // namespace docmind::app
