#include "app/live_settings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <vector>

#include "base/json.h"
#include "sys/rng.h"
#include "sys/testing/temp_folder.h"

namespace docmind::app {
namespace {

class LiveSettingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_file = folder.write("docmind.yaml", "search: {k: 9}\n");
    sources.file = config_file;
    sources.flags = {{"data", folder.path().native(), "--data"}};
    started = *config::load(sources, files);
    keys = *access::Keys::open(folder / "keys.json", {files, clock, rng});
    log = *obs::Log::open({.sink = [this](std::string_view line) { said.emplace_back(line); }}, clock);
    live.emplace(LiveSettingsDeps{sources, started, layout, keys, files, *log},
                 [this](const config::Settings& in_force, std::uint64_t generation) {
                   k.push_back(in_force.search.k);
                   generations.push_back(generation);
                 });
  }
  boost::json::object shown() const { return parse_json(live->object())->as_object(); }
  bool was_said(std::string_view words) const {
    return std::ranges::any_of(said, [&](const std::string& line) { return line.find(words) != std::string::npos; });
  }

  sys::TempFolder folder;
  sys::RealFiles files;
  ManualClock clock;
  sys::RealRng rng;
  Layout layout;
  std::filesystem::path config_file;
  config::Sources sources;
  config::Loaded started;
  std::unique_ptr<access::Keys> keys;
  std::vector<std::string> said;
  std::unique_ptr<obs::Log> log;
  std::vector<std::uint32_t> k;
  std::vector<std::uint64_t> generations;
  std::optional<LiveSettings> live;
};

TEST_F(LiveSettingsTest, AFileThatWasWrittenIsInForceOnce) {
  live->look();
  EXPECT_TRUE(k.empty());
  folder.write("docmind.yaml", "search: {k: 21}\n");
  live->look();
  live->look();
  EXPECT_EQ(k, std::vector<std::uint32_t>{21});
  EXPECT_EQ(generations, std::vector<std::uint64_t>{2});
  EXPECT_EQ(shown().at("generation"), 2);
  EXPECT_TRUE(was_said("settings_reloaded"));
}

TEST_F(LiveSettingsTest, AFileWithTheSameValuesSaysNothing) {
  folder.write("docmind.yaml", "# nine\nsearch: {k: 9}\n");
  live->look();
  EXPECT_TRUE(k.empty());
  EXPECT_TRUE(said.empty());
}

TEST_F(LiveSettingsTest, ABadFileIsShownUntilItIsMendedAndChangesNothing) {
  folder.write("docmind.yaml", "search: {k: many}\n");
  live->look();
  live->look();
  EXPECT_TRUE(k.empty());
  EXPECT_EQ(said.size(), 1U);
  EXPECT_TRUE(was_said("settings_not_reloaded"));
  EXPECT_NE(shown().at("trouble").as_string().find("docmind.yaml:1: search.k must be"), std::string::npos);
  EXPECT_EQ(shown().at("generation"), 1);
  folder.write("docmind.yaml", "search: {k: 9}\n");
  live->look();
  EXPECT_TRUE(shown().at("trouble").is_null());
}

TEST_F(LiveSettingsTest, AnEnvFileThatAppearsAndAFileThatGoesAreSeen) {
  folder.write(".env", "DOCMIND_SEARCH__K=5\n");
  live->look();
  EXPECT_EQ(k, std::vector<std::uint32_t>{5});
  std::filesystem::remove(config_file);
  live->look();
  EXPECT_EQ(k.size(), 1U);
  EXPECT_TRUE(was_said("settings_not_reloaded"));
}

TEST_F(LiveSettingsTest, AChangeOfItsOwnIsNotReadAsAnother) {
  const auto changed = live->change(parse_json(R"({"changes":{"search.k":4}})")->as_object());
  EXPECT_EQ(changed.status, 200);
  live->look();
  EXPECT_EQ(k, std::vector<std::uint32_t>{4});
  EXPECT_FALSE(was_said("settings_reloaded"));
}

TEST_F(LiveSettingsTest, ARoomThatThereIsNotIsRefusedByItsSetting) {
  const auto refused = live->change(parse_json(R"({"changes":{"log.rooms":"servr=debug"}})")->as_object());
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find(R"("key":"log.rooms")"), std::string::npos) << refused.body;
  EXPECT_TRUE(k.empty());
}

}  // namespace
}  // namespace docmind::app
