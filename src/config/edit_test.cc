#include "config/edit.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "config/source.h"

namespace docmind::config {
namespace {

Result<std::string> put(std::string_view text, std::string_view key, std::string_view value) {
  for (const Declaration& one : declarations()) {
    if (one.key == key) return with_value(text, "docmind.yaml", one, value);
  }
  return Error{Code::kNotFound, "no such setting in the test"};
}

std::string good(std::string_view text, std::string_view key, std::string_view value) {
  const auto out = put(text, key, value);
  EXPECT_TRUE(out) << (out ? "" : out.error().message);
  return out ? *out : "";
}

TEST(WithValue, TheValueWhereItStandsAndNothingElse) {
  EXPECT_EQ(good("# mine\nsearch:\n  k: 7   # enough\n  rrf_k: 60\n", "search.k", "20"),
            "# mine\nsearch:\n  k: 20   # enough\n  rrf_k: 60\n");
  EXPECT_EQ(good("search:\n  k: '7'\n", "search.k", "20"), "search:\n  k: 20\n");
  EXPECT_EQ(good("search.k: 7\nlog: {level: info, format: json}\n", "search.k", "20"),
            "search.k: 20\nlog: {level: info, format: json}\n");
  EXPECT_EQ(good("log: {level: info, format: json}\n", "log.level", "warn"), "log: {level: warn, format: json}\n");
  EXPECT_EQ(good("search: {k: 7}", "search.k", "20"), "search: {k: 20}");
  EXPECT_EQ(good("search:\r\n  k: 7\r\n", "search.k", "20"), "search:\r\n  k: 20\r\n");
  EXPECT_EQ(good("vllm:\n  model: \"a \\\" #b\"  # x\n", "vllm.model", "c"), "vllm:\n  model: c  # x\n");
  EXPECT_EQ(good("chunk_size: 256\n", "chunk.tokens", "512"), "chunk_size: 512\n");  // By its other name.
  EXPECT_EQ(good("search: {k: 1}\nsearch.k: 2\n", "search.k", "9"),
            "search: {k: 1}\nsearch.k: 9\n");  // The later counts.
}

TEST(WithValue, ANewOneBehindTheOthersOfItsSection) {
  EXPECT_EQ(good("search:\n    k: 7\n# ask\nask:\n  max_claims: 2\n", "search.rrf_k", "12"),
            "search:\n    k: 7\n    rrf_k: 12\n# ask\nask:\n  max_claims: 2\n");
  EXPECT_EQ(good("search:\n  k: 7", "search.rrf_k", "12"), "search:\n  k: 7\n  rrf_k: 12\n");
  EXPECT_EQ(good("search: {k: 7}\n", "search.rrf_k", "12"), "search: {rrf_k: 12, k: 7}\n");
  EXPECT_EQ(good("log:\n  level: info\n", "search.k", "3"), "log:\n  level: info\nsearch:\n  k: 3\n");
  EXPECT_EQ(good("", "search.k", "3"), "search:\n  k: 3\n");
  EXPECT_EQ(good("# only words", "search.k", "3"), "# only words\nsearch:\n  k: 3\n");
  EXPECT_EQ(good("", "data", "/d"), "data: /d\n");
}

TEST(WithValue, EveryValueIsReadBackAsItWasGiven) {
  for (const std::string value :
       {"",    "a b", "null", "#x", "a: b", "- x", "-", "-1", "0.10", "yes",  "\"q\"", "it's",  "{", "数据",
        "@at", "%p",  "*a",   "&b", "!c",   "|",   ">", "~",  "~/x",  "a #b", "1e3",   "a\\nb", "?"}) {
    const std::string text = good("vllm:\n  # c\n  url: x\n", "vllm.model", value);
    const auto read = read_yaml(text, "f.yaml");
    ASSERT_TRUE(read) << text;
    ASSERT_EQ(read->size(), 2U);
    EXPECT_EQ(read->back().value, value) << text;
    EXPECT_EQ(good(text, "vllm.url", "y"), good("vllm:\n  # c\n  url: y\n", "vllm.model", value));
  }
}

TEST(WithValue, WhatOnlyAPersonShouldTouchStaysAsItIs) {
  for (const char* text : {"vllm:\n  model: >\n    long\n    words\n", "vllm: &v\n  model: &m x\n  url: *m\n",
                           "vllm:\n  model: one\n    two\n", "{search: {k: 1}\n}\n---\n", "search: [\n"}) {
    EXPECT_FALSE(put(text, "vllm.model", "b")) << text;
  }
  const auto folded = put("vllm:\n  model: >\n    long\n    words\n", "vllm.model", "b");
  ASSERT_FALSE(folded);
  EXPECT_EQ(folded.error().code, Code::kConflict);
  EXPECT_NE(folded.error().message.find("vllm.model cannot be changed in docmind.yaml"), std::string::npos);
}

}  // namespace
}  // namespace docmind::config
