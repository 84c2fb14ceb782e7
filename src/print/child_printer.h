// Prints in a process of its own, `docmind print`: Pango, its fonts and what it keeps of them are gone with it, and a
// text that it cannot bear costs that child and nothing else.
//
// The child gets the paper as JSON on its standard input and answers with the PDF on its standard output, or with exit
// status 1 and two lines on standard error: what is wrong, and what to do. It has an empty environment: the fonts are
// the system's. Thread safety: print() from several threads; two children at a time, eight more wait, then
// kRateLimited. Errors besides: kUnavailable (what the child says, or it cannot be started), kResourceExhausted (too
// long), kDeadlineExceeded, kCancelled, kInternal (it crashed).
#pragma once
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "print/paper.h"
#include "resilience/bulkhead.h"

namespace docmind::print {

struct ChildPrinterOptions {
  std::vector<std::string> command = {"/proc/self/exe", "print"};
  Duration wall = std::chrono::seconds(60);
  std::uint64_t max_input = 64ULL << 20U;  // Bytes of the paper as JSON; more: without a child.
};

class ChildPrinter {
 public:
  static Result<std::unique_ptr<ChildPrinter>> open(ChildPrinterOptions options, const Clock& clock);

  Result<std::string> print(const Paper& paper, Deadline deadline, std::stop_token stop);

 private:
  ChildPrinter(ChildPrinterOptions options, const Clock& clock, std::unique_ptr<resilience::Bulkhead> printing);

  const ChildPrinterOptions options_;
  const Clock& clock_;
  const std::unique_ptr<resilience::Bulkhead> printing_;
};

}  // namespace docmind::print
