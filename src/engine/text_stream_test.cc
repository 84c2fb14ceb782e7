#include "engine/text_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/utf8.h"

namespace docmind::engine {
namespace {

std::string all(TextStream& stream, std::initializer_list<std::string_view> pieces) {
  std::string out;
  for (const std::string_view piece : pieces) out += stream.push(piece);
  return out + stream.finish();
}

TEST(TextStream, HoldsBackHalfACharacter) {
  TextStream stream;
  EXPECT_EQ(stream.push("a\xE5"), "a");
  EXPECT_EQ(stream.push("\x96"), "");
  EXPECT_EQ(stream.push("\xB5!"), "喵!");
  EXPECT_EQ(stream.push("\xF0\x9F\x98"), "");
  EXPECT_EQ(stream.finish(), "\ufffd\ufffd\ufffd");  // One for each byte, as everywhere.
}

TEST(TextStream, ReplacesWhatIsNoCharacterAtOnce) {
  TextStream stream;
  EXPECT_EQ(stream.push("a\xFF"), "a\ufffd");
  EXPECT_EQ(stream.push("\xE5z"), "\ufffdz");
  EXPECT_EQ(stream.push("\xC0"), "\ufffd");
  EXPECT_EQ(stream.finish(), "");
}

TEST(TextStream, AStopStringAcrossPiecesIsNeverGivenOut) {
  TextStream stream({"STOP", "\n\n"});
  EXPECT_EQ(stream.push("one S"), "one ");
  EXPECT_EQ(stream.push("TO"), "");
  EXPECT_EQ(stream.push("x ST"), "STOx ");
  EXPECT_EQ(stream.push("OP and more"), "");
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(stream.push("more"), "");
  EXPECT_EQ(stream.finish(), "");
}

TEST(TextStream, TheStopThatIsCompleteFirstCounts) {
  TextStream stream({"long stop", "g"});
  EXPECT_EQ(all(stream, {"a long stop"}), "a lon");
}

TEST(TextStream, ABegunStopAtTheEndIsText) {
  TextStream stream({"STOP"});
  EXPECT_EQ(all(stream, {"one STO"}), "one STO");
  EXPECT_FALSE(stream.stopped());
}

TEST(TextStream, AStopOfManyByteCharacters) {
  TextStream stream({"喵喵"});
  EXPECT_EQ(all(stream, {"a\xE5", "\x96\xB5\xE5\x96", "\xB5z"}), "a");
}

TEST(TextStream, AnyCutGivesTheSameText) {
  std::minstd_rand random(5);
  const std::string alphabet = "ab\xE5\x96\xB5\xFF\n";
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = alphabet[random() % alphabet.size()];
    std::uint64_t replaced = 0;
    std::string expected = to_utf8(bytes, replaced);
    for (std::size_t end = 1; end <= expected.size(); ++end) {
      for (const std::string_view stop : {"aba", "喵b", "\ufffd\n"}) {
        if (std::string_view(expected).substr(0, end).ends_with(stop)) expected = expected.substr(0, end - stop.size());
      }
    }
    TextStream stream({"aba", "喵b", "\ufffd\n"});
    std::string out;
    for (std::size_t i = 0; i < bytes.size();) {
      const std::size_t length = 1 + random() % 4;
      out += stream.push(std::string_view(bytes).substr(i, length));
      EXPECT_TRUE(is_utf8(out));
      i += length;
    }
    EXPECT_EQ(out + stream.finish(), expected);
  }
}

}  // namespace
}  // namespace docmind::engine
