#include "parse/pdf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "parse/testing/pdf_writer.h"

namespace docmind::parse {
namespace {

using doc::BlockKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::PdfFont;
using testing::PdfWriter;

PdfOptions options() {
  PdfOptions options;
  options.library = DOCMIND_SOURCE_DIR "/.deps/packages/pypdfium2_raw/libpdfium.so";
  return options;
}

doc::Parsed parsed(PdfWriter& writer) {
  auto result = parse_pdf(writer.bytes(), options());
  EXPECT_TRUE(result) << result.error().message;
  return result ? *result : doc::Parsed();
}

Error error_of(const std::string& bytes, const PdfOptions& with = options()) {
  const auto result = parse_pdf(bytes, with);
  EXPECT_FALSE(result);
  return result ? Error{Code::kInternal, "no error"} : result.error();
}

std::string text(const doc::Parsed& document, doc::Span span) { return document.text.substr(span.start, span.size()); }

std::vector<std::string> blocks(const doc::Parsed& document) {
  std::vector<std::string> found;
  for (const doc::Block& block : document.blocks) found.push_back(text(document, block.span));
  return found;
}

std::vector<std::string> blocks(const doc::Parsed& document, BlockKind kind) {
  std::vector<std::string> found;
  for (const doc::Block& block : document.blocks) {
    if (block.kind == kind) found.push_back(text(document, block.span));
  }
  return found;
}

// Lines at equal steps.
PdfWriter& lines(PdfWriter& writer, double x, double y, const std::vector<std::string>& texts,
                 PdfFont font = PdfFont::kRegular) {
  for (const std::string& line : texts) {
    writer.text(x, y, line, 10, font);
    y += 12;
  }
  return writer;
}

// So many full lines of text, each with its number and a word of its own.
std::vector<std::string> filler(const std::string& word, int count) {
  std::vector<std::string> made;
  for (int i = 0; i < count; ++i) {
    made.push_back("the " + word + " number " + std::to_string(100 + i) + " goes on for a while, and");
  }
  return made;
}

TEST(Pdf, WrappedLinesAreOneParagraphAndWordsHaveBoxes) {
  PdfWriter writer;
  lines(writer.page(), 50, 100,
        {"A paragraph of text that is wrapped at the", "right edge of its column goes on here."});
  lines(writer, 50, 160, {"Another one."});
  const doc::Parsed document = parsed(writer);
  EXPECT_THAT(
      blocks(document),
      ElementsAre("A paragraph of text that is wrapped at the right edge of its column goes on here.", "Another one."));
  ASSERT_EQ(document.words.size(), 19U);
  const doc::Word& word = document.words[1];
  EXPECT_EQ(text(document, word.span), "paragraph");
  EXPECT_NEAR(word.left, 59.5, 1);
  EXPECT_NEAR(word.top, 92, 3);
  EXPECT_NEAR(word.bottom, 102, 2);
  EXPECT_GT(word.right, word.left + 30);
  EXPECT_EQ(document.pages[0].width, 600);
  EXPECT_EQ(document.type, "pdf");
}

TEST(Pdf, HyphensAtLineEnds) {
  PdfWriter writer;
  lines(writer.page(), 50, 100,
        {"The programs were much im-", "proved, and their well-", "known faults, one by one, had their bug-",
         "fixes; see the Half-", "Installed state, pre-", "and post-removal scripts, a num-", "ber of them."});
  lines(writer, 50, 300, {"All bug-fixes are well here, known as such."});
  const doc::Parsed document = parsed(writer);
  EXPECT_EQ(blocks(document)[0],
            "The programs were much improved, and their well-known faults, one by one, had their bug-fixes; see the "
            "Half-Installed state, pre- and post-removal scripts, a number of them.");
  // A joined word has a box for each of its two parts, and the hyphen is in neither.
  const auto part = std::find_if(document.words.begin(), document.words.end(),
                                 [&](const doc::Word& word) { return text(document, word.span) == "im"; });
  ASSERT_NE(part, document.words.end());
  EXPECT_EQ(text(document, (part + 1)->span), "proved,");
  EXPECT_EQ(part->span.end, (part + 1)->span.start);
  EXPECT_LT(part->top, (part + 1)->top);
}

TEST(Pdf, BrokenPathsAndAddressesAreJoinedWithoutABlank) {
  PdfWriter writer;
  lines(writer.page(), 50, 100,
        {"The licence stands in a file, see https://www.example.", "org/licences/ for the text."});
  EXPECT_THAT(blocks(parsed(writer))[0], HasSubstr("https://www.example.org/licences/ for"));
}

TEST(Pdf, LigaturesAreLetters) {
  PdfWriter writer;
  writer.page().text(50, 100, "The \x01nal \x02ow of \x01les");
  const doc::Parsed document = parsed(writer);
  EXPECT_EQ(document.text, "The final flow of files");
}

TEST(Pdf, LinesCutAtFontChangesAreOneLine) {
  PdfWriter writer;
  writer.page().text(50, 100, "Add ").text(71, 100, "XS-Autobuild:", 10, PdfFont::kMono).text(152, 100, "yes to it.");
  EXPECT_THAT(blocks(parsed(writer)), ElementsAre("Add XS-Autobuild: yes to it."));
}

TEST(Pdf, ColumnsAreReadOneAfterTheOther) {
  for (const bool row_by_row : {false, true}) {
    PdfWriter writer;
    writer.page().text(150, 60, "A title that spans the two columns of the page", 14, PdfFont::kBold);
    const auto left = filler("left", 14);
    const auto right = filler("right", 14);
    if (row_by_row) {
      for (std::size_t i = 0; i < left.size(); ++i) {
        const double y = 100 + 12 * static_cast<double>(i);
        writer.text(50, y, left[i]).text(310, y, right[i]);
      }
    } else {
      lines(lines(writer, 50, 100, left), 310, 100, right);
    }
    const doc::Parsed document = parsed(writer);
    EXPECT_LT(document.text.find("title"), document.text.find("left number 100"));
    EXPECT_LT(document.text.find("left number 113"), document.text.find("right number 100")) << row_by_row;
    EXPECT_THAT(document.text, HasSubstr("a while, and the left number 101"));
  }
}

TEST(Pdf, TablesComeRowByRowWithTheirHeader) {
  PdfWriter writer;
  writer.page().text(50, 100, "Name", 10, PdfFont::kBold).text(200, 100, "Size", 10, PdfFont::kBold);
  writer.text(50, 114, "apple").text(200, 114, "small and round,").text(200, 126, "sometimes large");
  writer.text(50, 140, "melon").text(200, 140, "large");
  writer.text(50, 154, "plum").text(200, 154, "small");
  const doc::Parsed document = parsed(writer);
  EXPECT_THAT(blocks(document, BlockKind::kTableRow),
              ElementsAre("Name\tSize", "apple\tsmall and round, sometimes large", "melon\tlarge", "plum\tsmall"));
  EXPECT_EQ(document.blocks[0].header, doc::Block::kNoHeader);
  EXPECT_EQ(document.blocks[2].header, 0U);
  EXPECT_THAT(document.text, HasSubstr("large\nplum"));
}

TEST(Pdf, ListsAndCode) {
  PdfWriter writer;
  writer.page().text(50, 100, "You need these things for the work that follows:");
  writer.text(60, 118, "\x95").text(70, 118, "one item that is long enough to be wrapped");
  writer.text(70, 130, "at its end");
  writer.text(60, 148, "\x95").text(70, 148, "another");
  writer.text(50, 170, "if (true) {", 10, PdfFont::kMono)
      .text(62, 182, "run;", 10, PdfFont::kMono)
      .text(50, 194, "}", 10, PdfFont::kMono);
  const doc::Parsed document = parsed(writer);
  EXPECT_THAT(
      blocks(document, BlockKind::kListItem),
      ElementsAre("\xe2\x80\xa2 one item that is long enough to be wrapped at its end", "\xe2\x80\xa2 another"));
  EXPECT_THAT(blocks(document, BlockKind::kCode), ElementsAre("if (true) {\n  run;\n}"));
}

TEST(Pdf, RotatedPagesReadLikeOthersAndBoxesFollow) {
  for (const int rotate : {90, 180, 270}) {
    PdfWriter writer;
    writer.page({600, 800, rotate}).text(50, 100, "Turned words stay words");
    const doc::Parsed document = parsed(writer);
    EXPECT_EQ(document.text, "Turned words stay words");
    EXPECT_EQ(document.pages[0].width, rotate == 180 ? 600 : 800);
    const doc::Word& first = document.words[0];
    // The text starts 50 from the left and 100 from the top of the page before it is turned.
    const double x = rotate == 90 ? 800 - 100 : rotate == 180 ? 600 - 50 : 100;
    const double y = rotate == 90 ? 50 : rotate == 180 ? 800 - 100 : 600 - 50;
    EXPECT_NEAR(rotate == 180 ? first.right : rotate == 90 ? first.left : first.right, x, 4) << rotate;
    EXPECT_NEAR(rotate == 270 ? first.bottom : first.top, y, 4) << rotate;
    EXPECT_GE(first.left, 0);
    EXPECT_LE(first.right, document.pages[0].width);
    EXPECT_LE(first.bottom, document.pages[0].height);
  }
}

TEST(Pdf, StampsAlongTheMarginComeLast) {
  PdfWriter writer;
  writer.page().text_upwards(30, 600, "stamped 2024");
  lines(writer, 80, 100, filler("text", 5));
  const doc::Parsed document = parsed(writer);
  EXPECT_EQ(blocks(document).back(), "stamped 2024");
  EXPECT_GT(document.words.back().bottom - document.words.back().top,
            document.words.back().right - document.words.back().left);
}

TEST(Pdf, LabelsTitleAndEmptyPages) {
  PdfWriter writer;
  writer.title("The title").labels(2);
  writer.page().text(50, 100, "Preface").page().page().text(50, 100, "Start").page().box(50, 50, 100, 100);
  const doc::Parsed document = parsed(writer);
  ASSERT_EQ(document.pages.size(), 4U);
  EXPECT_EQ(document.title, "The title");
  EXPECT_EQ(document.pages[0].label, "i");
  EXPECT_EQ(document.pages[1].label, "ii");
  EXPECT_EQ(document.pages[2].label, "1");
  EXPECT_EQ(document.pages[1].span.size(), 0U);
  EXPECT_EQ(text(document, document.pages[2].span), "Start");
  EXPECT_THAT(document.warnings, ElementsAre("Pages without text (scanned?) were left out: page 4."));
}

TEST(Pdf, RunningHeadsAndPageNumbersAreDropped) {
  PdfWriter writer;
  for (int i = 1; i <= 6; ++i) {
    writer.page().text(50, 40, "Handbook, chapter " + std::to_string(i));
    lines(writer, 50, 100, filler("page" + std::string(1, static_cast<char>('a' + i)), 20));
    writer.text(300, 780, std::to_string(i + 10));
  }
  const doc::Parsed document = parsed(writer);
  EXPECT_EQ(document.text.find("Handbook"), std::string::npos);
  EXPECT_EQ(document.blocks.size(), 6U);
  EXPECT_EQ(document.text.find("\n\n11"), std::string::npos);
}

TEST(Pdf, ContentsAreKeptButNoSource) {
  PdfWriter writer;
  writer.page();
  for (int i = 1; i <= 8; ++i) {
    writer.text(50, 100 + 14 * i, "Chapter about things")
        .text(200, 100 + 14 * i, ". . . . . . . . . .")
        .text(400, 100 + 14 * i, std::to_string(i * 7));
  }
  lines(writer.page(), 50, 100, filler("body", 6));
  const doc::Parsed document = parsed(writer);
  EXPECT_EQ(blocks(document)[0], "Chapter about things 7");
  EXPECT_FALSE(document.blocks[0].source);
  EXPECT_TRUE(document.blocks.back().source);
}

TEST(Pdf, HeadingsFromTheOutline) {
  PdfWriter writer;
  lines(writer.page(), 50, 100, {"1 First things"});
  lines(writer, 50, 130, filler("one", 4));
  lines(writer, 50, 200, {"A second thing that has a long", "title of two lines"});
  lines(writer, 50, 250, filler("two", 4));
  lines(writer, 50, 320, {"Third"});
  writer.bookmark("First things", 0)
      .bookmark("A second thing that has a long title of two lines", 0)
      .bookmark("Third", 0);
  const doc::Parsed document = parsed(writer);
  EXPECT_THAT(blocks(document, BlockKind::kHeading),
              ElementsAre("1 First things", "A second thing that has a long title of two lines", "Third"));
  EXPECT_EQ(document.blocks[0].level, 1);
}

TEST(Pdf, HeadingsFromNumbersAndFonts) {
  PdfWriter writer;
  writer.page().text(50, 60, "Report on apples", 18, PdfFont::kBold);
  writer.text(50, 100, "1 Apples", 14, PdfFont::kBold);
  lines(writer, 50, 130, filler("one", 4));
  writer.text(50, 200, "1.1 Red ones", 12, PdfFont::kBold);
  lines(writer, 50, 230, filler("two", 4));
  writer.text(50, 300, "2 Pears", 14, PdfFont::kBold);
  lines(writer, 50, 330, filler("three", 4));
  writer.text(50, 400, "Closing words", 14, PdfFont::kBold);
  lines(writer, 50, 430, filler("four", 4));
  const doc::Parsed document = parsed(writer);
  EXPECT_THAT(blocks(document, BlockKind::kHeading),
              ElementsAre("Report on apples", "1 Apples", "1.1 Red ones", "2 Pears", "Closing words"));
  std::vector<int> levels;
  for (const doc::Block& block : document.blocks) {
    if (block.kind == BlockKind::kHeading) levels.push_back(block.level);
  }
  EXPECT_THAT(levels, ElementsAre(1, 1, 2, 1, 1));
}

TEST(Pdf, WhatIsNoReadablePdfIsRefusedWithAHint) {
  PdfWriter writer;
  lines(writer.page(), 50, 100, filler("text", 30));
  const std::string good = writer.bytes();
  EXPECT_EQ(error_of("").code, Code::kInvalidArgument);
  EXPECT_EQ(error_of("plain text, named .pdf").code, Code::kInvalidArgument);
  EXPECT_EQ(error_of(std::string(3000, '\0')).code, Code::kInvalidArgument);
  EXPECT_EQ(error_of("%PDF-1.7\n" + std::string(3000, 'x')).code, Code::kDataLoss);
  EXPECT_EQ(error_of(good.substr(0, 400)).code, Code::kDataLoss);
  const Error encrypted = error_of(writer.encrypted().bytes());
  EXPECT_EQ(encrypted.code, Code::kInvalidArgument);
  EXPECT_THAT(encrypted.message, HasSubstr("password"));
  EXPECT_FALSE(encrypted.hint.empty());
}

TEST(Pdf, ScansAreRefused) {
  PdfWriter writer;
  writer.page().box(50, 50, 400, 600).page().box(50, 50, 400, 600);
  const Error scanned = error_of(writer.bytes());
  EXPECT_EQ(scanned.code, Code::kInvalidArgument);
  EXPECT_THAT(scanned.message, HasSubstr("no text (scanned?)"));
}

TEST(Pdf, LimitsHold) {
  PdfWriter writer;
  for (int i = 0; i < 3; ++i) lines(writer.page(), 50, 100, filler("text", 20));
  const std::string bytes = writer.bytes();
  PdfOptions few_pages = options();
  few_pages.max_pages = 2;
  EXPECT_EQ(error_of(bytes, few_pages).code, Code::kResourceExhausted);
  PdfOptions few_bytes = options();
  few_bytes.max_text_bytes = 500;
  EXPECT_EQ(error_of(bytes, few_bytes).code, Code::kResourceExhausted);
  PdfOptions few_characters = options();
  few_characters.max_page_characters = 50;
  const auto cut = parse_pdf(bytes, few_characters);
  ASSERT_TRUE(cut);
  EXPECT_THAT(cut->warnings, ElementsAre(HasSubstr("page 1, 2, 3")));
  ManualClock clock;
  PdfOptions late = options();
  late.deadline = Deadline::in(std::chrono::seconds(1), clock);
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(error_of(bytes, late).code, Code::kDeadlineExceeded);
}

TEST(Pdf, APageFullOfScatteredLettersIsRead) {
  PdfWriter writer;
  writer.page();
  for (int i = 0; i < 30'000; ++i)
    writer.text(20 + (i * 37) % 560, 20 + (i * 101) % 760, std::string(1, static_cast<char>('a' + i % 26)));
  for (int i = 0; i < 300; ++i) writer.bookmark("a b c " + std::to_string(i), 0);
  EXPECT_GT(parsed(writer).words.size(), 1000U);
}

TEST(Pdf, TextPrintedTwiceForBoldnessIsReadOnce) {
  PdfWriter writer;
  writer.page().text(50, 100, "Bold by shifting").text(50.3, 100, "Bold by shifting");
  EXPECT_EQ(parsed(writer).text, "Bold by shifting");
}

TEST(Pdf, AMissingOrWrongLibraryIsSaidClearly) {
  PdfOptions missing = options();
  missing.library = "/nowhere/libpdfium.so";
  EXPECT_EQ(error_of("%PDF-1.7", missing).code, Code::kUnavailable);
  missing.library = "libc.so.6";
  const Error wrong = error_of("%PDF-1.7", missing);
  EXPECT_EQ(wrong.code, Code::kUnavailable);
  EXPECT_THAT(wrong.message, HasSubstr("FPDF_InitLibraryWithConfig"));
}

TEST(Pdf, EveryDamagedByteIsSurvived) {
  PdfWriter writer;
  writer.bookmark("One", 0).labels(1).page().text(50, 100, "One").text(50, 130, "two three");
  const std::string good = writer.bytes();
  int readable = 0;
  for (std::size_t i = 0; i < good.size(); i += 3) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x15);
    readable += static_cast<int>(static_cast<bool>(parse_pdf(bad, options())));
  }
  EXPECT_GT(readable, 10);
}

}  // namespace
}  // namespace docmind::parse
