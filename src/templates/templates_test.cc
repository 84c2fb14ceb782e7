#include "templates/templates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/testing/fault_files.h"
#include "sys/testing/temp_folder.h"
#include "templates/blanks.h"

namespace docmind::templates {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Blanks, AreNamesInBracesEachOnce) {
  EXPECT_THAT(blanks_of("What does {document} say about {topic}? Is {topic} in {document}?"),
              ElementsAre("document", "topic"));
  EXPECT_THAT(blanks_of("{das Schiff} {渡船} {a-b_2}"), ElementsAre("das Schiff", "渡船", "a-b_2"));
  for (const char* none :
       {"", "no blanks", "{}", "{", "}", "a } b {", "{ \"a\": 1 }", "{'x'}", "{a\nb}", "{ a}", "{a.b}"}) {
    EXPECT_THAT(blanks_of(none), IsEmpty()) << none;
  }
  EXPECT_THAT(blanks_of("{{inner} and {open {one}"), ElementsAre("inner", "one"));
  EXPECT_THAT(blanks_of("{" + std::string(64, 'x') + "}"), ElementsAre(std::string(64, 'x')));
  EXPECT_THAT(blanks_of("{" + std::string(65, 'x') + "}"), IsEmpty());
}

TEST(Blanks, AreFilledWithWordsThatAreNoBlanks) {
  EXPECT_EQ(*fill("Compare {first} and {second}; {first}!", {{"first", "{second}"}, {"second", "b"}}),
            "Compare {second} and b; {second}!");
  EXPECT_EQ(*fill("f() { return 1; } of {x}.", {{"x", "y"}}), "f() { return 1; } of y.");
  EXPECT_EQ(*fill("as it is", {}), "as it is");
}

TEST(Blanks, WithoutWordsAreRefused) {
  for (const auto& words : {std::map<std::string, std::string, std::less<>>{{"topic", "x"}},
                            std::map<std::string, std::string, std::less<>>{{"topic", "x"}, {"document", " \n"}}}) {
    const auto unfilled = fill("What does {document} say about {topic}?", words);
    ASSERT_FALSE(unfilled);
    EXPECT_EQ(unfilled.error().message, "nothing was given for the blank {document}");
    EXPECT_EQ(unfilled.error().hint, "Add: --with 'document=WORDS'");
  }
  EXPECT_EQ(fill("{a}", {{"a", "x"}, {"b", "y"}}).error().message, "the template has no blank {b}");
}

struct TemplatesTest : ::testing::Test {
  std::vector<std::string> own() const {
    std::vector<std::string> out;
    const auto all = templates.list();
    EXPECT_TRUE(all);
    for (const Template& one : *all) {
      if (!one.built_in) out.push_back(one.name + ": " + one.text);
    }
    return out;
  }
  Code code_of(std::string name, std::string text) {
    const auto put = templates.put(std::move(name), std::move(text));
    EXPECT_FALSE(put);
    return put ? Code::kInternal : put.error().code;
  }

  sys::TempFolder folder;
  std::filesystem::path path = folder / "templates.json";
  sys::RealFiles real;
  sys::FaultFiles files{real};
  Templates templates{path, files};
};

TEST_F(TemplatesTest, OnesOwnAreKeptBesideThoseThatCame) {
  EXPECT_THAT(own(), IsEmpty());
  EXPECT_FALSE(templates.list()->empty());
  ASSERT_TRUE(templates.put("漢 b", "Who built {ship}?"));
  ASSERT_TRUE(templates.put("a", "When?"));
  ASSERT_TRUE(templates.put("a", "When was {ship} built?"));
  EXPECT_THAT(own(), ElementsAre("a: When was {ship} built?", "漢 b: Who built {ship}?"));
  EXPECT_EQ(Templates(path, real).list()->size(), templates.list()->size());
  EXPECT_EQ(templates.remove("a")->text, "When was {ship} built?");
  EXPECT_EQ(templates.remove("a").error().code, Code::kNotFound);
  EXPECT_THAT(own(), ElementsAre("漢 b: Who built {ship}?"));
}

TEST_F(TemplatesTest, ThoseThatCameAreOfUseAndStay) {
  for (const Template& one : *templates.list()) {
    EXPECT_TRUE(one.built_in);
    EXPECT_FALSE(blanks_of(one.text).empty()) << one.name;
    EXPECT_EQ(code_of(one.name, "mine"), Code::kConflict);
    EXPECT_EQ(templates.remove(one.name).error().code, Code::kConflict);
  }
}

TEST_F(TemplatesTest, NamesTextsAndTheirNumberAreBounded) {
  for (const char* name : {"", "a/b", "a\nb", "\x7f", "\xff"}) EXPECT_EQ(code_of(name, "x"), Code::kInvalidArgument);
  EXPECT_EQ(code_of(std::string(65, 'x'), "x"), Code::kInvalidArgument);
  for (const char* text : {"", " \n", "\xff"}) EXPECT_EQ(code_of("a", text), Code::kInvalidArgument);
  EXPECT_EQ(code_of("a", std::string(4097, 'x')), Code::kInvalidArgument);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(templates.put(std::to_string(i), std::string(4096, '\x01')));
  EXPECT_EQ(code_of("one more", "x"), Code::kResourceExhausted);
  EXPECT_TRUE(templates.put("7", "changed"));
  EXPECT_EQ(own().size(), 100U);
}

TEST_F(TemplatesTest, AFileThatIsNoneOfOursStaysAsItIs) {
  for (const char* bytes :
       {"", "{}", "[1]", R"({"templates":[{"name":"a"}]})", R"({"templates":[{"name":"","text":"x"}]})",
        R"({"templates":[{"name":"a","text":"x"},{"name":"a","text":"y"}]})"}) {
    ASSERT_TRUE(real.write_atomic(path, bytes));
    EXPECT_EQ(templates.list().error().code, Code::kDataLoss) << bytes;
    EXPECT_EQ(code_of("b", "x"), Code::kDataLoss);
    EXPECT_EQ(*real.read(path, 1000), bytes);
  }
  ASSERT_TRUE(real.write_atomic(path, R"({"templates":[{"name":"a","text":"x"}]})"));  // Mended by hand.
  EXPECT_THAT(own(), ElementsAre("a: x"));
}

}  // namespace
}  // namespace docmind::templates
