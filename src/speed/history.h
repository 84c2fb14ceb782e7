// The runs of `docmind bench` on disk: a JSON object a line, the newest last.
//
// One process at a time writes (a lock beside the file); a reader needs none. A line that cannot be read is passed by
// and counted: a broken history takes nothing away from a new run. At most kMostRuns are kept.
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "speed/run.h"
#include "sys/files.h"

namespace docmind::speed {

inline constexpr std::size_t kMostRuns = 500;

struct History {
  std::vector<Run> runs{};  // The oldest first.
  std::size_t unread = 0;   // Lines that are none.
};

// Nothing there: an empty one.
Result<History> read_history(sys::Files& files, const std::filesystem::path& path);
History history_of(std::string_view text);

// Whether a run could be added, for whoever is about to measure for minutes: kInvalidArgument for a file that holds
// something, but no run (it is somebody's, and would be written over); the errors of its folder.
Result<> can_add_to_history(sys::Files& files, const std::filesystem::path& path);
// kConflict while another process writes it; else as above.
Result<> add_to_history(sys::Files& files, const std::filesystem::path& path, const Run& run);
// One line, without its end.
std::string line_of(const Run& run);

}  // namespace docmind::speed
