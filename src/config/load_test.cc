#include "config/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "config/specification_names.h"
#include "config/testing/loading.h"
#include "sys/testing/fault_files.h"

namespace docmind::config {
namespace {

class Load : public testing::Loading {
 protected:
  Error bad(const Sources& s) {
    auto loaded = load(s, files);
    EXPECT_FALSE(loaded);
    return loaded ? Error{} : std::move(loaded).error();
  }
  static std::string testdata(std::string_view name) {
    std::stringstream text;
    text << std::ifstream(std::filesystem::path(DOCMIND_SOURCE_DIR) / "src/config/testdata" / name).rdbuf();
    EXPECT_FALSE(text.str().empty());
    return text.str();
  }
};

TEST_F(Load, DefaultsStandWithoutAnySource) {
  const Loaded loaded = ok(sources());
  EXPECT_EQ(loaded.settings.server.port, 8080);
  EXPECT_EQ(loaded.settings.data, "/home/wei/.local/share/docmind");
  EXPECT_TRUE(loaded.origins.empty());
  EXPECT_TRUE(loaded.warnings.empty());
  for (const Declaration& d : declarations()) {  // Every default is a value its own declaration takes.
    Settings settings;
    const std::string text = d.get(settings);
    if (text.empty()) continue;
    EXPECT_TRUE(d.set(settings, text)) << d.key;
    EXPECT_EQ(d.get(settings), text) << d.key;
  }
}

TEST_F(Load, TheLaterSourceWinsAndIsNamed) {
  folder.write("etc/a.yaml", "search: {k: 1}\nchunk: {tokens: 100, overlap: 10}\n");
  folder.write("etc/b.yaml", "search:\n  k: 2\n  rrf_k: 12\n");
  folder.write("etc/c.yml", "search: {k: 99}\n");
  Sources s = sources({{"DOCMIND_SEARCH__K", "5"}, {"DOCMIND_ASK__MAX_CLAIMS", "3"}});
  Loaded loaded = ok(s);
  EXPECT_EQ(loaded.settings.search.k, 5U);
  EXPECT_EQ(loaded.settings.search.rrf_k, 12U);
  EXPECT_EQ(loaded.settings.chunk.tokens, 100U);
  EXPECT_EQ(loaded.origins.at("search.k"), "variable DOCMIND_SEARCH__K");
  EXPECT_EQ(loaded.origins.at("search.rrf_k"), (folder / "etc/b.yaml").string() + ":3");
  EXPECT_EQ(loaded.files.size(), 2U);

  s = sources();
  s.file = folder.write("my/own.yaml", "search: {k: 3}\nask: {max_claims: 2}\nlog: {level: warn}\n");
  folder.write("my/.env", "DOCMIND_SEARCH__K=4\nLOG_LEVEL=ERROR\n");
  loaded = ok(s);
  EXPECT_EQ(loaded.settings.search.k, 4U);
  EXPECT_EQ(loaded.settings.log.level, "error");
  EXPECT_EQ(loaded.origins.at("search.k"), (folder / "my/.env").string() + ":1");
  EXPECT_EQ(loaded.settings.ask.max_claims, 2U);
  s.flags = {{.key = "search.k", .value = "7"}, {.key = "server.port", .value = "0", .flag = "--port"}};
  loaded = ok(s);
  EXPECT_EQ(loaded.settings.search.k, 7U);
  EXPECT_EQ(loaded.settings.server.port, 0);
  EXPECT_EQ(loaded.origins.at("server.port"), "flag --port");
}

TEST_F(Load, ASecretMayBeACredential) {
  folder.write("credentials/vllm.api_key", "geheim\n");
  folder.write("credentials/search.k", "9\n");  // No secret.
  folder.write("credentials/other", "not ours");
  folder.write("etc/a.yaml", "vllm: {api_key: written}\n");
  const std::string credentials = (folder / "credentials").string();
  Loaded loaded = ok(sources({{"CREDENTIALS_DIRECTORY", credentials}}));
  EXPECT_EQ(loaded.settings.vllm.api_key, "geheim");
  EXPECT_EQ(loaded.origins.at("vllm.api_key"), credentials + "/vllm.api_key");
  EXPECT_TRUE(loaded.locked.contains("vllm.api_key"));
  EXPECT_NE(loaded.settings.search.k, 9U);
  loaded = ok(sources({{"CREDENTIALS_DIRECTORY", credentials}, {"DOCMIND_VLLM__API_KEY", "later"}}));
  EXPECT_EQ(loaded.settings.vllm.api_key, "later");
  EXPECT_EQ(ok(sources({{"CREDENTIALS_DIRECTORY", "/no/such/folder"}})).settings.vllm.api_key, "written");

  folder.write("credentials/vllm.api_key", "zwei\nZeilen\n");
  EXPECT_EQ(bad(sources({{"CREDENTIALS_DIRECTORY", credentials}})).code, Code::kInvalidArgument);
}

TEST_F(Load, TheCurrentFoldersEnvIsNotRead) {
  folder.write(".env", "DOCMIND_SEARCH__K=4\n");
  folder.write("etc/.env", "DOCMIND_SEARCH__K=4\n");
  folder.write("etc/.hidden.yaml", "search: {k: 4}\n");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const Loaded loaded = ok(sources());
  std::filesystem::current_path(before);
  EXPECT_EQ(loaded.settings.search.k, 10U);
}

TEST_F(Load, AMistakeNamesFileLineKeyAndWhatWasMeant) {
  folder.write("etc/a.yaml", "search:\n  kk: 1\n");
  const Error typo = bad(sources());
  EXPECT_EQ(typo.code, Code::kInvalidArgument);
  EXPECT_EQ(typo.message, (folder / "etc/a.yaml").string() + ":2: there is no setting \"search.kk\"");
  EXPECT_EQ(typo.hint, "Did you mean search.k?");
  folder.write("etc/a.yaml", "server: 8080\n");
  EXPECT_EQ(bad(sources()).hint, "It is a group of settings: write server.host, for instance.");
  folder.write("etc/a.yaml", "server:\n  port: 99999\nchunk:\n  tokens: many\n");
  const Error range = bad(sources({{"DOCMIND_SERVER__PORT", "80"}}));  // Overridden, and still a mistake.
  EXPECT_EQ(range.message,
            (folder / "etc/a.yaml").string() +
                ":2: server.port must be a whole number from 0 to 65535, not \"99999\" (and 1 more mistakes)");
  folder.write("etc/a.yaml", "");
  EXPECT_EQ(bad(sources({{"DOCMIND_SERACH__RRF_K", "1"}})).message,
            "variable DOCMIND_SERACH__RRF_K: there is no setting \"DOCMIND_SERACH__RRF_K\"");
  EXPECT_EQ(bad(sources({{"DOCMIND_SERACH__RRF_K", "1"}})).hint, "Did you mean search.rrf_k?");
  Sources s = sources();
  s.flags = {{.key = "nothing.like.it", .value = "1"}};
  EXPECT_EQ(bad(s).hint, "All settings are listed by: docmind config show");
  s.flags = {{.key = std::string(100'000, 'x'), .value = "1"}};
  EXPECT_LT(bad(s).message.size(), 200U);
}

TEST_F(Load, SettingsThatDoNotGoTogetherAreRefused) {
  EXPECT_NE(bad(sources({{"DOCMIND_CHUNK__OVERLAP", "300"}})).message.find("chunk.overlap (300)"), std::string::npos);
  EXPECT_NE(bad(sources({{"DOCMIND_SEARCH__BM25", "off"}, {"DOCMIND_SEARCH__DENSE", "off"}})).message.find("both off"),
            std::string::npos);
  EXPECT_FALSE(ok(sources({{"DOCMIND_SEARCH__BM25", "off"}})).settings.search.bm25);
  for (const std::string name : {"VLLM", "OLLAMA"}) {
    const Error both = bad(
        sources({{"DOCMIND_" + name + "__URL", "http://127.0.0.1:1"}, {"DOCMIND_" + name + "__PROGRAM", "/opt/it"}}));
    EXPECT_NE(both.message.find(".program are both set"), std::string::npos) << both.message;
  }
}

TEST_F(Load, FilesThatCannotBeReadAreErrors) {
  Sources s = sources();
  s.file = folder / "absent.yaml";
  EXPECT_EQ(bad(s).code, Code::kNotFound);
  folder.write("etc/a.yaml", "a: [\n");
  EXPECT_NE(bad(sources()).message.find("a.yaml:"), std::string::npos);
  sys::FaultFiles broken(files);
  broken.fail(folder / "etc/a.yaml", Error{Code::kDataLoss, "the disk reports an error"});
  EXPECT_EQ(load(sources(), broken).error().code, Code::kDataLoss);
  folder.write("etc/a.yaml", std::string(300'000, '#'));
  EXPECT_EQ(bad(sources()).code, Code::kResourceExhausted);
}

TEST_F(Load, PathsAreTakenFromWhereTheyAreWritten) {
  folder.write("etc/a.yaml", "data: ../library\nlog: {file: ~/log/文.log}\n");
  const Loaded loaded = ok(sources());
  EXPECT_EQ(loaded.settings.data, (folder / "library").string());
  EXPECT_EQ(loaded.settings.log.file, "/home/wei/log/文.log");
  EXPECT_EQ(ok(sources({{"DOCMIND_DATA", "here"}})).settings.data, (std::filesystem::current_path() / "here").string());
  EXPECT_EQ(ok(sources({{"DOCMIND_LOG__FILE", ""}})).settings.log.file, "");
}

TEST_F(Load, SizesAndTimesHaveTheirUnits) {
  folder.write("etc/a.yaml", "parse: {memory_mb: 512, timeout: 2m, cpu_seconds: 30}\n");
  const Loaded loaded = ok(sources());
  EXPECT_EQ(loaded.settings.parse.memory_bytes, 512ULL << 20U);
  EXPECT_EQ(loaded.settings.parse.timeout, std::chrono::minutes(2));
  EXPECT_EQ(loaded.settings.parse.cpu, std::chrono::seconds(30));
}

TEST_F(Load, TheSpecificationsOwnBlocksLoad) {
  Sources s = sources();
  s.file = folder.write("spec/docmind.yaml", "");
  folder.write("spec/.env", testdata("specification.env"));
  Loaded loaded = ok(s);
  EXPECT_EQ(loaded.warnings.size(), 33U);  // All of its 40 names but seven: LOG_LEVEL and these six.
  EXPECT_EQ(loaded.settings.vllm.model_folder, "/models/Qwen3-4B-Instruct-2507-FP8");
  EXPECT_EQ(loaded.settings.vllm.port, 8000);
  EXPECT_EQ(loaded.settings.cache_server.port, 8899);
  EXPECT_TRUE(loaded.settings.ask.supervisor);
  EXPECT_EQ(loaded.settings.log.level, "info");
  EXPECT_EQ(loaded.settings.ask.max_parallel_calls, 3U);
  EXPECT_EQ(loaded.settings.server.metrics_port, 9090);
  EXPECT_EQ(loaded.origins.size(), 7U);
  for (const std::string& warning : loaded.warnings) {
    EXPECT_NE(warning.find(" has no effect: "), std::string::npos) << warning;  // Known, each with its reason.
  }
  folder.write("spec/.env", testdata("readme.env"));
  loaded = ok(s);
  EXPECT_EQ(loaded.settings.chunk.tokens, 512U);
  EXPECT_EQ(loaded.settings.embedder.model, "BAAI/bge-large-en-v1.5");
  EXPECT_EQ(loaded.warnings.size(), 3U);
  folder.write("spec/.env", testdata("fields.env"));
  loaded = ok(s);
  EXPECT_EQ(loaded.warnings.size(), 21U);
  for (const std::string& warning : loaded.warnings)
    EXPECT_NE(warning.find("has no effect: "), std::string::npos) << warning;
  folder.write("spec/.env", "");
  folder.write("etc/vllm_service.yaml", testdata("vllm_service.yaml"));
  loaded = ok(s);
  EXPECT_TRUE(loaded.warnings.empty());
  EXPECT_EQ(loaded.settings.vllm.service, (folder / "etc/vllm_service.yaml").string());
}

TEST_F(Load, UnprefixedNamesCountOnlyInThatEnv) {
  EXPECT_EQ(ok(sources({{"CHUNK_SIZE", "256"}})).settings.chunk.tokens, 512U);
  EXPECT_EQ(ok(sources({{"DOCMIND_CHUNK_SIZE", "256"}})).settings.chunk.tokens, 256U);
  Sources s = sources();
  s.file = folder.write("a/b.yaml", "");
  folder.write("a/.env", "POSTGRES_PASSWORD=geheim\n");  // Another program's.
  const Loaded loaded = ok(s);
  ASSERT_EQ(loaded.warnings.size(), 1U);
  EXPECT_EQ(loaded.warnings[0].find("geheim"), std::string::npos);
  folder.write("a/.env", "DOCMIND_NO_SUCH_THING=1\n");
  EXPECT_EQ(bad(s).code, Code::kInvalidArgument);
}

TEST_F(Load, ShowListsEverySettingWithItsOrigin) {
  const Loaded loaded = ok(sources({{"DOCMIND_SEARCH__K", "5"}, {"DOCMIND_PARSE__TIMEOUT", "90"}}));
  const auto lines = show(loaded);
  const auto line = [&lines](std::string_view key) { return *std::ranges::find(lines, key, &SettingLine::key); };
  EXPECT_EQ(line("search.k").value, "5");
  EXPECT_EQ(line("search.k").origin, "variable DOCMIND_SEARCH__K");
  EXPECT_EQ(line("parse.timeout").value, "90s");
  EXPECT_EQ(line("server.port").origin, "default");
  EXPECT_FALSE(line("server.port").help.empty());
  EXPECT_EQ(std::ranges::count(lines, "test.crash_after_commits", &SettingLine::key), 0);
  const auto with_test = show(ok(sources({{"DOCMIND_TEST__CRASH_AFTER_COMMITS", "3"}})));
  EXPECT_EQ(std::ranges::count(with_test, "test.crash_after_commits", &SettingLine::key), 1);
}

TEST(Declarations, NamesAreUniqueAndEverySwitchIsReachable) {
  std::vector<std::string_view> names;
  for (const Declaration& d : declarations()) {
    names.push_back(d.key);
    names.insert(names.end(), d.aliases.begin(), d.aliases.end());
    EXPECT_FALSE(d.help.empty()) << d.key;
    EXPECT_TRUE(d.help.ends_with('.')) << d.key;
  }
  for (const SpecificationName& s : specification_names()) names.push_back(s.name);
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end()) << *std::ranges::adjacent_find(names);
  // Two declarations that wrote the same member would show here.
  for (const Declaration& changed : declarations()) {
    Settings settings;
    for (const char* text :
         {"7", "300", "0.5", "true", "false", "debug", "json", "q8_0", "model", "qdrant", "graph", "never", "x"}) {
      if (changed.get(settings) == text || !changed.set(settings, text)) continue;
      break;
    }
    EXPECT_NE(changed.get(settings), changed.get(Settings{})) << changed.key;
    for (const Declaration& other : declarations()) {
      if (other.key == changed.key) continue;
      EXPECT_EQ(other.get(settings), other.get(Settings{})) << changed.key << " " << other.key;
    }
  }
}

}  // namespace
}  // namespace docmind::config
