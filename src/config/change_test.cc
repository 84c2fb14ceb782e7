#include "config/change.h"

#include <gtest/gtest.h>

#include "config/testing/loading.h"
#include "sys/testing/fault_files.h"

namespace docmind::config {
namespace {

class Change : public testing::Loading {
 protected:
  Result<Loaded> make(const Sources& s, const Changes& changes, Write write = Write::kYes) {
    return change(s, ok(s), changes, {}, write, files);
  }
  std::string text(const std::string& name) {
    auto read = files.read(folder / name, 1 << 20);
    return read ? *read : "(none)";
  }
};

TEST_F(Change, IsWrittenToTheFileThatCountsMostAndReadFromThere) {
  folder.write("etc/a.yaml", "search: {k: 1}\n");
  folder.write("etc/b.yaml", "# mine\nask:\n  max_claims: 2\n");
  const auto then = make(sources(), {{"search.k", "20"}, {"ask.max_claims", "3"}});
  ASSERT_TRUE(then) << then.error().message;
  EXPECT_EQ(then->settings.search.k, 20U);
  EXPECT_EQ(text("etc/b.yaml"), "# mine\nask:\n  max_claims: 3\nsearch:\n  k: 20\n");
  EXPECT_EQ(text("etc/a.yaml"), "search: {k: 1}\n");
  EXPECT_EQ(ok(sources()).settings.search.k, 20U);
}

TEST_F(Change, WithoutAFileOneIsBegunAndOneByNameIsTaken) {
  const auto then = make(sources(), {{"log.level", "warn"}});
  ASSERT_TRUE(then) << then.error().message;
  EXPECT_EQ(text("etc/docmind.yaml"), "# Settings of DocMind: docs/settings.md.\nlog:\n  level: warn\n");

  Sources s = sources();
  s.file = folder.write("my/own.yaml", "log: {level: debug}\n");
  std::filesystem::permissions(*s.file, std::filesystem::perms(0640));
  ASSERT_TRUE(make(s, {{"log.level", "error"}}));
  EXPECT_EQ(text("my/own.yaml"), "log: {level: error}\n");
  EXPECT_EQ(std::filesystem::status(*s.file).permissions(), std::filesystem::perms(0640));
}

TEST_F(Change, ALinkStaysALink) {
  const auto real = folder.write("elsewhere/real.yaml", "log: {level: debug}\n");
  std::filesystem::create_directories(folder / "etc");
  std::filesystem::create_symlink(real, folder / "etc/docmind.yaml");
  ASSERT_TRUE(make(sources(), {{"log.level", "error"}}));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "etc/docmind.yaml"));
  EXPECT_EQ(text("elsewhere/real.yaml"), "log: {level: error}\n");
}

TEST_F(Change, WhatIsRefusedChangesNothingAndNamesTheKey) {
  const std::string before = "search: {k: 1}\nchunk: {tokens: 100, overlap: 10}\n";
  folder.write("etc/docmind.yaml", before);
  const std::vector<std::pair<Changes, std::string>> refused = {
      {{{"search.k", "0"}}, "search.k must be a whole number from 1 to 1000"},
      {{{"search.k", "5"}, {"log.level", "loud"}}, "log.level must be one of"},
      {{{"chunk.overlap", "90"}}, "chunk.overlap (90) must be at most half"},
      {{{"sarch.k", "5"}}, "\"sarch.k\" is no setting"},
      {{{"test.crash_after_commits", "5"}}, "is no setting"},
      {{{"vllm.api_key", "********"}}, "vllm.api_key is shown masked"},
      {{{"vllm.model", "a\nb"}}, "vllm.model must be one line"},
  };
  for (const auto& [changes, message] : refused) {
    const auto then = make(sources(), changes);
    ASSERT_FALSE(then) << message;
    EXPECT_NE(then.error().message.find(message), std::string::npos) << then.error().message;
    EXPECT_EQ(text("etc/docmind.yaml"), before);
  }
  const auto unusable = change(
      sources(), ok(sources()), {{"search.k", "5"}},
      [](const Settings&) -> Result<> { return Error{Code::kInvalidArgument, "no"}; }, Write::kYes, files);
  EXPECT_FALSE(unusable);
  EXPECT_TRUE(make(sources(), {{"search.k", "5"}}, Write::kNo));
  EXPECT_EQ(text("etc/docmind.yaml"), before);
}

TEST_F(Change, WhatCountsMoreThanTheFileLocksIt) {
  Sources s = sources({{"DOCMIND_SEARCH__K", "5"}});
  s.file = folder.write("my/own.yaml", "log: {level: debug}\n");
  folder.write("my/.env", "LOG_LEVEL=ERROR\n");
  s.flags = {{"chunk.tokens", "100", "--set"}};
  for (const auto& [key, by] : std::map<std::string, std::string>{
           {"search.k", "Set by variable DOCMIND_SEARCH__K. Change it there."},
           {"log.level", "Set by " + (folder / "my/.env").string() + ":1. Change it there."},
           {"chunk.tokens", "Set by flag --set. Change it there."}}) {
    const auto then = make(s, {{key, key == "log.level" ? "warn" : "200"}});
    ASSERT_FALSE(then);
    EXPECT_EQ(then.error().code, Code::kConflict);
    EXPECT_EQ(then.error().message, key + " cannot be changed here");
    EXPECT_EQ(then.error().hint, by);
  }
  EXPECT_TRUE(make(s, {{"search.rrf_k", "7"}}));
}

TEST_F(Change, AServiceFileIsNoPlaceToWriteTo) {
  folder.write("etc/vllm_service.yaml", "engine: {}\n");
  folder.write("etc/docmind.yaml", "search: {k: 3}\n");
  EXPECT_TRUE(make(sources(), {{"search.k", "4"}}));
  EXPECT_EQ(ok(sources()).writes, folder / "etc/docmind.yaml");
}

TEST_F(Change, SecretsAndPasswordsAreNotShown) {
  folder.write("etc/docmind.yaml",
               "vllm: {api_key: s3cret}\nvectors: {store: pgvector, url: 'postgresql://me:pw@h:1/d', api_key: ''}\n");
  for (const SettingLine& line : show(ok(sources()))) {
    EXPECT_EQ(line.value.find("s3cret"), std::string::npos);
    EXPECT_EQ(line.value.find("pw@"), std::string::npos);
    if (line.key == "vllm.api_key") EXPECT_EQ(line.value, kMask);
    if (line.key == "vectors.url") EXPECT_EQ(line.value, "postgresql://me:********@h:1/d");
    if (line.key == "vectors.api_key") EXPECT_EQ(line.value, "");
  }
  const auto bad = make(sources(), {{"vllm.api_key", "x\ny"}});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "vllm.api_key is not valid");
}

TEST_F(Change, EverySettingIsOfAKindThatTakesItsOwnBounds) {
  for (const Declaration& one : declarations()) {
    Settings settings;
    for (const std::string& text : {one.least, one.most}) {
      if (!text.empty()) EXPECT_TRUE(one.set(settings, text)) << one.key << " " << text;
    }
    const bool bounded = one.kind == Kind::kInteger || one.kind == Kind::kNumber || one.kind == Kind::kMebibytes ||
                         one.kind == Kind::kDuration;
    EXPECT_EQ(bounded, !one.least.empty()) << one.key;
    for (const std::string_view choice : one.choices) EXPECT_TRUE(one.set(settings, choice)) << one.key;
    EXPECT_EQ(one.kind == Kind::kChoice, !one.choices.empty()) << one.key;
  }
}

}  // namespace
}  // namespace docmind::config
