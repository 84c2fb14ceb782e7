// Progress of an ingest on standard error: redrawn in place on a terminal, else a line at each change of stage and
// every tenth of the files.
//
// Thread safety: one thread.
#pragma once
#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>

#include "cli/terminal.h"

namespace docmind::cli {

class ProgressView {
 public:
  explicit ProgressView(Terminal& terminal) : terminal_(terminal) {}
  void show(const boost::json::value& progress);
  void finish();  // Ends the line that is being redrawn.

 private:
  Terminal& terminal_;
  std::string stage_;
  std::uint64_t tenths_ = 0;
  bool drawn_ = false;
};

// "embedding 2/3 files, 143 pages, 310/402 chunks, 41 chunks/s, 3 s left: policy.pdf"
std::string progress_line(const boost::json::value& progress);

}  // namespace docmind::cli
