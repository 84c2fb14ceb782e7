#include "grammar/grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "grammar/testing/walk.h"

namespace docmind::grammar {
namespace {

using ::testing::HasSubstr;
using testing::made;
using testing::writes;

struct Case {
  const char* schema;
  std::vector<const char*> written;  // The automaton writes it, and it is valid.
  std::vector<const char*> refused;  // Neither.
  std::vector<const char*> valid;    // Valid, but the automaton writes it otherwise.
  std::vector<const char*> late;     // The automaton lets it pass, the check of the finished text does not.
};

class Keyword : public ::testing::TestWithParam<Case> {};

TEST_P(Keyword, HoldsInTheAutomatonAndInTheCheck) {
  const Case& c = GetParam();
  const auto grammar = made(c.schema);
  for (const char* text : c.written) {
    EXPECT_TRUE(writes(grammar, text)) << c.schema << " should write " << text;
    const auto valid = grammar->validate(text);
    EXPECT_TRUE(valid) << c.schema << " and " << text << ": " << valid.error().message;
  }
  for (const char* text : c.refused) {
    EXPECT_FALSE(writes(grammar, text)) << c.schema << " should not write " << text;
    EXPECT_FALSE(grammar->validate(text)) << c.schema << " should not hold for " << text;
  }
  for (const char* text : c.valid) {
    EXPECT_FALSE(writes(grammar, text)) << c.schema << " writes " << text;
    EXPECT_TRUE(grammar->validate(text)) << c.schema << " should hold for " << text;
  }
  for (const char* text : c.late) {
    EXPECT_TRUE(writes(grammar, text)) << c.schema << " should write " << text;
    EXPECT_FALSE(grammar->validate(text)) << c.schema << " should not hold for " << text;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Types, Keyword,
    ::testing::Values(
        Case{R"({"type":"null"})", {"null"}, {"nul", "0", "\"null\""}, {" null"}, {}},
        Case{R"({"type":"boolean"})", {"true", "false"}, {"True", "1", "null"}, {}, {}},
        Case{R"({"type":"integer"})",
             {"0", "-1", "12", "999999999999999999"},
             {"01", "-", "1.5", "1e", "\"1\"", "+1", "--1"},
             {"1.0", "1e3", "-0", "1000000000000000000"},
             {}},
        Case{R"({"type":"number"})",
             {"0", "-0.5", "1e9", "1E-12", "12.25e+3", "0.0000000000000001"},
             {".5", "1.", "1e", "0x1", "Infinity", "NaN", "1e999"},
             {"1e200"},
             {}},
        Case{R"({"type":"string"})",
             {R"("")", R"("a")", R"("\n\u00e9\"")", "\"中文\"", R"("\ud83d\ude00")", "\"\x7f\""},
             {"\"", "\"a", "\"\n\"", R"("\x")", R"("\ud83d")", R"("\ude00")", "\"\xff\"", "\"\xc0\x80\"",
              "\"\xed\xa0\x80\""},
             {},
             {}},
        Case{R"({"type":"array"})", {"[]", "[1,\"a\",[null],{\"x\":{}}]"}, {"[1,]", "[", "{}"}, {"[ ]"}, {}},
        Case{R"({"type":"object"})",
             {"{}", R"({"a":1,"":[]})"},
             {"{a:1}", "{\"a\"}", "{\"a\":1,}"},
             {},
             {R"({"a":1,"a":2})"}},
        Case{R"({"type":["string","null"]})", {"null", "\"x\""}, {"1", "[]"}, {}, {}},
        Case{"{}", {"1", "null", "{\"a\":[{}]}", "[[[]]]", "\"\""}, {"", "x"}, {}, {}},
        Case{"true", {"1", "[]"}, {"", "]"}, {}, {}},
        Case{R"({"type":"string","nullable":true,"maxLength":2})", {"null", "\"ab\""}, {"\"abc\"", "1"}, {}, {}},
        Case{R"({"enum":["a",1,null,{"b":[1,2]},"ab"]})",
             {"\"a\"", "1", "null", R"({"b":[1,2]})", "\"ab\""},
             {"\"b\"", "2", "{}", "\"abc\""},
             {"1.0"},
             {}},
        Case{R"({"enum":["a",1,"b"],"type":"string"})", {"\"a\"", "\"b\""}, {"1", "\"c\""}, {}, {}},
        Case{R"({"const":"x\"\n中"})", {"\"x\\\"\\n中\""}, {"\"x\"", "null"}, {"\"\\u0078\\\"\\n中\""}, {}}));

