// Random schemas: what the masks let through satisfies the schema, and what satisfies it can be written.
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "grammar/testing/walk.h"

namespace docmind::grammar {
namespace {

namespace json = boost::json;
using testing::drawn;
using testing::small_trie;

// A schema and, on demand, values of it as the automaton writes them without blanks.
class RandomSchema {
 public:
  explicit RandomSchema(Rng& rng) : rng_(rng) {
    json::object defs;
    defs["list"] = *parse_json(
        R"({"type":"object","properties":{"v":{"type":"integer"},"next":{"$ref":"#/$defs/list"}},"required":["v"],)"
        R"("additionalProperties":false})");
    defs["leaf"] = schema(3);
    root_ = schema(0).as_object();
    root_["$defs"] = defs;
  }
  const json::object& root() const { return root_; }
  std::string value() { return value_of(root_, 0); }

 private:
  std::uint64_t below(std::uint64_t n) { return rng_.next() % n; }
  std::string name() {
    constexpr std::array<const char*, 8> kNames = {"a", "ab", "abc", "b", "中", "q\"", "", "the"};
    return kNames.at(below(kNames.size()));
  }

  json::value schema(int depth) {
    switch (below(depth < 3 ? 14 : 8)) {
      case 0:
        return json::object{{"type", "null"}};
      case 1:
        return json::object{{"type", json::array{"boolean", "null"}}};
      case 2: {
        const auto low = static_cast<std::int64_t>(below(4000)) - 2000;
        return json::object{
            {"type", "integer"}, {"minimum", low}, {"maximum", low + static_cast<std::int64_t>(below(3000))}};
      }
      case 3:
        return json::object{{"type", "number"}};
      case 4: {
        const auto least = below(4);
        return json::object{{"type", "string"}, {"minLength", least}, {"maxLength", least + below(6)}};
      }
      case 5:
        return json::object{{"enum", json::array{"x", 1, nullptr, "xy", json::array{1, "a"}, true}}};
      case 6:
        return json::object{{"type", "string"}, {"pattern", "^(a|中[0-9]+)*\"?$"}};
      case 7:
        return json::object{{"type", "string"}, {"format", "uuid"}};
      case 8:
        return array(depth);
      case 9:
      case 10:
        return object(depth);
      case 11:
        return json::object{{"anyOf", json::array{schema(depth + 1), schema(depth + 1), schema(depth + 1)}}};
      case 12:
        return json::object{{"$ref", below(2) == 0 ? "#/$defs/list" : "#/$defs/leaf"}};
      default:
        return json::object{{"allOf", json::array{json::object{{"type", "integer"}, {"minimum", 3}},
                                                  json::object{{"maximum", below(50) + 3}}}}};
    }
  }

  json::value array(int depth) {
    json::object out{{"type", "array"}, {"items", schema(depth + 1)}};
    const auto least = below(3);
    if (below(2) == 0) out["minItems"] = least;
    if (below(2) == 0) out["maxItems"] = least + below(3);
    if (below(3) == 0) out["prefixItems"] = json::array{schema(depth + 1), schema(depth + 1)};
    return out;
  }

  json::value object(int depth) {
    json::object properties;
    json::array required;
    for (auto n = below(5); n > 0; --n) properties[name()] = schema(depth + 1);
    for (const auto& member : properties) {
      if (below(2) == 0) required.push_back(json::value(member.key()));
    }
    json::object out{{"type", "object"}, {"properties", properties}, {"required", required}};
    if (below(3) == 0) out["additionalProperties"] = false;
    if (below(3) == 0) out["additionalProperties"] = schema(depth + 1);
    return out;
  }

  std::string text(const json::object& s) {
    const auto least = s.at("minLength").to_number<std::uint64_t>();
    const auto most = s.at("maxLength").to_number<std::uint64_t>();
    constexpr std::array<const char*, 7> kCharacters = {"a", "\\n", "中", "😀", "\\u00e9", "\\ud83d\\ude00", "\\\""};
    std::string out = "\"";
    for (auto n = least + below(most - least + 1); n > 0; --n) out += kCharacters.at(below(kCharacters.size()));
    return out + "\"";
  }

