#include "parse/format.h"

#include <gmock/gmock.h>

#include "parse/testing/zip_bytes.h"

namespace docmind::parse {
namespace {

using testing::HasSubstr;
using namespace std::string_view_literals;

std::string kind(std::string_view bytes, std::string_view name) {
  const Result<Format> format = format_of(bytes, name, {});
  if (!format) {
    EXPECT_EQ(format.error().code, Code::kInvalidArgument) << format.error().message;
    EXPECT_FALSE(format.error().hint.empty());
    return format.error().message;
  }
  static constexpr std::array kNames = {"pdf", "docx", "epub", "html", "markdown", "text"};
  return kNames[static_cast<std::size_t>(*format)];
}

TEST(FormatOf, ContentBeforeName) {
  EXPECT_EQ(kind("%PDF-1.7\n", "wrong.txt"), "pdf");
  EXPECT_EQ(kind("junk\n%PDF-1.4", "a.PDF"), "pdf");
  EXPECT_EQ(kind("text about %PDF-1.4", "a.txt"), "text");
  EXPECT_EQ(kind(zip_bytes({{"[Content_Types].xml", ""}, {"word/document.xml", ""}}), "x.bin"), "docx");
  EXPECT_EQ(kind(zip_bytes({{"mimetype", "application/epub+zip"}, {"META-INF/container.xml", ""}}), "x"), "epub");
}

TEST(FormatOf, TextByName) {
  EXPECT_EQ(kind("# A", "README.md"), "markdown");
  EXPECT_EQ(kind("# A", "notes.TXT"), "text");
  EXPECT_EQ(kind("x", "文件.markdown"), "markdown");
  EXPECT_EQ(kind("x", "page.htm"), "html");
  EXPECT_EQ(kind("\xef\xbb\xbf\n<!DOCTYPE HTML><p>", "page"), "html");
  EXPECT_EQ(kind("<html>", "shown.txt"), "text");
  EXPECT_EQ(kind("int main() {}", "a.cc"), "text");
  EXPECT_EQ(kind("x", ""), "text");
  EXPECT_EQ(kind("x", ".md"), "text");
}

TEST(FormatOf, WhatItIsInstead) {
  EXPECT_EQ(kind("", "a.pdf"), "the file is empty");
  EXPECT_EQ(kind("\x89PNG\r\n\x1a\n", "a.txt"), "the file is a picture (PNG), not a document");
  EXPECT_THAT(kind("\x7f"
                   "ELF\x02",
                   "a.pdf"),
              HasSubstr("program"));
  EXPECT_THAT(kind("SQLite format 3\0rest"sv, "a.md"), HasSubstr("SQLite"));
  EXPECT_THAT(kind("\x1f\x8b\x08", "a.txt.gz"), HasSubstr("gzip"));
  EXPECT_THAT(kind("{\\rtf1", "a.rtf"), HasSubstr("RTF"));
  EXPECT_THAT(kind("plain", "a.pdf"), HasSubstr("no PDF, although its name says so"));
  EXPECT_THAT(kind("plain", "a.docx"), HasSubstr("no DOCX"));
  EXPECT_THAT(kind(std::string(100, '\0') + "x", "a.txt"), HasSubstr("is not text"));
}

TEST(FormatOf, OtherContainers) {
  EXPECT_THAT(kind(zip_bytes({{"[Content_Types].xml", ""}, {"xl/workbook.xml", ""}}), "a.xlsx"),
              HasSubstr("spreadsheet (XLSX), which is not supported yet"));
  EXPECT_THAT(kind(zip_bytes({{"[Content_Types].xml", ""}, {"ppt/presentation.xml", ""}}), "a.pptx"),
              HasSubstr("presentation"));
  EXPECT_THAT(kind(zip_bytes({{"mimetype", ""}, {"content.xml", ""}}), "a.odt"), HasSubstr("OpenDocument"));
  EXPECT_THAT(kind(zip_bytes({{"a.txt", "x"}}), "a.docx"), HasSubstr("archive (zip)"));
  const std::string ole = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + std::string(600, '\0');
  EXPECT_THAT(kind(ole + std::string("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0", 32), "a.docx"),
              HasSubstr("password"));
  EXPECT_THAT(kind(ole, "a.doc"), HasSubstr("old Office file"));
}

}  // namespace
}  // namespace docmind::parse
