#include "parse/pdf_picture.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "parse/testing/pdf_writer.h"

namespace docmind::parse {
namespace {

using testing::PdfWriter;

PdfOptions options() {
  PdfOptions options;
  options.library = DOCMIND_SOURCE_DIR "/.deps/packages/pypdfium2_raw/libpdfium.so";
  return options;
}

Picture drawn(PdfWriter writer, std::uint32_t page, std::uint32_t width) {
  const std::string bytes = writer.bytes();
  Result<Picture> picture = picture_of_pdf(bytes, page, width, options());
  EXPECT_TRUE(picture) << picture.error().message;
  EXPECT_TRUE(picture && valid(*picture));
  return picture ? *std::move(picture) : Picture{};
}

bool black(const Picture& picture, std::uint32_t x, std::uint32_t y) {
  const std::size_t at = (std::size_t{y} * picture.width + x) * 3;
  return picture.rgb[at] == 0 && picture.rgb[at + 1] == 0 && picture.rgb[at + 2] == 0;
}

std::size_t blacks(const Picture& picture) {
  std::size_t count = 0;
  for (std::uint32_t y = 0; y < picture.height; ++y) {
    for (std::uint32_t x = 0; x < picture.width; ++x) count += black(picture, x, y) ? 1 : 0;
  }
  return count;
}

TEST(PdfPicture, WhatIsDrawnStandsInItsPlace) {
  const PdfWriter writer = PdfWriter().page().page().box(100, 200, 60, 40);
  const Picture picture = drawn(writer, 2, 1200);  // Two pixels a point.
  EXPECT_EQ(picture.width, 1200U);
  EXPECT_EQ(picture.height, 1600U);
  EXPECT_EQ(blacks(picture), 120U * 80U);
  EXPECT_TRUE(black(picture, 200, 400));
  EXPECT_TRUE(black(picture, 319, 479));
  EXPECT_FALSE(black(picture, 199, 400));
  EXPECT_EQ(blacks(drawn(writer, 1, 300)), 0U);
}

TEST(PdfPicture, ARotatedPageIsDrawnAsItIsShown) {
  const Picture picture = drawn(PdfWriter().page({.rotate = 90}).box(100, 200, 60, 40), 1, 800);
  EXPECT_EQ(picture.width, 800U);
  EXPECT_EQ(picture.height, 600U);
  EXPECT_TRUE(black(picture, 800 - 220, 130));  // The page's top is at the right now.
}

TEST(PdfPicture, AVeryHighPageIsLessWide) {
  const Picture picture = drawn(PdfWriter().page({.width = 100, .height = 14'000}), 1, 2400);
  EXPECT_LE(std::uint64_t{picture.width} * picture.height, kMostPixels);
  EXPECT_NEAR(static_cast<double>(picture.height) / picture.width, 140, 1);
  EXPECT_EQ(drawn(PdfWriter().page({.width = 14'000, .height = 3}), 1, 64).height, 1U);
}

TEST(PdfPicture, PagesThatAreNotThereAreSaid) {
  const std::string bytes = PdfWriter().page().text(10, 10, "words").bytes();
  for (const std::uint32_t page : {0U, 2U, 1'000'000'000U, UINT32_MAX}) {
    EXPECT_EQ(picture_of_pdf(bytes, page, 900, options()).error().code, Code::kNotFound) << page;
  }
  EXPECT_EQ(picture_of_pdf("no PDF", 1, 900, options()).error().code, Code::kInvalidArgument);
  EXPECT_EQ(picture_of_pdf(PdfWriter().encrypted().page().bytes(), 1, 900, options()).error().code,
            Code::kInvalidArgument);
}

TEST(PdfPicture, ABrokenPageIsSaid) {
  std::string bytes = PdfWriter().page().page().bytes();
  const std::size_t kids = bytes.find("/Kids [7 0 R 9 0 R");
  ASSERT_NE(kids, std::string::npos);
  bytes[kids + 13] = '3';  // The second is a font by now.
  const Result<Picture> picture = picture_of_pdf(bytes, 2, 900, options());
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().code, Code::kDataLoss) << picture.error().message;
}

TEST(Picture, ThePngHoldsItsPixels) {
  Picture picture{3, 2, std::string(18, '\0')};
  const Result<std::string> png = png_of(picture);
  ASSERT_TRUE(png) << png.error().message;
  EXPECT_TRUE(png->starts_with("\x89PNG\r\n\x1a\n"));
  EXPECT_EQ(png->substr(16, 8), std::string("\0\0\0\3\0\0\0\2", 8));
  picture.rgb.pop_back();
  EXPECT_EQ(png_of(picture).error().code, Code::kDataLoss);
  EXPECT_EQ(png_of({}).error().code, Code::kDataLoss);
  EXPECT_EQ(valid({UINT32_MAX, UINT32_MAX, ""}).error().code, Code::kDataLoss);
}

}  // namespace
}  // namespace docmind::parse
