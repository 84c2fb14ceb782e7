// What was printed is read back by poppler's pdftotext.
#include "print/pdf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/subprocess.h"

// What fontconfig and cairo leave to the end of a process, 1 KB each, is not ours; LeakSanitizer asks for this.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig.so\nleak:libcairo.so\n"; }

namespace docmind::print {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string read_by(const std::string& program, const std::string& pdf, std::vector<std::string> arguments = {}) {
  sys::SubprocessOptions reader;
  reader.argv = {"/usr/bin/" + program};
  reader.argv.insert(reader.argv.end(), arguments.begin(), arguments.end());
  reader.argv.emplace_back("-");
  if (program == "pdftotext") reader.argv.emplace_back("-");
  reader.input = sys::Input::kBytes;
  reader.input_bytes = pdf;
  const auto ran = sys::run_process(std::move(reader), Deadline::never(), {});
  EXPECT_TRUE(ran && ran->exit.clean()) << (ran ? ran->err : ran.error().message);
  return ran ? ran->out : "";
}

std::string printed(const std::vector<Paragraph>& paragraphs, const std::string& title = "A chat") {
  const auto pdf = to_pdf({title, paragraphs});
  EXPECT_TRUE(pdf) << pdf.error().message;
  return pdf ? *pdf : "";
}

// Lines as spaces; without the marks that pdftotext itself puts around words from right to left.
std::string words_of(const std::string& pdf) {
  std::string out;
  const std::string words = read_by("pdftotext", pdf, {"-enc", "UTF-8"});
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (words.compare(at, 3, "\u202b") == 0 || words.compare(at, 3, "\u202c") == 0) {
      at += 2;
    } else {
      out += words[at] == '\n' ? ' ' : words[at];
    }
  }
  return out;
}

TEST(Pdf, EveryScriptIsReadBackWordForWord) {
  const std::string words = words_of(printed({
      {Style::kTitle, "Which packages may go in main?"},
      {Style::kText, "Every package in main must comply with the DFSG. The office is efficient; flüssig, façade. [1]"},
      {Style::kText, "Все пакеты в main должны соответствовать DFSG."},
      {Style::kText, "软件包必须符合自由软件指导方针。東京の図書館、ひらがなカタカナ。"},
      {Style::kText, "한국어 문서"},
      {Style::kText, "Κάθε πακέτο συμφωνεί. Tiếng Việt có dấu."},
      {Style::kSource, "1. policy.pdf, page 14: “Every package in main must comply with the DFSG”"},
  }));
  for (const char* each :
       {"Which packages may go in main?", "The office is efficient; flüssig, façade. [1]",
        "Все пакеты в main должны соответствовать DFSG.", "软件包必须符合自由软件指导方针。",
        "東京の図書館、ひらがなカタカナ。", "한국어 문서", "Κάθε πακέτο συμφωνεί.", "Tiếng Việt có dấu.",
        "1. policy.pdf, page 14: “Every package in main must comply with the DFSG”"}) {
    EXPECT_THAT(words, HasSubstr(each));
  }
  EXPECT_THAT(words, Not(HasSubstr("in no font")));
}

TEST(Pdf, RightToLeftIsReadBackInTheOrderOfItsLetters) {
  const std::string words =
      words_of(printed({{Style::kText, "يجب أن تتوافق كل حزمة"}, {Style::kText, "כל חבילה חייבת לציית"}}));
  EXPECT_THAT(words, HasSubstr("يجب أن تتوافق كل حزمة"));
  EXPECT_THAT(words, HasSubstr("כל חבילה חייבת לציית"));
}

TEST(Pdf, LinesThatMixDirectionsKeepTheirWords) {
  const std::string words = words_of(printed({{Style::kText, "The word حزمة means package, and 24 תיקים are 24."}}));
  for (const char* each : {"The word", "حزمة", "means package, and 24", "תיקים"}) EXPECT_THAT(words, HasSubstr(each));
}

