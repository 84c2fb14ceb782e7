#include "config/source.h"

#include <gtest/gtest.h>

#include <map>

namespace docmind::config {
namespace {

std::map<std::string, std::string> pairs(const Result<std::vector<Assignment>>& read) {
  EXPECT_TRUE(read) << (read ? "" : read.error().message);
  std::map<std::string, std::string> out;
  if (read) {
    for (const Assignment& a : *read) out[a.key] = a.value;
  }
  return out;
}

using Pairs = std::map<std::string, std::string>;

TEST(Yaml, NestedNamesBecomeKeysWithTheirLines) {
  const auto read =
      read_yaml("# c\nsearch:\n  k: 20\n  bm25: off\nchunk.tokens: 256\nlog: {file: '日 志.log'}\n", "/c/d.yaml");
  EXPECT_EQ(pairs(read),
            (Pairs{{"search.k", "20"}, {"search.bm25", "off"}, {"chunk.tokens", "256"}, {"log.file", "日 志.log"}}));
  EXPECT_EQ((*read)[0].origin, "/c/d.yaml:3");
  EXPECT_EQ((*read)[1].origin, "/c/d.yaml:4");
  EXPECT_EQ((*read)[0].base, "/c");
}

TEST(Yaml, NothingIsFine) {
  for (const char* text : {"", "# only\n", "---\n", "~\n", "{}\n", "\xef\xbb\xbfsearch: {}\n"}) {
    EXPECT_TRUE(pairs(read_yaml(text, "/x.yaml")).empty()) << text;
  }
}

TEST(Yaml, MistakesNameFileAndLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a: 1\nb: [1\n", "/x.yaml:"},
      {"a: 1\na: 2\n", "/x.yaml:2: a is there twice"},
      {"- a\n", "/x.yaml:1: the settings"},
      {"just text\n", "/x.yaml:1: the settings"},
      {"a:\n  b:\n", "/x.yaml:2: \"a.b\" has no value"},
      {"a:\n  - 1\n", "/x.yaml:2: \"a\" must be one value"},
      {"a: 1\n---\nb: 2\n", "/x.yaml:3: a second"},
      {"? [1]\n: 2\n", "/x.yaml:1: the name"},
      {"a: *none\n", "/x.yaml:1: is not valid YAML"},
      {"\ta: 1\n", "/x.yaml:1: is not valid YAML"},
  };
  for (const auto& [text, start] : cases) {
    const auto read = read_yaml(text, "/x.yaml");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::kInvalidArgument);
    EXPECT_TRUE(read.error().message.starts_with(start)) << text << " -> " << read.error().message;
  }
}

TEST(Yaml, HostileFilesAreBounded) {
  std::string laughs = "a: &a {x: 1, y: 2}\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    const std::string before(1, static_cast<char>(c - 1));
    laughs += std::string(1, c) + ": &" + c + " {";
    for (int i = 0; i < 9; ++i) laughs += "k" + std::to_string(i) + ": *" + before + ", ";
    laughs += "}\n";
  }
  EXPECT_FALSE(read_yaml(laughs, "/x.yaml"));
  EXPECT_FALSE(read_yaml(std::string(200'000, '['), "/x.yaml"));
  EXPECT_FALSE(read_yaml(std::string(200'000, '{'), "/x.yaml"));
  EXPECT_FALSE(read_yaml("a: &a\n  b: *a\n", "/x.yaml"));  // Contains itself.
  EXPECT_FALSE(read_yaml(std::string(kMaxFileBytes + 1, ' '), "/x.yaml"));
  EXPECT_FALSE(read_yaml("a: \xff\n", "/x.yaml"));
  EXPECT_FALSE(read_yaml(std::string("a: \0", 4), "/x.yaml"));
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_FALSE(read_yaml(deep + std::string(40, ' ') + "b: 1\n", "/x.yaml"));
}

TEST(ServiceYaml, GivesEveryNameWithItsLineAndLeavesNullsOut) {
  const auto read =
      read_service_yaml("server:\n  api_key: null\n  port: 8000\nengine: {swap_space: 2}\nx: ~\n", "/s.yaml");
  EXPECT_EQ(pairs(read), (Pairs{{"server.port", "8000"}, {"engine.swap_space", "2"}}));
  EXPECT_EQ((*read)[0].origin, "/s.yaml:3");
  EXPECT_FALSE(read_service_yaml("a: [1]\n", "/s.yaml"));
  EXPECT_FALSE(read_service_yaml("a: 1\na: 2\n", "/s.yaml"));
  EXPECT_FALSE(read_service_yaml(std::string(kMaxFileBytes + 1, ' '), "/s.yaml"));
}

TEST(ServiceYaml, AmongTheSettingsItIsASettingItself) {
  const auto read = read_yaml("server: {api_key: null}\n", "/etc/d/vllm_service.yaml");
  EXPECT_EQ(pairs(read), (Pairs{{"vllm.service", "vllm_service.yaml"}}));
  EXPECT_EQ((*read)[0].base, "/etc/d");
}

TEST(DotEnv, IsReadAsAShellWould) {
  const auto read = read_dot_env(
      "# comment\n\n  LOG_LEVEL=\"INFO\"  # why\nexport DOCMIND_SEARCH__K=20\r\nA='x # y'\nB=plain # "
      "c\nC=a#b\nD=\nE=\"q\\\"\\n\\x\"\n",
      "/c/.env");
  EXPECT_EQ(pairs(read), (Pairs{{"log_level", "INFO"},
                                {"search.k", "20"},
                                {"a", "x # y"},
                                {"b", "plain"},
                                {"c", "a#b"},
                                {"d", ""},
                                {"e", "q\"\n\\x"}}));
  EXPECT_EQ((*read)[0].origin, "/c/.env:3");
  EXPECT_TRUE((*read)[0].may_be_foreign);
  EXPECT_FALSE((*read)[1].may_be_foreign);
}

TEST(DotEnv, MistakesNameTheLine) {
  for (const char* text : {"\nnonsense\n", "\n=x\n", "\n1A=x\n", "\nA B=x\n", "\nA=\"open\n", "\nA='x' y\n"}) {
    const auto read = read_dot_env(text, "/c/.env");
    ASSERT_FALSE(read) << text;
    EXPECT_TRUE(read.error().message.starts_with("/c/.env:2: ")) << read.error().message;
  }
}

TEST(Variables, OnlyOursAndNotTheBuilds) {
  const auto read = read_variables(sys::Environment(sys::Environment::Variables{{"PATH", "/bin"},
                                                                                {"LOG_LEVEL", "debug"},
                                                                                {"DOCMIND_SEARCH__RRF_K", "5"},
                                                                                {"DOCMIND_CHUNK_SIZE", "300"},
                                                                                {"DOCMIND_DEPS_DIR", "/d"}}));
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].key, "chunk_size");
  EXPECT_EQ(read[1].key, "search.rrf_k");
  EXPECT_EQ(read[1].origin, "variable DOCMIND_SEARCH__RRF_K");
}

}  // namespace
}  // namespace docmind::config
