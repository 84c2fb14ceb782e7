#include "print/child_printer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/clock.h"

namespace docmind::print {
namespace {

using ::testing::HasSubstr;

Result<std::string> printed_by(const std::string& script, Duration wall = std::chrono::seconds(30),
                               std::uint64_t max_input = 1000) {
  const sys::RealClock clock;
  const auto printer = ChildPrinter::open({{"/bin/sh", "-c", script}, wall, max_input}, clock);
  return (*printer)->print({"title", {{Style::kText, "words"}}}, Deadline::never(), {});
}

TEST(ChildPrinter, GivesWhatTheChildWrote) {
  EXPECT_EQ(*printed_by("printf %%PDF-; cat"), R"(%PDF-{"title":"title","paragraphs":[["text","words"]]})");
}

TEST(ChildPrinter, SaysWhatTheChildSays) {
  const auto refused = printed_by("echo no Pango here >&2; echo Install it. >&2; exit 1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_EQ(refused.error().message, "no Pango here");
  EXPECT_EQ(refused.error().hint, "Install it.");
}

TEST(ChildPrinter, AChildThatDiesOrWritesSomethingElseIsAnError) {
  for (const char* script : {"kill -SEGV $$", "exit 3", "echo hello", "true"}) {
    const auto failed = printed_by(script);
    ASSERT_FALSE(failed) << script;
    EXPECT_EQ(failed.error().code, Code::kInternal) << script;
    EXPECT_THAT(failed.error().message, HasSubstr("printing ended without a result"));
  }
}

TEST(ChildPrinter, ThereAreBoundsOnTimeAndSize) {
  for (const auto& late : {printed_by("sleep 60", std::chrono::milliseconds(50)),
                           printed_by("cat", std::chrono::seconds(30), 10), printed_by("cat /dev/zero")}) {
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::kResourceExhausted);
    EXPECT_THAT(late.error().message, HasSubstr("the chat is too long for a PDF: "));
  }
}

TEST(ChildPrinter, IsStoppedWithWhoAsked) {
  const sys::RealClock clock;
  const auto printer = ChildPrinter::open({{"/bin/sh", "-c", "sleep 60"}}, clock);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ((*printer)->print({}, Deadline::never(), stop.get_token()).error().code, Code::kCancelled);
  EXPECT_EQ((*printer)->print({}, Deadline::in(Duration::zero(), clock), {}).error().code, Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace docmind::print
