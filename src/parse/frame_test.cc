#include "parse/frame.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/rng.h"

namespace docmind::parse {
namespace {

doc::Parsed sample() {
  doc::Parsed parsed;
  parsed.type = "pdf";
  parsed.title = "Prüfung";
  parsed.text = "Head\n\na | b\n中文";
  parsed.pages = {{.span = {0, 11}, .label = "iv", .width = 595.5F, .height = 842},
                  {.span = {12, 18}, .label = "", .width = 1, .height = 2}};
  parsed.blocks = {
      {.span = {0, 4}, .kind = doc::BlockKind::kHeading, .level = 2, .source = false, .locator = "x.xhtml"},
      {.span = {6, 11}, .kind = doc::BlockKind::kTableRow, .header = 0},
      {.span = {12, 18}}};
  parsed.words = {{.span = {0, 4}, .page = 0, .left = 1.5F, .top = 2.5F, .right = 3, .bottom = 4},
                  {.span = {12, 15}, .page = 1}};
  parsed.warnings = {"One page was left out."};
  return parsed;
}

TEST(Frame, ResultComesBackWhole) {
  ASSERT_TRUE(doc::valid(sample()));
  const Result<doc::Parsed> back = decode_frame(encode_frame(sample()));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->type, "pdf");
  EXPECT_EQ(back->title, "Prüfung");
  EXPECT_EQ(back->text, sample().text);
  ASSERT_EQ(back->pages.size(), 2U);
  EXPECT_EQ(back->pages[0].label, "iv");
  EXPECT_EQ(back->pages[0].width, 595.5F);
  EXPECT_EQ(back->pages[1].span, (doc::Span{12, 18}));
  ASSERT_EQ(back->blocks.size(), 3U);
  EXPECT_EQ(back->blocks[0].kind, doc::BlockKind::kHeading);
  EXPECT_EQ(back->blocks[0].level, 2);
  EXPECT_FALSE(back->blocks[0].source);
  EXPECT_EQ(back->blocks[0].locator, "x.xhtml");
  EXPECT_EQ(back->blocks[1].header, 0U);
  EXPECT_TRUE(back->blocks[2].source);
  ASSERT_EQ(back->words.size(), 2U);
  EXPECT_EQ(back->words[0].top, 2.5F);
  EXPECT_EQ(back->words[1].page, 1U);
  EXPECT_EQ(back->warnings, sample().warnings);
  EXPECT_EQ(encode_frame(back), encode_frame(sample()));
}

TEST(Frame, APictureComesBackAndIsNoDocument) {
  const std::string frame = encode_picture(Picture{2, 1, "abcdef"});
  const Result<Picture> back = decode_picture(frame);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->width, 2U);
  EXPECT_EQ(back->height, 1U);
  EXPECT_EQ(back->rgb, "abcdef");
  EXPECT_EQ(decode_frame(frame).error().code, Code::kDataLoss);
  EXPECT_EQ(decode_picture(encode_frame(sample())).error().code, Code::kDataLoss);
  EXPECT_EQ(decode_picture(encode_picture(Picture{2, 2, "abcdef"})).error().code, Code::kDataLoss);
  for (std::size_t cut = 0; cut < frame.size(); ++cut) EXPECT_FALSE(decode_picture(frame.substr(0, cut)));
  EXPECT_EQ(decode_picture(encode_picture(Error{Code::kNotFound, "no", "so"})).error().code, Code::kNotFound);
}

TEST(Frame, ErrorComesBack) {
  const Result<doc::Parsed> back =
      decode_frame(encode_frame(Error{Code::kInvalidArgument, "no\n\x01way\xff", "do this"}));
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Code::kInvalidArgument);
  EXPECT_EQ(back.error().message, "no  way\xef\xbf\xbd");
  EXPECT_EQ(back.error().hint, "do this");
}

TEST(Frame, RefusesEveryTruncationAndEveryFlip) {
  const std::string frame = encode_frame(sample());
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_EQ(decode_frame(std::string_view(frame).substr(0, size)).error().code, Code::kDataLoss) << size;
  }
  for (std::size_t at = 0; at < frame.size(); ++at) {
    std::string bad = frame;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_FALSE(decode_frame(bad)) << at;
  }
  EXPECT_FALSE(decode_frame(frame + "x"));
}

// A liar who computes the checksum, too: any byte of the payload may be anything.
TEST(Frame, RightChecksumButWrongContent) {
  const std::string frame = encode_frame(sample());
  SeededRng rng(7);
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string body = frame.substr(0, frame.size() - 32);
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t random = rng.next();
      body[16 + random % (body.size() - 16)] = static_cast<char>(random >> 32U);
    }
    body += content_hash(body).view();
    const Result<doc::Parsed> back = decode_frame(body);
    if (!back) continue;
    ++accepted;
    EXPECT_TRUE(doc::valid(*back));
  }
  EXPECT_GT(accepted, 0U);
  EXPECT_LT(accepted, 20'000U);
}

TEST(Frame, HugeCountsAllocateNothing) {
  std::string body = "DMPF";
  const auto put = [&](std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) body += static_cast<char>((value >> (8 * i)) & 0xffU);
  };
  put(1, 2);
  put(1, 2);
  put(32, 8);
  for (int i = 0; i < 3; ++i) put(0, 8);  // Type, title, text.
  put(0x00ffffffffffffffU, 8);            // Pages.
  body += content_hash(body).view();
  EXPECT_EQ(decode_frame(body).error().message, "the parser's answer is broken: a length is wrong");
}

}  // namespace
}  // namespace docmind::parse
