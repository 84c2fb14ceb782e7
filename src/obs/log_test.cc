#include "obs/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <vector>

#include "base/json.h"
#include "base/request_id.h"
#include "base/trace_context.h"
#include "base/utf8.h"

namespace docmind::obs {
namespace {

class LogTest : public ::testing::Test {
 protected:
  std::unique_ptr<Log> open(LogFormat format, Level level = Level::kDebug, Colour colour = Colour::kOff) {
    clock.advance(std::chrono::milliseconds(1'700'000'000'123));
    auto log = Log::open({.levels = {level},
                          .format = format,
                          .colour = colour,
                          .sink = [this](std::string_view line) { lines.emplace_back(line); }},
                         clock);
    return *std::move(log);
  }
  ManualClock clock;
  std::vector<std::string> lines;
};

TEST_F(LogTest, ConsoleLineIsReadable) {
  open(LogFormat::kConsole)
      ->event(Level::kInfo, "document_added", {{"path", "/a b.pdf"}, {"chunks", 3}, {"share", 0.5}, {"new", true}});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], "2023-11-14T22:13:20.123Z info  document_added path=\"/a b.pdf\" chunks=3 share=0.5 new=true");
}

TEST_F(LogTest, ALineNamesTheRequestItWasWrittenFor) {
  const RequestScope scope("r-1");
  open(LogFormat::kConsole)->event(Level::kInfo, "asked", {{"chunks", 3}});
  open(LogFormat::kJson)->event(Level::kInfo, "asked");
  EXPECT_TRUE(lines[0].ends_with("asked request=r-1 chunks=3")) << lines[0];
  EXPECT_TRUE(lines[1].ends_with(R"("event":"asked","room":"obs","request":"r-1"})")) << lines[1];
}

TEST_F(LogTest, ALineNamesTheTraceItWasWrittenIn) {
  const TraceScope scope({.high = 0xab, .low = 1});
  open(LogFormat::kConsole)->event(Level::kInfo, "asked");
  EXPECT_TRUE(lines[0].ends_with("asked trace=00000000000000ab0000000000000001")) << lines[0];
}

TEST_F(LogTest, JsonLineParsesBackWithItsTypes) {
  open(LogFormat::kJson)
      ->event(Level::kWarn, "disk", {{"n", -1}, {"big", std::numeric_limits<std::uint64_t>::max()}, {"s", "x"}});
  const auto value = parse_json(lines.at(0));
  ASSERT_TRUE(value) << lines[0];
  EXPECT_EQ(value->at("level").as_string(), "warn");
  EXPECT_EQ(value->at("time").as_string(), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(value->at("n").as_int64(), -1);
  EXPECT_EQ(value->at("big").as_uint64(), std::numeric_limits<std::uint64_t>::max());
}

TEST_F(LogTest, NothingFromOutsideCanForgeALineOrSteerTheTerminal) {
  const std::string hostile =
      "x\n2023 error forged\r\x1b[2J\x7f\xc2\x9b"
      "31m \xe2\x80\xae\xff" +
      std::string(1, '\0');
  for (const LogFormat format : {LogFormat::kConsole, LogFormat::kJson}) {
    lines.clear();
    open(format)->event(Level::kInfo, "upload", {{"name", hostile}, {hostile, 1}});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(is_utf8(lines[0]));
    for (const char c : lines[0]) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << lines[0];
    EXPECT_EQ(lines[0].find("\xc2\x9b"), std::string::npos);
    EXPECT_EQ(lines[0].find('\x7f'), std::string::npos);
  }
  open(LogFormat::kConsole)->event(Level::kInfo, "upload", {{"name", "\xe2\x80\xae"}});
  EXPECT_NE(lines.back().find("\\u{202e}"), std::string::npos) << lines.back();
}

TEST_F(LogTest, ALineIsBounded) {
  const std::string huge(1'000'000, '\x01');
  const auto log = open(LogFormat::kJson);
  log->event(Level::kInfo, "huge", {{"a", huge}, {"b", "中"}});
  log->event(Level::kInfo, "many",
             {{"a", std::string(5000, 'a')},
              {"b", std::string(5000, 'b')},
              {"c", std::string(5000, 'c')},
              {"d", std::string(5000, 'd')},
              {"e", 1}});
  for (const std::string& line : lines) {
    EXPECT_LE(line.size(), 16U * 1024);
    const auto value = parse_json(line);
    ASSERT_TRUE(value);
    EXPECT_TRUE(value->at("cut").as_bool());
  }
}

TEST_F(LogTest, LevelsFilter) {
  const auto log = open(LogFormat::kConsole, Level::kWarn);
  log->event(Level::kDebug, "a");
  log->event(Level::kInfo, "b");
  log->event(Level::kWarn, "c");
  log->event(Level::kError, "d");
  EXPECT_EQ(lines.size(), 2U);
  EXPECT_FALSE(log->enabled(Level::kInfo));
  EXPECT_FALSE(Log().enabled(Level::kError));
  Log().event(Level::kError, "nobody hears this");
  EXPECT_EQ(*level_named("warn"), Level::kWarn);
  EXPECT_FALSE(level_named("WARN\n"));
}

TEST_F(LogTest, ARoomLogsByALevelOfItsOwnFromTheNextLineOn) {
  const auto log = open(LogFormat::kJson, Level::kWarn);
  log->event(Level::kDebug, "not heard");
  log->use(*log_levels("warn", "obs=debug"));
  log->event(Level::kDebug, "heard");
  log->use(*log_levels("debug", "obs = error ,server=debug"));
  log->event(Level::kWarn, "not heard");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].ends_with(R"("event":"heard","room":"obs"})")) << lines[0];
}

