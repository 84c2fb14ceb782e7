#include "service/document_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "library/testing/sample_document.h"
#include "library/testing/temp_library.h"

namespace docmind::service {
namespace {

using library::testing::must;
using library::testing::Sample;
using library::testing::sample_document;
using ::testing::HasSubstr;

const std::string kMast = "The main mast is 24 metres tall.";
const std::string kSails = "Die Segel näht man von Hand.";

struct DocumentViewTest : ::testing::Test {
  std::string put(const Sample& sample) {
    must(library->put_embeddings(sample.embeddings, Deadline::never(), {}));
    return must(library->put_document(sample.document, Deadline::never(), {})).document.version;
  }
  // A document whose words are where `words` says.
  std::string put_words(const std::vector<doc::Word>& words) {
    Sample sample = sample_document("/d/a.pdf", {kMast, kSails});
    sample.document.parsed.words = words;
    return put(sample);
  }
  doc::Span span_of(const std::string& text) {
    library::Snapshot at = library.read();
    const std::string all = must(at.text(must(at.find("/d/a.pdf")).key));
    const std::size_t found = all.find(text);
    DM_CHECK(found != std::string::npos);
    return {found, found + text.size()};
  }
  Result<Marks> marks(PlaceAsked asked) {
    asked.document = "/d/a.pdf";
    library::Snapshot at = library.read();
    return marks_of(at, asked);
  }
  Result<TextView> text(PlaceAsked asked) {
    asked.document = "/d/a.pdf";
    library::Snapshot at = library.read();
    return text_of(at, asked);
  }

  library::testing::TempLibrary library;
};

std::string joined(const TextView& view) {
  std::string out;
  for (const TextRun& run : view.runs) out += run.mark ? "[" + run.text + "]" : run.text;
  return out;
}

TEST_F(DocumentViewTest, WordsOfALineAreOneQuadAndOtherLinesTheirOwn) {
  put(sample_document("/d/a.pdf", {kMast, kSails}));
  const std::uint64_t mast = span_of(kMast).start;
  const auto word = [&](std::uint64_t from, std::uint64_t to, float left, float top, float right) {
    return doc::Word{{mast + from, mast + to}, 0, left, top, right, top + 10};
  };
  put_words({word(0, 3, 100, 50, 120), word(4, 8, 124, 50, 150), word(9, 13, 154, 51, 180),
             word(14, 16, 300, 50, 310),    // The same line, beyond a wide gap: another column.
             word(17, 19, 100, 62, 112)});  // The next line.
  const auto found = marks({.span = doc::Span{mast + 4, mast + 19}});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->current());
  EXPECT_EQ(found->quote, "main mast is 24");
  ASSERT_EQ(found->pages.size(), 1U);
  EXPECT_EQ(found->pages[0].page, 1U);
  EXPECT_EQ(found->pages[0].width, 595);
  ASSERT_EQ(found->pages[0].quads.size(), 3U);
  const Quad& first = found->pages[0].quads[0];
  EXPECT_EQ(first.left, 124);  // "The" is not part of it.
  EXPECT_EQ(first.right, 180);
  EXPECT_EQ(first.top, 50);
  EXPECT_EQ(first.bottom, 61);
  EXPECT_EQ(found->pages[0].quads[1].left, 300);
  EXPECT_EQ(found->pages[0].quads[2].top, 62);
}

TEST_F(DocumentViewTest, ASpanOverTwoPagesHasBothAndBoxesStayOnThem) {
  put(sample_document("/d/a.pdf", {kMast, kSails}));
  const doc::Span both{span_of(kMast).start, span_of(kSails).end};
  put_words({{span_of(kMast), 0, -5, 10, 200, 20}, {span_of(kSails), 1, 10, 830, 900, 850}});
  const auto found = marks({.span = both});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->pages.size(), 2U);
  EXPECT_EQ(found->pages[1].page, 2U);
  EXPECT_EQ(found->pages[1].label, "2");
  EXPECT_EQ(found->pages[0].quads.at(0).left, 0);
  EXPECT_EQ(found->pages[1].quads.at(0).right, 595);
  EXPECT_EQ(found->pages[1].quads.at(0).bottom, 842);
}

TEST_F(DocumentViewTest, WithoutBoxesThereAreNoQuads) {
  put_words({});
  const auto found = marks({.span = span_of(kMast)});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->pages.at(0).quads.empty());
}

