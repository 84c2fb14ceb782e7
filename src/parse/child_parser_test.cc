// The child is this test binary again: a static initializer looks at the command line and plays a parser's part.
#include "parse/child_parser.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "parse/child.h"
#include "parse/testing/outline.h"
#include "parse/testing/pdf_writer.h"
#include "parse/testing/zip_bytes.h"
#include "sys/clock.h"

#if defined(__has_feature)
#define DOCMIND_TEST_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define DOCMIND_TEST_SANITIZED 0
#endif

namespace docmind::parse {
namespace {

using parse::testing::PdfWriter;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

[[noreturn]] void play(const std::string& part, const std::string& name) {
  if (part == "parse") ::_exit(run_child({.name = name}));
  if (part.starts_with("draw with ")) {
    ChildOptions options;
    options.parse.pdf.library = part.substr(std::string_view("draw with ").size());
    options.page = static_cast<std::uint32_t>(std::stoul(name));
    options.width = 100;
    ::_exit(run_child(options));
  }
  if (part == "crash") ::raise(SIGSEGV);
  if (part == "abort") ::raise(SIGABRT);
  if (part == "exit3") ::_exit(3);
  if (part == "silent") ::_exit(0);
  if (part == "garbage") ::_exit(::write(1, "hello, world", 12) == 12 ? 0 : 1);
  if (part == "environment") ::_exit(::environ != nullptr && *::environ != nullptr ? 9 : 0);
  if (part == "file") {
    std::ofstream out("/tmp/docmind-child-parser-test");
    out << "x" << std::flush;
    ::_exit(out ? 0 : 4);
  }
  if (part == "flood") {
    const std::string piece(1U << 20U, 'x');
    while (::write(1, piece.data(), piece.size()) > 0) continue;
  }
  if (part == "spin") {
    for (std::atomic<std::uint64_t> i = 0;; ++i) continue;
  }
  if (part == "hang") ::pause();
  ::_exit(5);
}

const bool kPlayed = [] {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(in, argument, '\0');) arguments.push_back(argument);
  if (arguments.size() < 4 || arguments[1] != "--play-parser") return false;
  play(arguments[2], arguments[3].substr(arguments[3].find('=') + 1));  // --name= or --page=
}();

class ChildParserTest : public ::testing::Test {
 protected:
  ChildParserOptions options(const std::string& part) {
    return {.command = {"/proc/self/exe", "--play-parser", part},
            .wall = std::chrono::seconds(60),
            .cpu = std::chrono::seconds(20)};
  }
  Result<doc::Parsed> run(const ChildParserOptions& with, const std::string& bytes = "text",
                          const std::string& name = "a.txt") {
    ChildParser parser(with, clock_);
    return parser.parse(bytes, name, Deadline::never(), {});
  }
  Error error(const std::string& part) {
    const Result<doc::Parsed> result = run(options(part));
    if (result) return {Code::kInternal, "no error", ""};
    return result.error();
  }

  sys::RealClock clock_;
};

TEST_F(ChildParserTest, ParsesInTheChild) {
  const Result<doc::Parsed> text = run(options("parse"), "# Über\n\n中文\n", "说明 书.md");
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(text->type, "markdown");
  EXPECT_THAT(outline(*text), ElementsAre("H1 Über", "P 中文"));
  EXPECT_TRUE(run(options("parse"), std::string(5U << 20U, 'a') + " b", "--name=x.txt"));
  EXPECT_TRUE(run(options("parse"), "x", std::string("a\0b\xff", 4)));
}

TEST_F(ChildParserTest, ErrorsCrossTheBorder) {
  const Result<doc::Parsed> result = run(options("parse"), "\x89PNG\r\n\x1a\n", "a.png");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kInvalidArgument);
  EXPECT_EQ(result.error().message, "the file is a picture (PNG), not a document");
  EXPECT_FALSE(result.error().hint.empty());
}

TEST_F(ChildParserTest, NoChildForWhatCannotBe) {
  ChildParserOptions none = options("parse");
  none.command = {"/no/such/program"};
  EXPECT_EQ(run(none, "").error().message, "the file is empty");
  none.max_input = 1U << 20U;
  EXPECT_EQ(run(none, std::string(2U << 20U, 'x')).error().code, Code::kResourceExhausted);
  EXPECT_EQ(run(none).error().code, Code::kUnavailable);
}

TEST_F(ChildParserTest, DeathsAreDocumentsErrors) {
  EXPECT_EQ(error("exit3").code, Code::kDataLoss);
  EXPECT_THAT(error("exit3").message, HasSubstr("ended without a result"));
  EXPECT_THAT(error("silent").message, HasSubstr("ended without a result"));
  EXPECT_EQ(error("garbage").code, Code::kDataLoss);
  EXPECT_THAT(error("garbage").message, HasSubstr("broken"));
  EXPECT_EQ(error("abort").code, Code::kDataLoss);
  EXPECT_FALSE(retryable(error("abort").code));
  EXPECT_THAT(error("abort").message, HasSubstr("crashed"));
  EXPECT_EQ(error("crash").code, Code::kDataLoss);
}