TEST(LogLevels, ARoomsLevelHoldsForTheRoomsInside) {
  const LogLevels levels = *log_levels("info", "llm=debug, llm/router=error,");
  EXPECT_EQ(levels.of("llm"), Level::kDebug);
  EXPECT_EQ(levels.of("llm/vllm"), Level::kDebug);
  EXPECT_EQ(levels.of("llm/router"), Level::kError);
  EXPECT_EQ(levels.of("server"), Level::kInfo);
  EXPECT_EQ(levels.of(""), Level::kInfo);
}

TEST(LogLevels, WhatIsNoRoomOrLevelIsNamed) {
  const auto room = log_levels("info", "servr=debug");
  ASSERT_FALSE(room);
  EXPECT_EQ(room.error().message, R"(there is no room "servr")");
  EXPECT_NE(room.error().hint.find("llm/router"), std::string::npos);
  for (const char* bad : {"server", "server=", "server=loud", "=debug"}) EXPECT_FALSE(log_levels("info", bad)) << bad;
  EXPECT_FALSE(log_levels("loud", ""));
}

TEST_F(LogTest, FailureCarriesTheError) {
  open(LogFormat::kJson)
      ->failure(Level::kError, "parse", {Code::kDataLoss, "the file is cut", "Get it again."}, {{"f", 1}});
  const auto value = parse_json(lines.at(0));
  EXPECT_EQ(value->at("code").as_string(), "data_loss");
  EXPECT_EQ(value->at("hint").as_string(), "Get it again.");
  EXPECT_EQ(value->at("f").as_int64(), 1);
}

TEST_F(LogTest, ColourIsOnTheLevelAlone) {
  open(LogFormat::kConsole, Level::kDebug, Colour::kOn)->event(Level::kError, "e", {{"k", "v"}});
  EXPECT_NE(lines.at(0).find("\x1b[31merror\x1b[0m e k=v"), std::string::npos) << lines[0];
}

TEST_F(LogTest, ADiskThatIsFullIsSaidOnce) {
  const auto log = *Log::open({.file = "/dev/full"}, clock);
  ::testing::internal::CaptureStderr();
  log->event(Level::kInfo, "one");
  log->event(Level::kInfo, "two");
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(said.starts_with("docmind: the log cannot be written, its lines are lost: ")) << said;
  EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
}

TEST_F(LogTest, WritesToAFileAndSaysWhenItCannot) {
  const auto folder = std::filesystem::temp_directory_path() / ("docmind-log-" + std::to_string(getpid()));
  const auto file = folder / "日志.log";
  {
    const auto log = Log::open({.format = LogFormat::kJson, .file = file.string()}, clock);
    ASSERT_TRUE(log);
    (*log)->event(Level::kInfo, "one");
    (*log)->event(Level::kInfo, "two");
  }
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_EQ(std::ranges::count(text.str(), '\n'), 2);
  std::filesystem::remove_all(folder);
  const auto bad = Log::open({.file = "/proc/nowhere/x.log"}, clock);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::kUnavailable);
  EXPECT_FALSE(bad.error().hint.empty());
}

}  // namespace
}  // namespace docmind::obs
