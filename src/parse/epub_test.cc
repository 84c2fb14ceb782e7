#include "parse/epub.h"

#include <gmock/gmock.h>

#include "parse/testing/outline.h"
#include "parse/testing/zip_bytes.h"

namespace docmind::parse {
namespace {

using testing::ElementsAre;

const char* const kContainer =
    "<container><rootfiles><rootfile full-path='OEBPS/book.opf' "
    "media-type='application/oebps-package+xml'/></rootfiles></container>";
const char* const kPackage =
    "<package xmlns='http://www.idpf.org/2007/opf'><metadata xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>The "
    "&amp; Book</dc:title>"
    "</metadata><manifest><item id='n' href='nav.xhtml' properties='nav'/><item id='b' href='text/b%20two.xhtml'/>"
    "<item id='a' href='../a.xhtml'/><item id='c' href='missing.xhtml'/></manifest>"
    "<spine><itemref idref='n'/><itemref idref='a'/><itemref idref='b'/><itemref idref='c'/><itemref "
    "idref='zzz'/></spine></package>";

ZipEntries book() {
  return {{"mimetype", "application/epub+zip"},
          {"META-INF/container.xml", kContainer},
          {"OEBPS/book.opf", kPackage},
          {"OEBPS/nav.xhtml", "<html><body><nav><ol><li>One</li></ol></nav></body></html>"},
          {"a.xhtml",
           "<?xml version='1.0'?><html xmlns='x'><head><title/></head><body><h1><a id='s'/>One</h1><p>Erste "
           "&#228;.</p></body></html>"},
          {"OEBPS/text/b two.xhtml",
           "<html><head><script src='x'/></head><body><h2>两</h2><p>中文\n内容</p></body></html>"}};
}

Result<doc::Parsed> parsed(const ZipEntries& entries, std::uint64_t max_text = 1U << 20U) {
  const std::string bytes = zip_bytes(entries);
  auto archive = Archive::open(bytes, {});
  if (!archive) return archive.error();
  return parse_epub(**archive, max_text);
}

TEST(Epub, ChaptersInSpineOrder) {
  const Result<doc::Parsed> result = parsed(book());
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(doc::valid(*result));
  EXPECT_EQ(result->title, "The & Book");
  EXPECT_EQ(result->type, "epub");
  EXPECT_THAT(outline(*result), ElementsAre("L1~@nav.xhtml 1. One", "H1@a.xhtml One", "P@a.xhtml Erste ä.",
                                            "H2@text/b two.xhtml 两", "P@text/b two.xhtml 中文内容"));
  EXPECT_THAT(result->warnings, ElementsAre("Chapter missing.xhtml could not be read and was left out."));
}

TEST(Epub, CopyProtection) {
  ZipEntries entries = book();
  entries.emplace_back("META-INF/encryption.xml",
                       "<encryption><e:EncryptedData xmlns:e='x'><e:EncryptionMethod "
                       "Algorithm='http://www.w3.org/2001/04/xmlenc#aes128-cbc'/>"
                       "</e:EncryptedData></encryption>");
  const Result<doc::Parsed> result = parsed(entries);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "the book has copy protection");
  entries.back().second =
      "<encryption><EncryptedData><EncryptionMethod "
      "Algorithm='http://www.idpf.org/2008/embedding'/></EncryptedData></encryption>";
  EXPECT_TRUE(parsed(entries));  // Only a font is scrambled.
}

TEST(Epub, Broken) {
  EXPECT_EQ(parsed({{"META-INF/container.xml", "<container/>"}}).error().code, Code::kDataLoss);
  EXPECT_EQ(parsed({{"META-INF/container.xml", "<conta"}}).error().code, Code::kDataLoss);
  ZipEntries entries = book();
  entries.resize(3);
  EXPECT_EQ(parsed(entries).error().message, "the book is broken: no chapter can be read");
  entries[2].second = "<package/>";
  EXPECT_EQ(parsed(entries).error().message, "the document holds no text");
  EXPECT_EQ(parsed(book(), 10).error().code, Code::kResourceExhausted);
}

}  // namespace
}  // namespace docmind::parse