INSTANTIATE_TEST_SUITE_P(
    Strings, Keyword,
    ::testing::Values(
        Case{R"({"type":"string","minLength":2,"maxLength":3})",
             {"\"ab\"", "\"中文é\"", R"("\n\u0041")", "\"😀😀\""},
             {"\"a\"", "\"abcd\"", "\"中文é😀\"", R"("\n")"},
             {},
             {}},
        Case{R"({"type":"string","minLength":2})", {"\"ab\"", "\"abcdefghij\""}, {"\"\"", "\"中\""}, {}, {}},
        Case{R"({"type":"string","maxLength":0})", {"\"\""}, {"\"a\""}, {}, {}},
        Case{R"({"type":"string","pattern":"^[a-z]{2,3}(-[0-9]+)?$"})",
             {"\"ab\"", "\"abc-12\""},
             {"\"a\"", "\"abcd\"", "\"ab-\"", "\"AB\""},
             {R"("\u0061b")"},
             {}},
        Case{R"({"type":"string","pattern":"b+"})", {"\"abc\"", "\"b\"", "\"中b中\""}, {"\"\"", "\"ac\""}, {}, {}},
        Case{R"({"type":"string","pattern":"^(a|b\"|\\\\)*$"})", {R"("ab\"a\\")", "\"\""}, {"\"b\"", "\"c\""}, {}, {}},
        Case{R"({"type":"string","pattern":"^[^a-c]中?.$"})",
             {"\"d中x\"", "\"zz\"", "\"😀é\""},
             {"\"ax\"", "\"z\""},
             {},
             {}},
        Case{R"({"type":"string","pattern":"^\\d{3}|x$"})", {"\"123 and\"", "\"axx\""}, {"\"12\"", "\"xa\""}, {}, {}},
        Case{R"({"type":"string","pattern":"^a+$","maxLength":3})", {"\"aaa\""}, {"\"b\""}, {}, {"\"aaaa\""}},
        Case{R"({"type":"string","format":"date"})",
             {"\"2024-02-29\"", "\"1999-12-31\""},
             {"\"2024-13-01\"", "\"2024-1-01\"", "\"20240101\""},
             {},
             {"\"2023-02-29\"", "\"2024-04-31\""}},
        Case{R"({"type":"string","format":"date-time"})",
             {"\"2024-02-29T23:59:59Z\"", "\"2024-02-29T00:00:00.125+02:00\""},
             {"\"2024-02-29\"", "\"2024-02-29T24:00:00Z\"", "\"2024-02-29T00:00:00\""},
             {},
             {"\"2023-02-30T00:00:00Z\""}},
        Case{R"({"type":"string","format":"time"})", {"\"12:30:00Z\""}, {"\"12:30\"", "\"25:00:00Z\""}, {}, {}},
        Case{R"({"type":"string","format":"uuid"})",
             {"\"123e4567-e89b-12d3-a456-426614174000\""},
             {"\"123e4567e89b12d3a456426614174000\"", "\"g23e4567-e89b-12d3-a456-426614174000\""},
             {},
             {}},
        Case{R"({"type":"string","format":"ipv4"})", {"\"192.168.0.1\""}, {"\"256.1.1.1\"", "\"1.1.1\""}, {}, {}},
        Case{R"({"type":"string","format":"uri"})", {"\"anything\""}, {"1"}, {}, {}}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, Keyword,
    ::testing::Values(
        Case{R"({"type":"integer","minimum":5,"maximum":120})",
             {"5", "9", "10", "99", "100", "120"},
             {"4", "121", "0", "-5", "500", "1000"},
             {},
             {}},
        Case{R"({"type":"integer","exclusiveMinimum":-3,"exclusiveMaximum":2.5})",
             {"-2", "-1", "0", "1", "2"},
             {"-3", "3", "10", "-20"},
             {"-0"},
             {}},
        Case{R"({"type":"integer","minimum":-1000000})",
             {"-1000000", "-999999", "0", "7000000000"},
             {"-1000001"},
             {},
             {}},
        Case{R"({"type":"integer","maximum":-12})", {"-12", "-13", "-100"}, {"-11", "0", "12"}, {}, {}},
        Case{R"({"type":"integer","minimum":0,"maximum":18446744073709551615})", {"0", "5"}, {"-1"}, {}, {}},
        Case{R"({"type":"number","minimum":0,"maximum":1})", {"0.5", "1", "0"}, {"-0.5"}, {}, {"1.5", "2e3"}},
        Case{R"({"type":"number","exclusiveMinimum":0})", {"0.5"}, {"-1"}, {}, {"0"}},
        Case{R"({"type":"number","multipleOf":0.1})", {"0.3", "1.7", "2"}, {}, {}, {"0.35"}},
        Case{R"({"type":"integer","multipleOf":3})", {"9", "-3", "0"}, {"\"9\""}, {"9.0"}, {"10"}},
        Case{R"({"minimum":3})", {"3", "4.5"}, {"-1"}, {"\"a\"", "null"}, {"2"}}));