  std::string value_of(const json::value& schema_value, int depth) {
    const json::object& s = schema_value.as_object();
    if (const json::value* some = s.if_contains("anyOf")) return value_of(some->as_array()[below(3)], depth);
    if (const json::value* values = s.if_contains("enum")) return to_text(values->as_array()[below(6)]);
    if (s.contains("allOf"))
      return std::to_string(3 + below(s.at("allOf").as_array()[1].at("maximum").to_number<std::uint64_t>() - 2));
    if (const json::value* to = s.if_contains("$ref")) {
      return value_of(root_.at("$defs").at(to->as_string().ends_with("list") ? "list" : "leaf"), depth + 1);
    }
    if (s.contains("pattern")) return below(2) == 0 ? R"("aa中07a\"")" : "\"\"";
    if (s.contains("format")) return "\"123E4567-e89b-12d3-a456-426614174000\"";
    if (s.at("type").is_array()) return below(2) == 0 ? "null" : "true";
    const json::string& type = s.at("type").as_string();
    if (type == "null") return "null";
    if (type == "integer" && s.contains("minimum")) {
      const auto low = s.at("minimum").as_int64();
      return std::to_string(
          low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(s.at("maximum").as_int64() - low) + 1)));
    }
    if (type == "integer") return std::to_string(below(100000));
    if (type == "number") return below(2) == 0 ? "-0.5e-7" : "12";
    if (type == "string") return text(s);
    return type == "array" ? items(s, depth) : members(s, depth);
  }

  std::string items(const json::object& s, int depth) {
    const auto bound = [&](const char* key, std::uint64_t otherwise) {
      const json::value* found = s.if_contains(key);
      return found == nullptr ? otherwise : found->to_number<std::uint64_t>();
    };
    const auto least = bound("minItems", 0);
    const auto most = bound("maxItems", least + 3);
    std::string out = "[";
    const auto count = least + below(most - least + 1);
    for (std::uint64_t i = 0; i < count; ++i) {
      const json::value* first = s.if_contains("prefixItems");
      out +=
          (i == 0 ? "" : ",") + value_of(first != nullptr && i < 2 ? first->as_array()[i] : s.at("items"), depth + 1);
    }
    return out + "]";
  }

  std::string members(const json::object& s, int depth) {
    std::string out;
    for (const auto& member : s.at("properties").as_object()) {
      bool must = false;
      for (const json::value& name : s.at("required").as_array()) must = must || name.as_string() == member.key();
      if (!must && (depth > 6 || below(2) == 0)) continue;
      out += (out.empty() ? "" : ",") + json_quoted({member.key().data(), member.key().size()}) + ":" +
             value_of(member.value(), depth + 1);
    }
    const json::value* free = s.if_contains("additionalProperties");
    if (free != nullptr && free->is_object() && below(2) == 0) {
      out += (out.empty() ? "" : ",") + std::string("\"abcd\":") + value_of(*free, depth + 1);
    }
    return "{" + out + "}";
  }

  Rng& rng_;
  json::object root_;
};

bool only_a_name_twice(const Error& error) { return error.message.find(" twice ") != std::string::npos; }

TEST(Property, WhatTheMasksLetThroughSatisfiesTheSchema) {
  Masker masker(small_trie());
  std::size_t ended = 0;
  for (std::uint64_t seed = 1; seed <= 250; ++seed) {
    SeededRng rng(seed);
    const RandomSchema schema(rng);
    const auto grammar = *Grammar::of_schema(schema.root(), {.spacing = static_cast<Spacing>(seed % 3)});
    for (int i = 0; i < 4; ++i) {
      const std::string text = drawn(grammar, masker, rng);
      if (text.empty()) continue;
      ++ended;
      const auto valid = grammar->validate(text);
      if (!valid) {
        ASSERT_TRUE(only_a_name_twice(valid.error())) << "seed " << seed << ": " << text << "\n"
                                                      << valid.error().message << "\n"
                                                      << to_text(schema.root());
      }
    }
  }
  EXPECT_GT(ended, 500U);
}