TEST_F(ChildParserTest, EnvironmentIsEmpty) { EXPECT_THAT(error("environment").message, HasSubstr("exit status 0")); }

TEST_F(ChildParserTest, FloodIsCut) {
  ChildParserOptions small = options("flood");
  small.max_output = 4U << 20U;
  const Error cut = run(small).error();
  EXPECT_EQ(cut.code, Code::kResourceExhausted);
  EXPECT_EQ(cut.message, "the parser was stopped: its result is larger than 4 MiB");
}

TEST_F(ChildParserTest, SpinIsStopped) {
  ChildParserOptions quick = options("spin");
  quick.cpu = std::chrono::seconds(1);
  const Error stopped = run(quick).error();
  EXPECT_EQ(stopped.code, Code::kResourceExhausted);
  EXPECT_EQ(stopped.message, "the parser was stopped: it used 1 s of processor time");
}

TEST_F(ChildParserTest, HangIsStopped) {
  ChildParserOptions quick = options("hang");
  quick.wall = std::chrono::milliseconds(300);
  const Error stopped = run(quick).error();
  EXPECT_EQ(stopped.code, Code::kDeadlineExceeded);
  EXPECT_EQ(stopped.message, "the parser was stopped: it had not finished after 1 s");
}

TEST_F(ChildParserTest, CallersDeadlineAndStop) {
  ChildParser parser(options("hang"), clock_);
  const Result<doc::Parsed> late = parser.parse("x", "a.txt", Deadline::in(std::chrono::milliseconds(100), clock_), {});
  EXPECT_EQ(late.error().code, Code::kDeadlineExceeded);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(parser.parse("x", "a.txt", Deadline::never(), stop.get_token()).error().code, Code::kCancelled);
}

#if !DOCMIND_TEST_SANITIZED
TEST_F(ChildParserTest, FilesCannotBeWritten) {
  EXPECT_EQ(error("file").code, Code::kResourceExhausted);
  EXPECT_THAT(error("file").message, HasSubstr("wrote to a file"));
}

TEST_F(ChildParserTest, MemoryIsLimited) {
  ChildParserOptions small = options("parse");
  small.memory = 220U << 20U;
  const Error much = run(small, "<p>" + std::string(24U << 20U, 'a'), "a.html").error();
  EXPECT_EQ(much.code, Code::kResourceExhausted);
  EXPECT_THAT(much.message, HasSubstr("memory"));
}
#endif

// After any of them the next document parses: nothing is left behind.
TEST_F(ChildParserTest, TheNextDocumentParses) {
  for (const char* part : {"crash", "garbage", "silent"}) EXPECT_FALSE(run(options(part)));
  EXPECT_TRUE(run(options("parse")));
}

TEST_F(ChildParserTest, APageIsDrawnByAChildAndPackedHere) {
  // Absolute: the child's folder is another.
  const auto library = std::filesystem::absolute(DOCMIND_SOURCE_DIR "/.deps/packages/pypdfium2_raw/libpdfium.so");
  const ChildParserOptions with = options("draw with " + library.string());
  const std::string pdf = PdfWriter().page().text(10, 10, "words").bytes();
  ChildParser renderer(with, clock_);
  const auto png = renderer.render(pdf, 1, 100, Deadline::never(), {});
  ASSERT_TRUE(png) << png.error().message;
  EXPECT_TRUE(png->starts_with("\x89PNG"));
  EXPECT_EQ(renderer.render(pdf, 2, 100, Deadline::never(), {}).error().code, Code::kNotFound);
  EXPECT_EQ(renderer.render(pdf, 0, 100, Deadline::never(), {}).error().code, Code::kNotFound);
  EXPECT_EQ(renderer.render(pdf, 1, 63, Deadline::never(), {}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(renderer.render(pdf, 1, 2401, Deadline::never(), {}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(renderer.render("words", 1, 100, Deadline::never(), {}).error().message, "this format has no pages");
}

TEST_F(ChildParserTest, ChildrenThatDrawNothingAreSaidToo) {
  for (const auto& [part, code] : std::vector<std::pair<std::string, Code>>{
           {"garbage", Code::kDataLoss}, {"crash", Code::kDataLoss}, {"parse", Code::kDataLoss}}) {
    ChildParser renderer(options(part), clock_);
    EXPECT_EQ(renderer.render("text", 1, 100, Deadline::never(), {}).error().code, code) << part;
  }
  ChildParserOptions with = options("hang");
  with.picture_wall = std::chrono::milliseconds(50);
  EXPECT_EQ(ChildParser(with, clock_).render("text", 1, 100, Deadline::never(), {}).error().code,
            Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace docmind::parse