TEST(Pdf, LongChatsGoOnOverNumberedPages) {
  std::vector<Paragraph> long_chat;
  for (int i = 1; i <= 1000; ++i) {
    long_chat.push_back({Style::kHeading, "Question number " + std::to_string(i) + "?"});
    long_chat.push_back({Style::kText, "An answer with some words in it, number " + std::to_string(i) + ". [1]"});
    long_chat.push_back({Style::kSource, "1. manual.pdf, page 3: “An answer”"});
  }
  const std::string pdf = printed(long_chat);
  const std::string facts = read_by("pdfinfo", pdf);
  const std::string words = words_of(pdf);
  for (int i = 1; i <= 1000; ++i) ASSERT_THAT(words, HasSubstr("words in it, number " + std::to_string(i) + ". [1]"));
  const std::size_t at = facts.find("Pages:");
  ASSERT_NE(at, std::string::npos);
  const int pages = std::stoi(facts.substr(at + 6));
  EXPECT_GT(pages, 50);
  EXPECT_THAT(words, HasSubstr(" " + std::to_string(pages) + "  \f"));
  EXPECT_THAT(facts, HasSubstr("Page size:       595.276 x 841.89 pts (A4)"));
}

TEST(Pdf, OneLongParagraphGoesOnOverPages) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "word" + std::to_string(i) + " ";
  const std::string words = words_of(printed({{Style::kText, text}}));
  for (const int i : {0, 2999, 7777, 19'999}) EXPECT_THAT(words, HasSubstr("word" + std::to_string(i)));
}

TEST(Pdf, TextIsNeverMarkupAndControlCharactersAreNone) {
  const std::string pdf = printed({{Style::kText, "<b>bold</b> &amp; <span foreground='white'>gone</span>"},
                                   {Style::kText, std::string("before\0after\x1b[31m tab\there", 27)},
                                   {Style::kText, "name\u202Efdp.exe"},
                                   {Style::kText, "broken \xff\xc3( bytes"}},
                                  "A <title> & \x01 more");
  const std::string words = words_of(pdf);
  EXPECT_THAT(words, HasSubstr("<b>bold</b> &amp; <span foreground='white'>gone</span>"));
  EXPECT_THAT(words, HasSubstr("before after [31m tab here"));
  EXPECT_THAT(words, HasSubstr("name⟨U+202E⟩fdp.exe"));
  EXPECT_THAT(words, HasSubstr("bytes"));
  EXPECT_THAT(read_by("pdfinfo", pdf), HasSubstr("A <title> &   more"));
}

TEST(Pdf, WhatNoFontHasIsCountedAndSaid) {
  const std::string words =
      words_of(printed({{Style::kText, "One: \U0010FF00 of private use."}}));  // No script at all.
  EXPECT_THAT(words, HasSubstr("One character here is in no font of this machine"));
  EXPECT_THAT(words_of(printed({{Style::kText, "\U0010FF00\U0010FF01"}})),
              HasSubstr("2 characters here are in no font"));
}

TEST(Pdf, AnEmptyPaperIsOnePage) { EXPECT_THAT(read_by("pdfinfo", printed({})), HasSubstr("Pages:           1")); }

TEST(Paper, IsReadBackAsItWasWritten) {
  const Paper paper{
      "T \"x\"",
      {{Style::kTitle, "a\nb"}, {Style::kSource, "1. “quote”"}, {Style::kNote, ""}, {Style::kDocument, "b"}}};
  const auto read = paper_of(to_json(paper));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, paper);
  for (const char* broken : {"", "{}", "[]", R"({"paragraphs":[["shout","x"]]})", R"({"paragraphs":[["text"]]})",
                             R"({"paragraphs":[["text",1]]})"}) {
    EXPECT_FALSE(paper_of(broken)) << broken;
  }
}

}  // namespace
}  // namespace docmind::print