TEST(Property, WhatSatisfiesTheSchemaCanBeWrittenInAnyTokens) {
  const auto trie = small_trie();
  Masker masker(trie);
  TokenMask mask(trie->size());
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SeededRng rng(seed);
    RandomSchema schema(rng);
    const auto grammar = *Grammar::of_schema(schema.root(), {.spacing = Spacing::kNone});
    for (int i = 0; i < 5; ++i) {
      const std::string text = schema.value();
      const auto valid = grammar->validate(text);
      ASSERT_TRUE(valid) << "seed " << seed << ": " << text << "\n"
                         << valid.error().message << "\n"
                         << to_text(schema.root());
      Matcher matcher(grammar);
      for (std::size_t at = 0; at < text.size();) {
        std::vector<Token> fit;
        for (Token t = 0; t < static_cast<Token>(trie->size()); ++t) {
          if (!trie->bytes(t).empty() && std::string_view(text).substr(at).starts_with(trie->bytes(t)))
            fit.push_back(t);
        }
        const Token token = fit[rng.next() % fit.size()];
        if (rng.next() % 8 == 0) {
          masker.allowed(matcher, mask);
          ASSERT_TRUE(mask.test(token)) << text.substr(0, at) << " then " << trie->bytes(token);
        }
        ASSERT_TRUE(masker.allowed(matcher, token))
            << "seed " << seed << ": " << text.substr(0, at) << " then " << trie->bytes(token) << "\n"
            << to_text(schema.root());
        ASSERT_TRUE(matcher.advance(trie->bytes(token)));
        at += trie->bytes(token).size();
      }
      ASSERT_TRUE(matcher.may_end()) << text;
    }
  }
}

TEST(Property, WhatIsForcedIsTheOnlyWay) {
  const auto trie = small_trie();
  Masker masker(trie);
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SeededRng rng(seed);
    RandomSchema schema(rng);
    const auto grammar = *Grammar::of_schema(schema.root(), {.spacing = Spacing::kNone});
    const std::string text = schema.value();
    Matcher matcher(grammar);
    for (const char byte : text) {
      const std::string forced = matcher.forced();
      if (!forced.empty()) {
        for (int other = 0; other < 256; ++other) {
          const char c = static_cast<char>(other);
          ASSERT_EQ(matcher.accepts({&c, 1}), c == forced.front());
        }
        ASSERT_TRUE(matcher.accepts(forced));
        ASSERT_FALSE(matcher.may_end());
      }
      ASSERT_TRUE(matcher.advance({&byte, 1}));
    }
    ASSERT_EQ(matcher.forced(), "");
  }
}

TEST(Property, ADamagedTextThatPassesSatisfiesTheSchema) {
  std::size_t passed = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SeededRng rng(seed);
    RandomSchema schema(rng);
    const auto grammar = *Grammar::of_schema(schema.root(), {.spacing = Spacing::kNone});
    const std::string text = schema.value();
    for (int i = 0; i < 40; ++i) {
      std::string damaged = text;
      constexpr std::string_view kBytes = "019-.,:\"\\{}[]anu\x80\xe4 e";
      damaged[rng.next() % damaged.size()] = kBytes[rng.next() % kBytes.size()];
      if (rng.next() % 3 == 0) damaged.erase(rng.next() % damaged.size(), 1);
      if (damaged.empty() || !testing::writes(grammar, damaged)) continue;
      ++passed;
      const auto valid = grammar->validate(damaged);
      if (!valid)
        ASSERT_TRUE(only_a_name_twice(valid.error())) << "seed " << seed << ": " << damaged << valid.error().message;
    }
  }
  EXPECT_GT(passed, 300U);
}

}  // namespace
}  // namespace docmind::grammar