INSTANTIATE_TEST_SUITE_P(
    Objects, Keyword,
    ::testing::Values(
        Case{R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"}},"required":["b"]})",
             {R"({"a":1,"b":null})", R"({"b":null})"},
             {R"({"a":1})", "{}", R"({"a":null,"b":null})", R"({"a":1"b":null})"},
             {R"({"b":null,"a":1})", R"({"b":null,"c":1})"},
             {}},
        Case{R"({"type":"object","properties":{"a":{"const":1},"b":{"const":2},"c":{"const":3}}})",
             {"{}", R"({"a":1})", R"({"c":3})", R"({"a":1,"c":3})", R"({"a":1,"b":2,"c":3})"},
             {R"({"a":2})", R"({,"a":1})", R"({"a":1,})"},
             {R"({"c":3,"a":1})"},
             {}},
        Case{R"({"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false})",
             {"{}", R"({"a":null})"},
             {R"({"b":1})", R"({"a":null,"b":1})"},
             {},
             {}},
        Case{
            R"({"type":"object","properties":{"ab":{"const":1},"ac":{"const":2}},"additionalProperties":{"type":"string"}})",
            {R"({"a":"x"})", R"({"ab":1,"abc":"x"})", R"({"ab":1,"ac":2,"中":"","a\"":"z"})", R"({"":"x","b":"y"})"},
            {R"({"ab":"x"})", R"({"ac":"x"})", R"({"a":1})", R"({"ab":1,"x":2})"},
            {R"({"x":"1","ab":1})"},
            {R"({"\u0061b":"x"})", R"({"a":"x","a":"y"})"}},
        Case{R"({"type":"object","additionalProperties":{"type":"integer"}})",
             {"{}", R"({"x":1})"},
             {R"({"x":"y"})"},
             {},
             {}},
        Case{R"({"type":"object","properties":{"中":{},"q\"":{}},"required":["中"],"additionalProperties":true})",
             {R"({"中":1,"q\"":[],"z":{}})", R"({"中":null})"},
             {R"({"q\"":1})"},
             {},
             {}},
        Case{R"({"type":"object","required":["z"]})",
             {R"({"z":1})", R"({"z":1,"y":2})"},
             {"{}", R"({"y":1})"},
             {R"({"y":2,"z":1})"},
             {}},
        Case{R"({"properties":{"a":{"type":"null"}},"required":["a"]})", {R"({"a":null})"}, {"{}"}, {"1", "[]"}, {}},
        Case{R"({"type":"object","minProperties":1,"maxProperties":2})",
             {R"({"a":1})", R"({"a":1,"b":2})"},
             {},
             {},
             {"{}", R"({"a":1,"b":2,"c":3})"}},
        Case{R"({"type":"object","properties":{"a":false,"b":{"type":"null"}}})",
             {R"({"b":null})", "{}"},
             {R"({"a":1})"},
             {},
             {}}));

