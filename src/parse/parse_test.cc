// Every format through the one entry, on the small documents of tests/fixtures.
#include "parse/parse.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace docmind::parse {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

Result<doc::Parsed> parse_fixture(const fs::path& name) {
  const fs::path path = fs::path(DOCMIND_SOURCE_DIR) / "tests/fixtures" / name;
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  ParseOptions options;
  options.pdf.library = DOCMIND_SOURCE_DIR "/.deps/packages/pypdfium2_raw/libpdfium.so";
  return parse(bytes, name.filename().string(), options);
}

struct Good {
  const char* name;
  const char* type;
  const char* title;
  const char* phrase;
};

class GoodFixture : public testing::TestWithParam<Good> {};

TEST_P(GoodFixture, Parses) {
  const Result<doc::Parsed> parsed = parse_fixture(GetParam().name);
  ASSERT_TRUE(parsed) << parsed.error().message;
  const Result<> ok = doc::valid(*parsed);
  EXPECT_TRUE(ok) << ok.error().message;
  EXPECT_EQ(parsed->type, GetParam().type);
  EXPECT_EQ(parsed->title, GetParam().title);
  EXPECT_THAT(parsed->text, HasSubstr(GetParam().phrase));
  EXPECT_TRUE(parsed->warnings.empty()) << parsed->warnings.front();
}

INSTANTIATE_TEST_SUITE_P(
    Formats, GoodFixture,
    testing::Values(Good{"guide.txt", "text", "The Keeper's Guide to Marrow Point",
                         "lit for the first time on 14 March 1887"},
                    Good{"boats.md", "markdown", "Boats of Marrow Point", "Guillemot | 1911 | 7"},
                    Good{"weather.html", "html", "Weather at Marrow Point", "a gale is coming"},
                    Good{"mixed_scripts.md", "markdown", "灯塔手册 / 灯台の手引き", "点灯，并在日志"},
                    Good{"值班规定.txt", "text", "守塔人值班规定", "港务局的电话号码是 7741"},
                    Good{"stores.pdf", "pdf", "Stores of Marrow Point", "cistern of 12,000 litres"},
                    Good{"watch.docx", "docx", "Rules of the Watch", "First | Anna Lindqvist"},
                    Good{"birds.epub", "epub", "Birds of Marrow Point", "short-eared owls"}),
    [](const auto& tested) { return std::string(tested.param.type) + std::to_string(tested.index); });

struct Bad {
  const char* name;
  Code code;
  const char* message;
};

class BadFixture : public testing::TestWithParam<Bad> {};

TEST_P(BadFixture, IsRefusedWithASentenceAndAHint) {
  const Result<doc::Parsed> parsed = parse_fixture(fs::path("bad") / GetParam().name);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, GetParam().code);
  EXPECT_THAT(parsed.error().message, HasSubstr(GetParam().message));
  EXPECT_FALSE(parsed.error().hint.empty());
}

INSTANTIATE_TEST_SUITE_P(Formats, BadFixture,
                         testing::Values(Bad{"empty.txt", Code::kInvalidArgument, "empty"},
                                         Bad{"binary.txt", Code::kInvalidArgument, "is not text"},
                                         Bad{"not_a_doc.png", Code::kInvalidArgument, "picture (PNG)"},
                                         Bad{"password.docx", Code::kInvalidArgument, "password"},
                                         Bad{"password.pdf", Code::kInvalidArgument, "password"},
                                         Bad{"sheet.xlsx", Code::kInvalidArgument, "not supported yet"},
                                         Bad{"truncated.pdf", Code::kDataLoss, ""}),
                         [](const auto& tested) { return "bad" + std::to_string(tested.index); });

}  // namespace
}  // namespace docmind::parse
