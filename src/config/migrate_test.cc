#include "config/migrate.h"

#include <gtest/gtest.h>

#include "config/load.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::config {
namespace {

const NameReport& named(const Migrated& migrated, std::string_view name) {
  for (const NameReport& one : migrated.names) {
    if (one.spelt == name) return one;
  }
  static const NameReport none{};
  return none;
}

TEST(Migrate, AnEnvFileOfTheSpecificationBecomesSettings) {
  const auto migrated =
      migrate("# old\nCHUNK_SIZE=256\nVLLM_HOST=0.0.0.0\nPATH=/usr/bin\nDOCMIND_SEARCH__K=7\n", "/home/me/.env");
  ASSERT_TRUE(migrated) << migrated.error().message;
  EXPECT_TRUE(migrated->changes());
  EXPECT_FALSE(migrated->wrong());
  EXPECT_EQ(named(*migrated, "CHUNK_SIZE").fate, NameFate::kRenamed);
  EXPECT_EQ(named(*migrated, "CHUNK_SIZE").key, "chunk.tokens");
  EXPECT_EQ(named(*migrated, "CHUNK_SIZE").origin, "/home/me/.env:2");
  EXPECT_EQ(named(*migrated, "VLLM_HOST").fate, NameFate::kNoEffect);
  EXPECT_EQ(named(*migrated, "PATH").fate, NameFate::kForeign);
  EXPECT_EQ(named(*migrated, "DOCMIND_SEARCH__K").fate, NameFate::kSame);
  EXPECT_EQ(migrated->text, "# Settings of DocMind: docs/settings.md.\nchunk:\n  tokens: 256\nsearch:\n  k: 7\n");
}

TEST(Migrate, AYamlFileKeepsItsCommentsAndItsOrder) {
  const auto migrated = migrate(
      "# Ours, for the office.\n"
      "chunk_size: 256  # small\n"
      "search:\n"
      "  # not more\n"
      "  k: 7\n"
      "  kk: 8\n"
      "vllm_host: 0.0.0.0\n"
      "ask:  # nothing here\n"
      "  never: 1\n",
      "docmind.yaml");
  ASSERT_TRUE(migrated) << migrated.error().message;
  EXPECT_EQ(migrated->text,
            "# Ours, for the office.\n"
            "# chunk_size: 256  # small\n"
            "search:\n"
            "  # not more\n"
            "  k: 7\n"
            "  # kk: 8\n"
            "# vllm_host: 0.0.0.0\n"
            "# ask:  # nothing here\n"
            "  # never: 1\n"
            "chunk:\n"
            "  tokens: 256\n");
}

TEST(Migrate, OfANameThatIsThereTwiceTheLastOneCounts) {
  const auto text = [](std::string_view yaml) {
    const auto migrated = migrate(yaml, "docmind.yaml");
    return migrated ? migrated->text : migrated.error().message;
  };
  EXPECT_EQ(text("chunk_size: 256\nchunk:\n  tokens: 300\n"), "# chunk_size: 256\nchunk:\n  tokens: 300\n");
  EXPECT_EQ(text("chunk:\n  tokens: 300\nchunk_size: 256\n"), "chunk:\n  tokens: 256\n# chunk_size: 256\n");
}

TEST(Migrate, WhatCannotBeChangedInPlaceIsWrittenAnew) {
  const auto migrated = migrate("{chunk_size: 256, search: {k: 7}}\n", "docmind.yaml");
  ASSERT_TRUE(migrated) << migrated.error().message;
  EXPECT_EQ(migrated->text, "# Settings of DocMind: docs/settings.md.\nchunk:\n  tokens: 256\nsearch:\n  k: 7\n");
}

TEST(Migrate, AFileOfTodayStaysAsItIs) {
  const auto migrated = migrate("search:\n  k: 7\n", "docmind.yaml");
  ASSERT_TRUE(migrated);
  EXPECT_FALSE(migrated->changes());
  EXPECT_EQ(named(*migrated, "search.k").fate, NameFate::kSame);
}

TEST(Migrate, WhatAStartRefusesIsSaid) {
  const auto migrated = migrate("search:\n  kk: 7\n  k: many\n", "docmind.yaml");
  ASSERT_TRUE(migrated);
  EXPECT_TRUE(migrated->wrong());
  EXPECT_EQ(named(*migrated, "search.kk").fate, NameFate::kWrong);
  EXPECT_EQ(named(*migrated, "search.k").fate, NameFate::kWrong);
  EXPECT_FALSE(migrate("search: [", "docmind.yaml"));
}

// Every name of the specifications that is a setting here: the new file loads, and means the same.
TEST(Migrate, WhatIsWrittenLoadsAndMeansTheSame) {
  const sys::TempFolder folder;
  sys::RealFiles files;
  std::string env;
  for (const Declaration& one : declarations()) {
    if (one.shown != Shown::kAlways || one.is_path || one.aliases.empty()) continue;
    const std::string value = one.get(Settings{});
    if (value.empty() || value.find_first_of("\"\\\n#") != std::string::npos) continue;
    env += std::string(one.aliases.front()) + "=\"" + value + "\"\n";
  }
  const auto migrated = migrate(env, folder / ".env");
  ASSERT_TRUE(migrated) << migrated.error().message;
  EXPECT_FALSE(migrated->wrong());
  EXPECT_GT(migrated->names.size(), 5U);
  Sources sources;
  sources.environment = sys::Environment({{"HOME", folder.path().string()}});
  const auto before = load(sources, files);
  sources.file = folder.write("new.yaml", migrated->text);
  const auto after = load(sources, files);
  ASSERT_TRUE(before && after) << (after ? "" : after.error().message) << migrated->text;
  for (const Declaration& one : declarations()) {
    EXPECT_EQ(one.get(after->settings), one.get(before->settings)) << one.key;
  }
}

}  // namespace
}  // namespace docmind::config
