#include <string>

#include "base/check.h"
#include "base/hash.h"
#include "driver.h"
#include "parse/docx.h"
#include "parse/epub.h"
#include "parse/format.h"
#include "parse/frame.h"
#include "parse/html.h"
#include "parse/markdown.h"
#include "parse/testing/zip_bytes.h"
#include "parse/text.h"

namespace docmind::fuzz {
namespace {

constexpr std::uint64_t kMaxText = 1U << 20U;
constexpr parse::ArchiveLimits kArchive = {
    .max_entries = 100, .max_entry_bytes = 4U << 20U, .max_total_bytes = 8U << 20U};

// A result is valid and survives its own frame; an error says something.
void check(const Result<doc::Parsed>& result) {
  if (!result) {
    DM_CHECK(!result.error().message.empty());
    return;
  }
  DM_CHECK(doc::valid(*result));
  const Result<doc::Parsed> back = parse::decode_frame(parse::encode_frame(result));
  DM_CHECK(back && back->text == result->text && back->blocks.size() == result->blocks.size());
}

// A frame of that kind whose length and checksum are right.
std::string framed(char kind, std::string_view payload) {
  std::string frame("DMPF\x01\x00", 6);
  frame += {kind, '\0'};
  for (int i = 0; i < 8; ++i) frame += static_cast<char>((payload.size() >> (8 * i)) & 0xffU);
  frame += payload;
  frame += content_hash(frame).view();
  return frame;
}

}  // namespace

void fuzz_text(std::string_view bytes) {
  (void)parse::format_of(bytes, "a.txt", kArchive);
  check(parse::parse_text(bytes, kMaxText));
}

void fuzz_markdown(std::string_view bytes) { check(parse::parse_markdown(bytes, kMaxText)); }

void fuzz_html(std::string_view bytes) {
  check(parse::parse_html(bytes, kMaxText));
  (void)parse::expand_empty_elements(bytes);
}

void fuzz_docx(std::string_view bytes) {
  if (const auto archive = parse::Archive::open(bytes, kArchive); archive)
    check(parse::parse_docx(**archive, kMaxText));
}

void fuzz_docx_xml(std::string_view bytes) {
  fuzz_docx(parse::zip_bytes({{"word/document.xml", std::string(bytes)}, {"word/styles.xml", std::string(bytes)}}));
}

void fuzz_epub(std::string_view bytes) {
  if (const auto archive = parse::Archive::open(bytes, kArchive); archive)
    check(parse::parse_epub(**archive, kMaxText));
}

// The bytes as they are, and as the payload of a document and of a picture.
void fuzz_frame(std::string_view bytes) {
  check(parse::decode_frame(bytes));
  check(parse::decode_frame(framed('\1', bytes)));
  const auto picture = parse::decode_picture(framed('\3', bytes));
  DM_CHECK(!picture || parse::valid(*picture));
}

}  // namespace docmind::fuzz
