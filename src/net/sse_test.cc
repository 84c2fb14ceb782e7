#include "net/sse.h"

#include <gtest/gtest.h>

#include <vector>

namespace docmind::net {
namespace {

using Events = std::vector<std::string>;

// "name|data|id" of every event, fed in pieces of the given size.
Result<Events> parse(std::string_view stream, std::size_t piece, SseLimits limits = {}) {
  SseParser parser(limits);
  Events events;
  while (!stream.empty()) {
    const std::string_view bytes = stream.substr(0, piece);
    stream.remove_prefix(bytes.size());
    DM_TRY(parser.feed(bytes, [&](const SseEvent& event) -> Result<> {
      events.push_back(event.name + "|" + event.data + "|" + event.id);
      return {};
    }));
  }
  return events;
}

TEST(SseParser, ReadsTheStandardsExamplesHoweverCut) {
  const std::string stream =
      "\xEF\xBB\xBF: a comment\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"
      "data: a\r\ndata: b\r\n\r\nevent: stop\rdata\r\rdata\ndata\n\nunknown: x\nevent: only\n\nretry: 5\ndata: "
      "unfinished";
  const Events expected = {"message|first event|1",
                           "message|second event|",
                           "message| third event|",
                           "message|a\nb|",
                           "stop||",
                           "message|\n|"};
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
    const Result<Events> events = parse(stream, piece);
    ASSERT_TRUE(events);
    EXPECT_EQ(*events, expected) << "pieces of " << piece;
  }
}

TEST(SseParser, ReadsWhatSseTextWrites) {
  const std::string text =
      sse_text({.name = "token", .data = "a\nb\r\nc\rd: \xC3\xA9\n", .id = "7"}) + sse_text("x", "");
  const Result<Events> events = parse(text, 1);
  ASSERT_TRUE(events);
  EXPECT_EQ(*events, (Events{"token|a\nb\nc\nd: \xC3\xA9\n|7", "x||7"}));
}

TEST(SseParser, IsBounded) {
  const SseLimits limits{.line = 100, .event = 250, .total = 10'000};
  const std::string line = "data: " + std::string(94, 'x') + "\n";
  EXPECT_TRUE(parse(line + "\n", 10, limits));
  EXPECT_EQ(parse("data: " + std::string(95, 'x') + "\n\n", 10, limits).error().code, Code::kResourceExhausted);
  EXPECT_EQ(parse(std::string(101, 'x'), 1000, limits).error().code, Code::kResourceExhausted);
  EXPECT_EQ(parse(line + line + line, 10, limits).error().code, Code::kResourceExhausted);
  EXPECT_EQ(parse(std::string(10'001, '\n'), 10, limits).error().code, Code::kResourceExhausted);
}

TEST(SseParser, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(parse("data: \xFF\n\n", 100).error().code, Code::kDataLoss);
  EXPECT_EQ(parse("data: \xED\xA0\x80\n\n", 100).error().code, Code::kDataLoss);
}

TEST(SseParser, StopsWhereTheReaderSaysSo) {
  SseParser parser;
  int calls = 0;
  const Result<> fed = parser.feed("data: 1\n\ndata: 2\n\n", [&](const SseEvent&) -> Result<> {
    ++calls;
    return Error{Code::kCancelled, "enough"};
  });
  EXPECT_EQ(fed.error().code, Code::kCancelled);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace docmind::net
