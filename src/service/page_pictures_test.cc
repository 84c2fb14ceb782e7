#include "service/page_pictures.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/hash.h"
#include "doc/testing/fake_renderer.h"
#include "sys/clock.h"
#include "sys/testing/temp_folder.h"

namespace docmind::service {
namespace {

struct PagePicturesTest : ::testing::Test {
  PagePicturesTest() {
    document.path = folder.write("a.pdf", "bytes").string();
    document.version = content_hash("bytes").hex();
    pictures = *PagePictures::open(renderer, originals, clock);
  }
  Result<PagePictures::Png> get(std::uint32_t page, std::stop_token stop = {}) {
    return pictures->get(document, page, 900, Deadline::never(), std::move(stop));
  }

  sys::TempFolder folder;
  sys::RealFiles files;
  sys::RealClock clock;
  doc::FakeRenderer renderer;
  library::Document document;
  Originals originals{"", 1U << 20U, files};
  std::unique_ptr<PagePictures> pictures;
};

TEST_F(PagePicturesTest, WhatWasNotUsedForLongestGoesFirst) {
  renderer.padding = PagePictures::kMostKept / 5;
  for (std::uint32_t page = 1; page <= 4; ++page) ASSERT_TRUE(get(page));
  ASSERT_TRUE(get(1));
  EXPECT_EQ(renderer.calls, 4U);
  ASSERT_TRUE(get(5));
  EXPECT_LE(pictures->bytes(), PagePictures::kMostKept);
  ASSERT_TRUE(get(1));
  EXPECT_EQ(renderer.calls, 5U);
  ASSERT_TRUE(get(2));
  EXPECT_EQ(renderer.calls, 6U);
  pictures->forget(document.version);
  EXPECT_EQ(pictures->bytes(), 0U);
}

TEST_F(PagePicturesTest, OneThatIsTooLargeIsGivenAndNotKept) {
  renderer.padding = PagePictures::kMostKept;
  ASSERT_TRUE(get(1));
  EXPECT_EQ(pictures->bytes(), 0U);
}

TEST_F(PagePicturesTest, AFailureIsNotKept) {
  renderer.failure = Error{Code::kDataLoss, "broken", ""};
  EXPECT_EQ(get(1).error().code, Code::kDataLoss);
  renderer.failure.reset();
  EXPECT_TRUE(get(1));
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(get(2, stopped.get_token()).error().code, Code::kCancelled);
}

TEST_F(PagePicturesTest, ManyAtOnceGetTheSameAndDrawItOnceOrTwice) {
  std::vector<std::jthread> readers;
  std::vector<PagePictures::Png> got(16);
  for (PagePictures::Png& one : got) {
    readers.emplace_back([this, &one] {
      auto png = get(1);
      if (png) one = *std::move(png);
    });
  }
  readers.clear();
  for (const PagePictures::Png& one : got) {
    ASSERT_NE(one, nullptr);
    EXPECT_EQ(*one, "1 at 900 of bytes");
  }
  EXPECT_LE(renderer.calls, PagePictures::kDrawing);
}

}  // namespace
}  // namespace docmind::service