INSTANTIATE_TEST_SUITE_P(
    Arrays, Keyword,
    ::testing::Values(
        Case{R"({"type":"array","items":{"type":"integer"}})",
             {"[]", "[1]", "[1,2,3]"},
             {"[\"a\"]", "[1,]", "[,1]", "[1 2]"},
             {},
             {}},
        Case{R"({"type":"array","items":{"type":"boolean"},"minItems":2,"maxItems":3})",
             {"[true,false]", "[true,true,true]"},
             {"[]", "[true]", "[true,true,true,true]"},
             {},
             {}},
        Case{R"({"type":"array","items":{"type":"null"},"minItems":3})",
             {"[null,null,null]", "[null,null,null,null]"},
             {"[null,null]"},
             {},
             {}},
        Case{R"({"type":"array","maxItems":0})", {"[]"}, {"[1]"}, {}, {}},
        Case{R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false})",
             {"[]", "[1]", "[1,\"a\"]"},
             {"[\"a\"]", "[1,\"a\",2]", "[1,2]"},
             {},
             {}},
        Case{R"({"type":"array","prefixItems":[{"type":"integer"}],"items":{"type":"null"},"minItems":2})",
             {"[1,null]", "[1,null,null]"},
             {"[1]", "[null,null]", "[1,2]"},
             {},
             {}},
        Case{R"({"type":"array","items":{"enum":[1,2]},"uniqueItems":true})", {"[1,2]", "[]"}, {"[3]"}, {}, {"[1,1]"}},
        Case{R"({"type":"array","items":{"type":"array","items":{"type":"array","minItems":1}}})",
             {"[[[1]]]", "[[],[]]"},
             {"[[[]]]", "[1]"},
             {},
             {}}));

INSTANTIATE_TEST_SUITE_P(
    Combinations, Keyword,
    ::testing::Values(
        Case{
            R"({"anyOf":[{"type":"integer"},{"type":"string","maxLength":1},{"type":"array","items":{"type":"null"}}]})",
            {"1", "\"a\"", "[null]"},
            {"\"ab\"", "[1]", "null"},
            {},
            {}},
        Case{R"({"oneOf":[{"type":"integer","minimum":0},{"type":"integer","maximum":10}]})",
             {"-1", "11"},
             {"\"a\""},
             {},
             {"5"}},
        Case{
            R"({"anyOf":[{"type":"object","properties":{"k":{"const":"a"},"x":{"type":"integer"}},"required":["k","x"]},)"
            R"({"type":"object","properties":{"k":{"const":"b"},"y":{"type":"string"}},"required":["k","y"]}]})",
            {R"({"k":"a","x":1})", R"({"k":"b","y":""})"},
            {R"({"k":"a","y":""})", R"({"k":"b","x":1})"},
            {},
            {}},
        Case{R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},)"
             R"({"type":"object","properties":{"a":{"minimum":3,"maximum":4},"b":{"type":"null"}},"required":["b"]}]})",
             {R"({"a":3,"b":null})"},
             {R"({"a":5,"b":null})", R"({"a":3})"},
             {},
             {}},
        Case{R"({"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"anyOf":[)"
             R"({"properties":{"n":{"minimum":10,"maximum":11}}},{"properties":{"n":{"const":1}}}]})",
             {R"({"n":10})", R"({"n":1})"},
             {R"({"n":2})", "{}"},
             {},
             {}},
        Case{R"({"allOf":[{"type":["integer","string"]},{"type":["string","null"]}]})",
             {"\"a\""},
             {"1", "null"},
             {},
             {}},
        Case{R"({"allOf":[{"enum":[1,2,3]},{"enum":[3,2,5]}]})", {"2", "3"}, {"1", "5"}, {}, {}},
        Case{R"({"$ref":"#/$defs/p","$defs":{"p":{"type":"integer","minimum":1,"maximum":3}}})",
             {"1", "3"},
             {"0", "4"},
             {},
             {}},
        Case{R"({"allOf":[{"$ref":"#/definitions/a~1b"}],"description":"d","definitions":{"a/b":{"type":"null"}}})",
             {"null"},
             {"1"},
             {},
             {}},
        Case{R"({"$ref":"#/$defs/p","maximum":2,"$defs":{"p":{"type":"integer","minimum":1}}})",
             {"1", "2"},
             {"0", "3"},
             {},
             {}},
        Case{
            R"({"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[)"
            R"({"$ref":"#/$defs/n"},{"type":"null"}]}},"required":["v","next"],"additionalProperties":false}}})",
            {R"({"v":1,"next":null})", R"({"v":1,"next":{"v":2,"next":{"v":3,"next":null}}})"},
            {R"({"v":1})", R"({"v":1,"next":{}})", R"({"v":1,"next":{"v":2,"next":null})"},
            {},
            {}},
        Case{R"({"type":"object","properties":{"child":{"type":"array","items":{"$ref":"#"}}}})",
             {"{}", R"({"child":[{},{"child":[]}]})"},
             {R"({"child":{}})"},
             {},
             {}},
        Case{
            R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"$ref":"#/properties/a"}},"required":["b"]})",
            {R"({"b":2})"},
            {R"({"b":"x"})"},
            {},
            {}}));