TEST_F(DocumentViewTest, AnotherVersionHasNoMarksButTheQuotesNewPlace) {
  const std::string old = put(sample_document("/d/a.pdf", {kMast, kSails}));
  const doc::Span span = span_of(kMast);
  put(sample_document("/d/a.pdf", {"Something new.", kMast, kSails, "Again.", "Again."}));
  const auto found = marks({.version = old, .span = span, .quote = kMast});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_FALSE(found->current());
  EXPECT_EQ(found->version, old);
  EXPECT_TRUE(found->pages.empty());
  ASSERT_TRUE(found->moved_to);
  EXPECT_EQ(found->moved_to->span, span_of(kMast));
  EXPECT_EQ(found->moved_to->page, 2U);
  EXPECT_FALSE(marks({.version = old, .span = span, .quote = "Again."})->moved_to) << "it stands there twice";
  EXPECT_FALSE(marks({.version = old, .span = span, .quote = "Gone."})->moved_to);
  EXPECT_FALSE(marks({.version = old, .span = span})->moved_to);
}

TEST_F(DocumentViewTest, SpansThatAreNoneAreRefusedInASentence) {
  put(sample_document("/d/a.pdf", {kMast, kSails, std::string(70'000, 'x')}));
  const std::uint64_t umlaut = span_of("ä").start;
  for (const auto& [start, end, what] : std::vector<std::tuple<std::uint64_t, std::uint64_t, std::string>>{
           {umlaut + 1, umlaut + 5, "within a character"},
           {umlaut - 1, umlaut + 1, "within a character"},
           {5, 5, "does not lie in"},
           {6, 5, "does not lie in"},
           {0, 1'000'000'000, "does not lie in"},
           {UINT64_MAX - 1, UINT64_MAX, "does not lie in"},
           {0, 66'000, "more than 65536"}}) {
    for (const Error& error :
         {marks({.span = doc::Span{start, end}}).error(), text({.span = doc::Span{start, end}}).error()}) {
      EXPECT_EQ(error.code, Code::kInvalidArgument) << start << " " << end;
      EXPECT_THAT(error.message, HasSubstr(what)) << start << " " << end;
    }
  }
  EXPECT_EQ(marks({}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(text({.offset = umlaut + 1}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(text({.offset = 1'000'000}).error().code, Code::kInvalidArgument);
  library::Snapshot at = library.read();
  EXPECT_EQ(marks_of(at, {.document = "no such"}).error().code, Code::kNotFound);
  EXPECT_EQ(text_of(at, {.document = "no such"}).error().code, Code::kNotFound);
}

TEST_F(DocumentViewTest, TextIsCutAtTheMarkAndAtCharacters) {
  std::string long_one;
  for (int i = 0; i < 2000; ++i) long_one += "ä";  // An even offset is a border, an odd one is none.
  put(sample_document("/d/a.pdf", {long_one + "x", kMast, long_one}, "1 Masts"));
  const auto view = text({.span = span_of(kMast)});
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->where, "page 2");
  ASSERT_EQ(view->runs.size(), 3U);
  EXPECT_TRUE(view->runs[1].mark);
  EXPECT_EQ(view->runs[1].text, kMast);
  EXPECT_TRUE(view->runs[0].text.starts_with("ä"));
  EXPECT_TRUE(view->runs[2].text.ends_with("ä"));
  EXPECT_GT(view->shown.start, 0U);
  EXPECT_LT(view->shown.end, view->bytes);
  EXPECT_NEAR(static_cast<double>(joined(*view).size()), static_cast<double>(2000 + kMast.size()), 10);
}

TEST_F(DocumentViewTest, TheWholeTextIsReadInPieces) {
  std::string long_one;
  for (int i = 0; i < 3001; ++i) long_one += "ä";
  put(sample_document("/d/a.pdf", {long_one, kMast}));
  std::string all;
  for (std::uint64_t offset = 0;;) {
    const auto view = text({.offset = offset});
    ASSERT_TRUE(view) << view.error().message;
    all += joined(*view);
    offset = view->shown.end;
    if (offset == view->bytes) break;
  }
  library::Snapshot at = library.read();
  EXPECT_EQ(all, must(at.text(must(at.find("/d/a.pdf")).key)));
}

TEST_F(DocumentViewTest, WithoutPagesTheHeadingsSayWhere) {
  Sample sample = sample_document("/d/a.pdf", {kMast}, "Rig");
  sample.document.parsed.pages.clear();
  sample.document.parsed.words.clear();
  put(sample);
  EXPECT_EQ(text({.span = span_of(kMast)})->where, "Rig");
  EXPECT_TRUE(marks({.span = span_of(kMast)})->pages.empty());
}

TEST_F(DocumentViewTest, ThePrintedNumberIsSaidWhenItIsAnother) {
  Sample sample = sample_document("/d/a.pdf", {kMast});
  sample.document.parsed.pages[0].label = "iv";
  const std::string version = put(sample);
  EXPECT_EQ(text({.version = version, .span = span_of(kMast)})->where, "page 1 (printed iv)");
  EXPECT_EQ(text({.version = "other", .span = span_of(kMast)}).error().code, Code::kConflict);
}

}  // namespace
}  // namespace docmind::service
