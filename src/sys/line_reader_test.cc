#include "sys/line_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <thread>

#include "sys/fd.h"

namespace docmind::sys {
namespace {

struct LineReaderTest : ::testing::Test {
  LineReaderTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    out.reset(ends[0]);
    in.reset(ends[1]);
    reader = LineReader(out.get());
  }
  void write(std::string_view text) {
    EXPECT_EQ(::write(in.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  Fd out;
  Fd in;
  LineReader reader{-1};
};

TEST_F(LineReaderTest, GivesLinesAndTheLastWithoutItsEnd) {
  write("one\n\n船 two\nthree");
  in.reset();
  EXPECT_EQ(**reader.next({}), "one");
  EXPECT_EQ(**reader.next({}), "");
  EXPECT_EQ(**reader.next({}), "船 two");
  EXPECT_EQ(**reader.next({}), "three");
  EXPECT_FALSE(reader.next({})->has_value());
  EXPECT_FALSE(reader.next({})->has_value());
}

TEST_F(LineReaderTest, ALineThatIsTooLongIsPassedOver) {
  std::jthread writer([this] {
    for (int i = 0; i < 100; ++i) write(std::string(4096, 'x'));
    write("\nshort\n" + std::string(40'000, 'y') + "\n");
    for (int i = 0; i < 40; ++i) write(std::string(4096, 'z'));
    in.reset();
  });
  EXPECT_EQ(reader.next({}).error().code, Code::kResourceExhausted);
  EXPECT_EQ(**reader.next({}), "short");
  EXPECT_EQ((**reader.next({})).size(), 40'000U);
  EXPECT_EQ(reader.next({}).error().code, Code::kResourceExhausted);
  EXPECT_FALSE(reader.next({})->has_value());
}

TEST_F(LineReaderTest, AStopEndsTheWaiting) {
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  EXPECT_EQ(reader.next(source.get_token()).error().code, Code::kCancelled);
  write("later\n");
  EXPECT_EQ(**reader.next({}), "later");
}

}  // namespace
}  // namespace docmind::sys