std::string refusal(std::string_view schema, const Options& options = {}) {
  const auto value = parse_json(schema, {.depth = 5000});
  if (!value) return "no JSON: " + value.error().message;
  const auto grammar = Grammar::of_schema(*value, options);
  return grammar ? "made" : grammar.error().message;
}

TEST(Grammar, SaysWhatItDoesNotSupport) {
  EXPECT_EQ(refusal(R"({"type":"object","properties":{"a":{"not":{}}}})"),
            R"(the schema's "not" at #/properties/a is not supported)");
  EXPECT_EQ(refusal(R"({"items":{"anyOf":[{},{"if":{}}]}})"),
            R"(the schema's "if" at #/items/anyOf/1 is not supported)");
  EXPECT_EQ(refusal(R"({"minlength":3})"), R"(the schema's "minlength" at # is not supported)");
  EXPECT_EQ(refusal(R"({"$defs":{"a/b~c":{"contains":1}}})"),
            R"(the schema's "contains" at #/$defs/a~1b~0c is not supported)");
  EXPECT_THAT(refusal(R"({"patternProperties":{}})"), HasSubstr("patternProperties"));
  EXPECT_THAT(refusal(R"({"$ref":"http://example.com/s"})"), HasSubstr("which is not there"));
  EXPECT_THAT(refusal(R"({"$ref":"#/$defs/x"})"), HasSubstr("#/$defs/x"));
  EXPECT_THAT(refusal(R"({"$ref":"#/enum/0","enum":[{"x":1}]})"), HasSubstr("\"x\" at #/enum/0"));
}

TEST(Grammar, SaysWhichValueOfAKeywordIsWrong) {
  EXPECT_EQ(refusal(R"({"type":"text"})"), R"(the schema's "type" at # must be a type or types)");
  EXPECT_EQ(refusal(R"({"minLength":-1})"), R"(the schema's "minLength" at # must be a whole number from 0)");
  EXPECT_EQ(refusal(R"({"maxItems":1.5})"), R"(the schema's "maxItems" at # must be a whole number from 0)");
  EXPECT_EQ(refusal(R"({"required":"a"})"), R"(the schema's "required" at # must be a list of strings)");
  EXPECT_EQ(refusal(R"({"enum":[]})"), R"(the schema's "enum" at # must be a list, not empty)");
  EXPECT_EQ(refusal(R"({"anyOf":{}})"), R"(the schema's "anyOf" at # must be a list of schemas, not empty)");
  EXPECT_EQ(refusal(R"({"items":[{}]})"), R"(the schema's "items" at # must be a schema)");
  EXPECT_EQ(refusal(R"({"multipleOf":0})"), R"(the schema's "multipleOf" at # must be a number above 0)");
  EXPECT_EQ(refusal(R"({"exclusiveMinimum":true})"), R"(the schema's "exclusiveMinimum" at # must be a number)");
  EXPECT_EQ(refusal("[]"), "the schema at # is neither an object nor true or false");
  for (const char* pattern :
       {"(a", "a)", "[a", "a{2,1}", "*a", "(?=a)", "\\\\1", "\\\\b", "a^b", "a$b", "a{1001}", "\\\\ud800"}) {
    EXPECT_THAT(refusal(std::string(R"({"pattern":")") + pattern + "\"}"), HasSubstr("pattern")) << pattern;
  }
}

TEST(Grammar, NotesAreIgnored) {
  EXPECT_EQ(
      refusal(R"({"title":"t","description":"d","default":[],"examples":[1],"$schema":"s","$id":"i","$comment":"c",)"
              R"("deprecated":true,"readOnly":true,"x-order":1,"type":"integer"})"),
      "made");
}

TEST(Grammar, NothingSatisfiesIt) {
  const std::string nothing = "no text of bounded depth can satisfy the schema";
  EXPECT_EQ(refusal("false"), nothing);
  EXPECT_EQ(refusal(R"({"allOf":[{"type":"string"},{"type":"null"}]})"), nothing);
  EXPECT_EQ(refusal(R"({"type":"integer","minimum":3,"maximum":2})"), nothing);
  EXPECT_EQ(refusal(R"({"type":"string","minLength":3,"maxLength":2})"), nothing);
  EXPECT_EQ(refusal(R"({"type":"object","properties":{"a":false},"required":["a"]})"), nothing);
  EXPECT_EQ(refusal(R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})"), nothing);
  EXPECT_EQ(refusal(R"({"enum":[1,2],"type":"string"})"), nothing);
  EXPECT_EQ(refusal(R"({"type":"string","pattern":"^[^\\s\\S]$"})"), nothing);
}

std::string nested(std::size_t times, const std::string& open, const std::string& inner, const std::string& close) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += open;
  out += inner;
  for (std::size_t i = 0; i < times; ++i) out += close;
  return out;
}

TEST(GrammarBombs, ReferencesThatGoInCircles) {
  const std::string circle = "a $ref in the schema leads back to itself without describing anything";
  EXPECT_EQ(refusal(R"({"anyOf":[{"$ref":"#"},{"type":"null"}]})"), circle);
  EXPECT_EQ(refusal(R"({"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"},{"const":1}]},)"
                    R"("b":{"anyOf":[{"$ref":"#/$defs/a"},{"const":2}]}}})"),
            circle);
  EXPECT_NE(refusal(R"({"$ref":"#"})"), "");                   // Says nothing: any value.
  EXPECT_NE(refusal(R"({"allOf":[{"$ref":"#"}]})"), "crash");  // Meeting it again adds nothing.
}

TEST(GrammarBombs, DeepNesting) {
  EXPECT_THAT(refusal(nested(60, R"({"type":"array","items":)", "{}", "}")), HasSubstr("made"));
  EXPECT_THAT(refusal(nested(100, R"({"items":)", "{}", "}")), HasSubstr("nested deeper than 64"));
  EXPECT_THAT(refusal(nested(4000, R"({"items":)", "{}", "}")), HasSubstr("nested too deep"));
  EXPECT_THAT(refusal("{\"const\":" + nested(4000, "[", "", "]") + "}"), HasSubstr("nested too deep"));
}

TEST(GrammarBombs, AlternativesOfAlternatives) {
  std::string choice = R"({"anyOf":[{"minLength":1},{"minLength":2},{"maxLength":9}]})";
  std::string all = R"({"type":"string","allOf":[)";
  for (int i = 0; i < 40; ++i) all += (i == 0 ? "" : ",") + choice;
  EXPECT_THAT(refusal(all + "]}"), HasSubstr("too many combinations"));

  // Each level refers to the next one twice: small, because each is built once.
  std::string levels = R"({"$ref":"#/$defs/l0","$defs":{)";
  for (int i = 0; i < 50; ++i) {
    const std::string next = "{\"$ref\":\"#/$defs/l" + std::to_string(i + 1) + "\"}";
    levels += "\"l" + std::to_string(i) + R"(":{"type":"array","prefixItems":[)" + next + "," + next + "]},";
  }
  const auto grammar = made(levels + R"("l50":{"type":"null"}}})");
  EXPECT_LT(grammar->states(), 5000U);
  EXPECT_TRUE(writes(grammar, "[[],[[]]]"));
}

TEST(GrammarBombs, ManyStates) {
  std::string values = R"({"enum":[)";
  for (int i = 0; i < 60000; ++i) values += (i == 0 ? "" : ",") + std::to_string(i * 7919L);
  values += "]}";
  const auto grammar = made(values);
  EXPECT_TRUE(writes(grammar, std::to_string(59999 * 7919L)));
  EXPECT_FALSE(writes(grammar, "7918"));

  Options few;
  few.limits.states = 20000;
  EXPECT_THAT(refusal(values, few), HasSubstr("more than 20000 states"));
  few.limits.states = 100;
  EXPECT_THAT(refusal("{}", few), HasSubstr("more than 100 states"));
  few = {};
  few.limits.steps = 1000;
  EXPECT_THAT(refusal(values, few), HasSubstr("too many combinations"));
  few.limits.schema_bytes = 1000;
  EXPECT_THAT(refusal(values, few), HasSubstr("larger than 1000 bytes"));
  EXPECT_THAT(refusal(R"({"pattern":"^(a|b)*a(a|b){20}$"})"), HasSubstr("too complex"));
  EXPECT_THAT(refusal(R"({"pattern":"^((a{99}){99}){99}$"})"), HasSubstr("too large"));
}

std::string repeated(std::size_t times, const std::string& piece) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += (i == 0 ? "" : ",") + piece;
  return out;
}

TEST(GrammarBombs, MuchWorkForFewBytes) {
  std::string patterns;
  for (int i = 0; i < 3000; ++i)
    patterns += "\"p" + std::to_string(i) + R"(":{"pattern":")" + std::to_string(i) + R"((a{1000}){4}"},)";
  EXPECT_THAT(refusal(R"({"properties":{)" + patterns + R"("q":{}}})"), HasSubstr("too many parts"));

  const std::string text = "\"" + std::string(1 << 20, 'a') + "\"";
  EXPECT_THAT(refusal(R"({"enum":[)" + text + R"(],"anyOf":[)" + repeated(50000, R"({"maxLength":1})") + "]}"),
              HasSubstr("too many combinations"));
  EXPECT_THAT(refusal(R"({"enum":[)" + text + R"(],"pattern":"(a?){500}b"})"), HasSubstr("too many combinations"));
  EXPECT_THAT(refusal(R"({"allOf":[)" + repeated(100000, R"({"anyOf":[{}]})") + "]}"),
              HasSubstr("too many combinations"));
  EXPECT_THAT(refusal(R"({"allOf":[)" + repeated(1000, R"({"anyOf":[{"minLength":1}]})") + "]}"),
              HasSubstr("too many combinations"));
  EXPECT_THAT(refusal(R"({"required":[)" + repeated(100000, "\"a\"") + R"(],"anyOf":[)" +
                      repeated(1000, R"({"title":""})") + "]}"),
              HasSubstr("too many combinations"));
  EXPECT_THAT(refusal(R"({"type":[)" + repeated(8, "\"null\"") + "]}"), HasSubstr("\"type\" at #"));

  std::string names;
  for (int i = 0; i < 4000; ++i) names += "\"" + std::to_string(i * 7919) + std::string(50, 'x') + "\":{},";
  EXPECT_EQ(refusal(R"({"properties":{)" + names + R"("q":{}},"additionalProperties":true})"), "made");
}

TEST(GrammarBombs, BigBoundsAreLeftToTheCheck) {
  const auto text = made(R"({"type":"string","minLength":3,"maxLength":100000000})");
  EXPECT_LT(text->states(), 3000U);
  EXPECT_TRUE(writes(text, "\"" + std::string(5000, 'x') + "\""));
  EXPECT_FALSE(writes(text, "\"ab\""));
  const auto exact = made(R"({"type":"string","maxLength":2000})");
  EXPECT_TRUE(writes(exact, "\"" + std::string(3000, 'x') + "\""));
  EXPECT_FALSE(exact->validate("\"" + std::string(3000, 'x') + "\""));
  EXPECT_TRUE(exact->validate("\"" + std::string(2000, 'x') + "\""));
  const auto items = made(R"({"type":"array","items":{"type":"null"},"minItems":100000,"maxItems":1e18})");
  EXPECT_FALSE(writes(items, "[null]"));
  EXPECT_FALSE(items->validate("[null,null]"));
}

TEST(Grammar, HundredsOfKilobytesOfTools) {
  std::vector<Tool> tools;
  std::size_t bytes = 0;
  for (int i = 0; bytes < 300000; ++i) {
    boost::json::object properties;
    for (int p = 0; p < 30; ++p) {
      properties["field_" + std::to_string(p)] = *parse_json(
          R"({"type":["string","null"],"description":"What the caller wants to have in this place","maxLength":2000})");
    }
    Tool tool{"tool_" + std::to_string(i),
              boost::json::object{{"type", "object"}, {"properties", properties}, {"required", {"field_3"}}}};
    bytes += to_text(tool.parameters).size();
    tools.push_back(std::move(tool));
  }
  const auto grammar = Grammar::of_tools(tools);
  ASSERT_TRUE(grammar) << grammar.error().message;
  EXPECT_LT((*grammar)->states(), 300000U);
  Matcher matcher(*grammar);
  EXPECT_TRUE(
      matcher.advance("I will.\n<tool_call>\n{\"name\": \"tool_77\", \"arguments\": {\"field_3\": \"x\", \"field_9"));
  EXPECT_EQ(matcher.forced(), "\": ");
}

TEST(Grammar, TheCheckNamesThePlace) {
  const auto grammar = made(R"({"type":"object","properties":{"a/b":{"type":"array","items":{"type":"integer"}}}})");
  EXPECT_EQ(grammar->validate(R"({"a/b":[1,2,"x"]})").error().message,
            R"(the text does not satisfy the schema at "/a~1b/2": it must be of type "integer")");
  EXPECT_THAT(grammar->validate("{\"a/b\":[1,2").error().message, HasSubstr("not valid JSON"));
  EXPECT_THAT(grammar->validate("{} {}").error().message, HasSubstr("more than one JSON value"));
  EXPECT_FALSE(grammar->validate(""));
  EXPECT_FALSE(grammar->validate(std::string("{\0}", 3)));
  EXPECT_FALSE(grammar->validate("{\"x\":\"\xff\"}"));
}

TEST(Grammar, TheCheckEnds) {
  // Every level tries both branches, which differ only at the innermost value.
  const auto grammar =
      made(R"({"$ref":"#/$defs/n","$defs":{"n":{"anyOf":[{"type":"array","items":{"$ref":"#/$defs/n"}},)"
           R"({"type":"array","items":{"$ref":"#/$defs/n"},"maxItems":9},{"type":"null"}]}}})");
  EXPECT_TRUE(grammar->validate("[[[[null]]]]"));
  const auto late = grammar->validate(nested(200, "[", "1", "]"));
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("too long to decide"));
}

TEST(Grammar, Spacing) {
  const char* schema =
      R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}},"b":{"const":{"x":[1,2]}}}})";
  EXPECT_TRUE(writes(made(schema, Spacing::kNone), R"({"a":[1,2],"b":{"x":[1,2]}})"));
  const auto single = made(schema, Spacing::kSingle);
  EXPECT_TRUE(writes(single, R"({"a": [1, 2], "b": {"x": [1, 2]}})"));
  EXPECT_FALSE(writes(single, R"({"a":[1,2]})"));
  EXPECT_FALSE(writes(single, R"({"a":  [1]})"));
  const auto flexible = made(schema, Spacing::kFlexible);
  EXPECT_TRUE(writes(flexible, R"({"a":[1, 2]})"));
  EXPECT_TRUE(writes(flexible, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {\"x\": [1, 2]}\n}"));
  EXPECT_FALSE(writes(flexible, "{\n\n\"a\":[]}"));
  EXPECT_FALSE(writes(flexible, R"({"a":   [1]})"));
  EXPECT_FALSE(writes(flexible, "{\n" + std::string(33, ' ') + "\"a\":[]}"));
  EXPECT_FALSE(writes(flexible, " {}"));
}

TEST(Grammar, AnyJsonObject) {
  const auto grammar = *Grammar::of_json_object({.spacing = Spacing::kNone});
  EXPECT_TRUE(writes(grammar, R"({"a":[1,{"b":null}],"c":"x"})"));
  EXPECT_FALSE(writes(grammar, "[1]"));
  EXPECT_FALSE(writes(grammar, "1"));
  EXPECT_TRUE(grammar->validate("{}"));
  EXPECT_FALSE(grammar->validate("[]"));
}

TEST(Grammar, Choice) {
  const std::vector<std::string> routes = {"answer", "search", "search_all", "中"};
  const auto grammar = *Grammar::of_choice(routes);
  for (const std::string& route : routes) {
    EXPECT_TRUE(writes(grammar, route));
    EXPECT_TRUE(grammar->validate(route));
  }
  EXPECT_FALSE(writes(grammar, "searc"));
  EXPECT_FALSE(grammar->validate("searc"));
  Matcher matcher(grammar);
  EXPECT_TRUE(matcher.advance("s"));
  EXPECT_EQ(matcher.forced(), "earch");
  EXPECT_TRUE(matcher.advance("earch"));
  EXPECT_TRUE(matcher.may_end());
  EXPECT_FALSE(matcher.finished());
  EXPECT_FALSE(Grammar::of_choice({}));
  EXPECT_FALSE(Grammar::of_choice(std::vector<std::string>{""}));
  EXPECT_FALSE(Grammar::of_choice(std::vector<std::string>{"\xff"}));
}

}  // namespace
}  // namespace docmind::grammar
