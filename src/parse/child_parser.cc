#include "parse/child_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <utility>

#include "parse/frame.h"
#include "sys/subprocess.h"

namespace docmind::parse {
namespace {

// Sanitizers reserve terabytes of addresses and write reports and profiles of their own.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define DOCMIND_SANITIZED 1
#endif
#endif
#if defined(DOCMIND_SANITIZED) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr std::string_view kLeaveOut = "Leave the document out, or save it again in another format.";

std::int64_t seconds(Duration duration) { return std::chrono::ceil<std::chrono::seconds>(duration).count(); }

// A file's name is any bytes; an argument ends at a NUL and should stay short. Its end has the extension.
std::string argument_of(std::string_view name) {
  std::string out(name.substr(name.size() > 255 ? name.size() - 255 : 0));
  for (char& c : out) c = c == '\0' ? '_' : c;
  return out;
}

sys::SubprocessOptions start_options(const ChildParserOptions& options, const std::string& bytes,
                                     std::vector<std::string> arguments) {
  sys::SubprocessOptions out;
  out.argv = options.command;
  std::ranges::move(arguments, std::back_inserter(out.argv));
  out.input = sys::Input::kBytes;
  out.input_bytes = bytes;
  out.out_cap = options.max_output;
  out.limits.cpu_seconds = static_cast<std::uint64_t>(seconds(options.cpu));
  out.limits.open_files = 32;
  if (!kSanitized) {
    out.limits.address_space = options.memory;
    out.limits.file_size = 0;
    out.limits.processes = 0;
  }
  return out;
}

Error stopped(Code code, std::string why, std::string_view hint) {
  return {code, "the parser was stopped: " + std::move(why), std::string(hint)};
}

Error died(const sys::Exit& exit, const ChildParserOptions& options) {
  if (exit.over_cap) {
    return stopped(Code::kResourceExhausted, fmt::format("its result is larger than {} MiB", options.max_output >> 20U),
                   "Split the document.");
  }
  switch (exit.signal) {
    case 0:
      return {Code::kDataLoss, fmt::format("the parser ended without a result ({})", sys::describe(exit)),
              std::string(kLeaveOut)};
    case SIGXCPU:
      return stopped(Code::kResourceExhausted, fmt::format("it used {} s of processor time", seconds(options.cpu)),
                     "Split the document, or raise the setting parse.cpu_seconds.");
    case SIGXFSZ:
      return stopped(Code::kResourceExhausted, "it wrote to a file", kLeaveOut);
    case SIGKILL:
      return stopped(Code::kResourceExhausted, "the system ended it, most likely for want of memory",
                     "Free some memory and add the document again, or split it.");
    default:
      return {Code::kDataLoss, fmt::format("the parser crashed on this document ({})", sys::describe(exit)),
              std::string(kLeaveOut)};
  }
}

}  // namespace

ChildParser::ChildParser(ChildParserOptions options, const Clock& clock)
    : options_(std::make_shared<const ChildParserOptions>(std::move(options))), clock_(clock) {}

std::shared_ptr<const ChildParserOptions> ChildParser::options() const {
  const MutexLock lock(mutex_);
  return options_;
}

void ChildParser::use(ChildParserOptions options) {
  const MutexLock lock(mutex_);
  options_ = std::make_shared<const ChildParserOptions>(std::move(options));
}

Result<doc::Parsed> ChildParser::parse(const std::string& bytes, const std::string& name, Deadline deadline,
                                       std::stop_token stop) {
  const auto by = options();
  return decode_frame(DM_TRY(run(*by, clock_, bytes, {"--name=" + argument_of(name)}, by->wall, deadline, stop)));
}

Result<std::string> ChildParser::render(const std::string& bytes, std::uint32_t page, std::uint32_t width,
                                        Deadline deadline, std::stop_token stop) {
  if (page == 0) return Error{Code::kNotFound, "pages are numbered from 1", "Ask for page 1."};
  if (width < doc::kLeastWidth || width > doc::kMostWidth) {
    return Error{Code::kInvalidArgument, "a picture is 64 to 2400 pixels wide", "Ask for such a width."};
  }
  std::vector<std::string> arguments{fmt::format("--page={}", page), fmt::format("--width={}", width)};
  const auto by = options();
  const std::string frame = DM_TRY(run(*by, clock_, bytes, std::move(arguments), by->picture_wall, deadline, stop));
  return png_of(DM_TRY(decode_picture(frame)));
}

Result<std::string> ChildParser::run(const ChildParserOptions& options, const Clock& clock, const std::string& bytes,
                                     std::vector<std::string> arguments, Duration wall, Deadline deadline,
                                     const std::stop_token& stop) {
  if (bytes.empty())
    return Error{Code::kInvalidArgument, "the file is empty", "Check that it was saved or copied whole."};
  if (bytes.size() > options.max_input) {
    return Error{Code::kResourceExhausted, fmt::format("the document is larger than {} MiB", options.max_input >> 20U),
                 "Split it into smaller files, or raise the setting parse.max_file_mb."};
  }
  const Deadline until = deadline.sooner(wall, clock);
  Result<sys::Finished> ran = sys::run_process(start_options(options, bytes, std::move(arguments)), until, stop);
  if (!ran) {
    if (ran.error().code == Code::kCancelled || (ran.error().code == Code::kDeadlineExceeded && deadline.expired())) {
      return std::move(ran).error();
    }
    if (ran.error().code == Code::kDeadlineExceeded) {
      return stopped(Code::kDeadlineExceeded, fmt::format("it had not finished after {} s", seconds(wall)),
                     "Split the document, or raise the setting parse.timeout.");
    }
    return Error{Code::kUnavailable, "the parser cannot be started: " + ran.error().message, ran.error().hint};
  }
  if (!ran->exit.clean()) return died(ran->exit, options);
  if (ran->out.empty()) return died(ran->exit, options);
  return std::move(ran->out);
}

std::string ChildParser::version() const { return "docmind-parse-2"; }

}  // namespace docmind::parse
