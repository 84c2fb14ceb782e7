// What an ingest did, and what it is doing: the values that service, server and command line pass on.
// Values: as thread-safe as their members.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace docmind::ingest {

struct FailedFile {
  std::string path;
  std::string error;  // One line: why, and what to do.
};

// The object that `docmind ingest --json` prints.
struct Summary {
  std::uint64_t documents = 0;  // Files that are in the library now: added + updated + unchanged.
  std::uint64_t added = 0;
  std::uint64_t updated = 0;
  std::uint64_t unchanged = 0;
  std::vector<FailedFile> failed;
  std::vector<std::string> missing;  // Documents read from the given folders before whose files are gone; kept.
  std::uint64_t skipped = 0;         // Files of the folders that are of no kind we read.
  std::uint64_t renamed = 0;         // Of those added: the same file stood under another path, which is gone.
  std::uint64_t chunks = 0;          // Of the documents added and updated.
  std::uint64_t embedded = 0;        // Chunks the model computed; the others had their vectors already.
  double seconds = 0;
  bool cancelled = false;  // Stopped before the end; what is counted above is whole.
};

enum class Stage : std::uint8_t { kLooking, kReading, kEmbedding, kStoring, kDone };

// Counts only grow during one ingest; files_done <= files_total once looking is over.
struct Progress {
  Stage stage = Stage::kLooking;
  std::string file;  // The one being worked on; may be empty.
  std::uint64_t files_done = 0;
  std::uint64_t files_total = 0;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;
  std::uint64_t pages = 0;
  std::uint64_t chunks_done = 0;
  std::uint64_t chunks_found = 0;  // So far: grows as files are read.
  double seconds = 0;
  double seconds_left = -1;  // Estimate; negative while there is none.
};

// Called from the ingest's threads, one call at a time, at most ten times a second and at each change of stage.
using OnProgress = std::function<void(const Progress&)>;

}  // namespace docmind::ingest
