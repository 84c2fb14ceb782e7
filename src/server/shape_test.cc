#include "server/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"

namespace docmind::server {
namespace {

using ::testing::HasSubstr;

// What is wrong with it; nothing when it fits.
std::string wrong(const Shape& shape, const std::string& text) {
  const auto value = parse_json(text);
  EXPECT_TRUE(value) << text;
  const Result<> checked = check(*value, shape);
  if (checked) return "";
  EXPECT_EQ(checked.error().code, Code::kInvalidArgument);
  return checked.error().message;
}

TEST(Shape, SaysWhichFieldIsWrongAndHow) {
  const Shape shape("{name: text 1..3, k?: whole 1..9, from?: whole | null, deep?: {on: flag}, list?: [text] 0..2}");
  EXPECT_EQ(wrong(shape, R"({"name":"a"})"), "");
  EXPECT_EQ(wrong(shape, R"({"name":"a","k":9,"from":null,"deep":{"on":true},"list":["x",""]})"), "");
  EXPECT_EQ(wrong(shape, "[]"), "the body must be an object");
  EXPECT_EQ(wrong(shape, "{}"), "\"name\" is missing");
  EXPECT_EQ(wrong(shape, R"({"name":7})"), "\"name\" must be a string of 1 to 3 characters");
  EXPECT_EQ(wrong(shape, R"({"name":"abcd"})"), "\"name\" must be a string of 1 to 3 characters");
  EXPECT_EQ(wrong(shape, R"({"name":"a","k":0})"), "\"k\" must be a whole number from 1 to 9");
  EXPECT_EQ(wrong(shape, R"({"name":"a","k":1.5})"), "\"k\" must be a whole number from 1 to 9");
  EXPECT_EQ(wrong(shape, R"({"name":"a","from":99999999999999999999})"), "\"from\" must be a whole number or null");
  EXPECT_EQ(wrong(shape, R"({"name":"a","deep":{}})"), "\"deep.on\" is missing");
  EXPECT_EQ(wrong(shape, R"({"name":"a","deep":{"on":true,"of":1}})"), "the field \"deep.of\" is not known");
  EXPECT_EQ(wrong(shape, R"({"name":"a","list":["","",""]})"), "\"list\" must be a list of 0 to 2 items");
  EXPECT_EQ(wrong(shape, R"({"name":"a","list":[7]})"), "\"list\" must be a string");
}

TEST(Shape, CountsCharactersAsJsonSchemaDoes) {
  EXPECT_EQ(wrong("{a: text 1..3}", "{\"a\":\"\xE8\x88\xB9\xE8\x88\xB9\xF0\x9F\x9A\xA2\"}"), "");
  EXPECT_NE(wrong("{a: text 1..3}", "{\"a\":\"\xE8\x88\xB9\xE8\x88\xB9\xE8\x88\xB9\xE8\x88\xB9\"}"), "");
}

TEST(Shape, ChoicesTellWhatIsWrongInside) {
  const Shape shape("{use: \"a\" | \"b\", filter?: {x: flag} | null, rest?: {*: number}}");
  EXPECT_EQ(wrong(shape, R"({"use":"b","filter":null,"rest":{"y":1,"z":2.5}})"), "");
  EXPECT_EQ(wrong(shape, R"({"use":"c"})"), "\"use\" must be a or b");
  EXPECT_EQ(wrong(shape, R"({"use":"a","filter":{"x":1}})"), "\"filter.x\" must be true or false");
  EXPECT_EQ(wrong(shape, R"({"use":"a","filter":[]})"), "\"filter\" must be an object or null");
  EXPECT_EQ(wrong(shape, R"({"use":"a","rest":{"y":"1"}})"), "\"rest.y\" must be a number");
}

TEST(Shape, ParametersAreFieldsOfText) {
  const Shape shape("{q: text 1.., k?: whole 1..9, all?: flag, type?: [text 1..] 0..2}");
  const auto query = [&](const std::string& text) {
    const Result<> checked = check(*net::Target::parse("/x?" + text), shape);
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(query("q=a&k=9&all=true&type=x&type=y"), "");
  EXPECT_EQ(query(""), "\"q\" is missing");
  EXPECT_EQ(query("q="), "\"q\" must be a string that is not empty");
  EXPECT_EQ(query("q=7"), "") << "a text that looks like a number";
  EXPECT_EQ(query("q=a&k=ten"), "\"k\" must be a whole number from 1 to 9");
  EXPECT_EQ(query("q=a&all=yes"), "\"all\" must be true or false");
  EXPECT_EQ(query("q=a&q=b"), "the parameter \"q\" is given more than once");
  EXPECT_EQ(query("q=a&type=x&type=y&type=z"), "\"type\" must be a list of 0 to 2 items");
  EXPECT_EQ(query("q=a&filtre=x"), "the parameter \"filtre\" is not known");
  EXPECT_TRUE(check(*net::Target::parse("/x?beta=true"), "{*: any}"));
}

TEST(Shape, IsAJsonSchema) {
  EXPECT_EQ(
      to_text(schema_of("{a: text 1..3, b?: whole 0.. | null, *: any}")),
      R"({"type":"object","properties":{"a":{"type":"string","minLength":1,"maxLength":3},)"
      R"("b":{"anyOf":[{"type":"integer","minimum":0},{"type":"null"}]}},"required":["a"],"additionalProperties":{}})");
  EXPECT_EQ(to_text(schema_of("[\"x\" | \"y\"] 1..2")),
            R"({"type":"array","items":{"type":"string","enum":["x","y"]},"minItems":1,"maxItems":2})");
  EXPECT_EQ(to_text(schema_of("Hit")), R"({"$ref":"#/components/schemas/Hit"})");
  EXPECT_EQ(to_text(schema_of("{}")), R"({"type":"object","additionalProperties":false})");
}

TEST(Shape, EveryDeclaredShapeNamesOnlyDeclaredOnes) {
  const auto resolve = [](const auto& self, const Shape& shape) -> void {
    (void)shape.resolved();  // Ends the program for a name that is none.
    for (const Shape& part : shape.parts) self(self, part);
    for (const Shape& field : shape.fields) self(self, field);
  };
  for (const auto& [name, shape] : declared_shapes()) {
    resolve(resolve, shape);
    EXPECT_EQ(std::ranges::count(declared_shapes(), name, &std::pair<std::string, Shape>::first), 1) << name;
  }
  EXPECT_NE(Shape("SessionTurn").resolved().field("answer"), nullptr) << "of Turn";
}

TEST(ShapeDeathTest, AMistakeInANotationEndsTheProgram) {
  for (const char* notation : {"{a}", "{a: text", "[text", "{a: text} x", "{...Nothing}", ""}) {
    EXPECT_DEATH((void)Shape(notation), "") << notation;
  }
}

}  // namespace
}  // namespace docmind::server
