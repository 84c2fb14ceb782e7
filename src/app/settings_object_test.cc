#include "app/settings_object.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::app {
namespace {

TEST(SettingsObject, EveryLineOfTheTableWithItsOrigin) {
  const sys::TempFolder folder;
  sys::RealFiles files;
  config::Sources sources;
  sources.file = folder.write("docmind.yaml", "search:\n  k: 7\n");
  sources.flags = {{"data", "/d/\"数据\"", "--data"}};
  const auto loaded = config::load(sources, files);
  ASSERT_TRUE(loaded) << loaded.error().message;

  const std::string text = settings_object(*loaded, *loaded);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const auto object = parse_json(text);
  ASSERT_TRUE(object);
  const auto& lines = object->at("settings").as_array();
  EXPECT_EQ(lines.size(), config::show(*loaded).size());
  const auto line = [&](std::string_view key) -> boost::json::object {
    for (const auto& one : lines) {
      if (one.at("key").as_string() == key) return one.as_object();
    }
    return {};
  };
  EXPECT_EQ(line("search.k").at("value"), 7);
  EXPECT_EQ(line("search.k").at("origin").as_string(), sources.file->string() + ":2");
  EXPECT_EQ(line("data").at("value"), "/d/\"数据\"");
  EXPECT_EQ(line("data").at("origin"), "flag --data");
  EXPECT_EQ(line("chunk.tokens").at("origin"), "default");
  EXPECT_FALSE(line("chunk.tokens").at("help").as_string().empty());
}

TEST(SettingsObject, WhatWaitsForAStartIsShownAsItIsInForce) {
  const sys::TempFolder folder;
  sys::RealFiles files;
  config::Sources sources;
  sources.file = folder.write("docmind.yaml", "search:\n  k: 7\nserver:\n  port: 9000\n");
  sources.flags = {{"data", "/d", "--data"}};
  const auto started = config::load(sources, files);
  folder.write("docmind.yaml", "server:\n  port: 9001\nsearch:\n  k: 8\n");
  const auto loaded = config::load(sources, files);
  ASSERT_TRUE(started && loaded);

  const auto object = parse_json(settings_object(*loaded, *started));
  ASSERT_TRUE(object);
  for (const auto& one : object->at("settings").as_array()) {
    if (one.at("key") == "search.k") {
      EXPECT_EQ(one.at("in_force"), 8);
      EXPECT_EQ(one.at("pending"), false);
    }
    if (one.at("key") != "server.port") continue;
    EXPECT_EQ(one.at("in_force"), 9000);
    EXPECT_EQ(one.at("value"), 9001);
    EXPECT_EQ(one.at("in_force_origin").as_string(), sources.file->string() + ":4");
    EXPECT_EQ(one.at("origin").as_string(), sources.file->string() + ":2");
  }
}

}  // namespace
}  // namespace docmind::app
