#include "print/child_printer.h"

#include <fmt/format.h>

#include <utility>

#include "sys/subprocess.h"

namespace docmind::print {
namespace {

constexpr const char* kOtherwise = "Export the chat as Markdown, or fork its newest turns and export that.";

Error too_long(const std::string& why) {
  return {Code::kResourceExhausted, "the chat is too long for a PDF: " + why, kOtherwise};
}

// What the child says of itself, else how it ended.
Error failed(const sys::Finished& ran) {
  if (ran.exit.over_cap) return too_long("it would be larger than 64 MiB");
  const std::size_t line = ran.err.find('\n');
  if (ran.exit.signal != 0 || ran.exit.code != 1 || line == std::string::npos) {
    return {Code::kInternal, "printing ended without a result (" + sys::describe(ran.exit) + ")", kOtherwise};
  }
  std::string hint = ran.err.substr(line + 1);
  while (hint.ends_with('\n')) hint.pop_back();
  return {Code::kUnavailable, ran.err.substr(0, line), std::move(hint)};
}

}  // namespace

ChildPrinter::ChildPrinter(ChildPrinterOptions options, const Clock& clock,
                           std::unique_ptr<resilience::Bulkhead> printing)
    : options_(std::move(options)), clock_(clock), printing_(std::move(printing)) {}

Result<std::unique_ptr<ChildPrinter>> ChildPrinter::open(ChildPrinterOptions options, const Clock& clock) {
  auto printing = DM_TRY(resilience::Bulkhead::open("printing", {.running = 2, .waiting = 8}, clock));
  return std::unique_ptr<ChildPrinter>(new ChildPrinter(std::move(options), clock, std::move(printing)));
}

Result<std::string> ChildPrinter::print(const Paper& paper, Deadline deadline, std::stop_token stop) {
  const auto permit = DM_TRY(printing_->enter(deadline, stop));
  sys::SubprocessOptions child;
  child.argv = options_.command;
  child.input = sys::Input::kBytes;
  child.input_bytes = to_json(paper);
  if (child.input_bytes.size() > options_.max_input) return too_long("it has more than 64 MiB of text");
  Result<sys::Finished> ran = sys::run_process(std::move(child), deadline.sooner(options_.wall, clock_), stop);
  if (!ran && ran.error().code == Code::kDeadlineExceeded && !deadline.expired()) {
    return too_long(fmt::format("it was not done after {} s",
                                std::chrono::duration_cast<std::chrono::seconds>(options_.wall).count()));
  }
  if (!ran) return std::move(ran).with("printing").error();
  if (!ran->exit.clean() || !ran->out.starts_with("%PDF-")) return failed(*ran);
  return std::move(ran->out);
}

}  // namespace docmind::print
