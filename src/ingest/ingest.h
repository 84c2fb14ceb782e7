// Files into the library: find, read, parse, cut, embed, store. Reads and parses what is next while something is
// embedded; small files that follow one another are embedded together.
//
// Thread safety: any method from any thread, several at once; two runs that meet at a file work on it one after the
// other, and the second finds it unchanged. One file's failure never stops the others, and nothing of it is stored.
// Invariants: embeddings are committed batch by batch under keys made from their input, so work that was committed is
// never done again, after a kill or a rename either; a document is stored in one transaction, when all its chunks have
// their vectors. The bytes of a file decide whether it changed, not its times.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "doc/parser.h"
#include "exec/pool.h"
#include "ingest/chunker.h"
#include "ingest/summary.h"
#include "library/library.h"
#include "llm/embedder.h"
#include "sys/files.h"
#include "text/wordpiece.h"

namespace docmind::ingest {

struct IngestOptions {
  std::uint64_t max_file_bytes = 256ULL << 20U;  // A larger file fails.
  std::uint32_t chunk_tokens = 512;              // With the two tokens the embedder adds; 64 to 8192.
  std::uint32_t chunk_overlap = 50;              // Tokens.
  std::uint32_t batch_chunks = 8;                // Embedded and committed together.
  sys::HiddenFiles hidden = sys::HiddenFiles::kSkip;
};

struct IngestDeps {
  library::Library& library;
  doc::Parser& parser;
  llm::Embedder& embedder;
  const text::WordPiece& wordpiece;
  sys::Files& files;
  exec::Pool& pool;
  const Clock& clock;
};

class Ingest {
 public:
  // kInvalidArgument when an option is out of its range.
  static Result<std::unique_ptr<Ingest>> open(IngestOptions options, IngestDeps deps);
  ~Ingest();

  // Files and folders; of a folder every file of a kind we read. A path that is not there is a failed file. A stop or
  // a passed deadline ends the run early with Summary::cancelled. Errors: only what makes every file fail (the embedder
  // or the library is not there).
  Result<Summary> run(const std::vector<std::filesystem::path>& paths, const OnProgress& progress, Deadline deadline,
                      std::stop_token stop);

  // A document that is no file here, under `name`. kInvalidArgument when the name is empty or not UTF-8.
  Result<Summary> ingest_bytes(const std::string& name, const std::string& bytes, const OnProgress& progress,
                               Deadline deadline, std::stop_token stop);

 private:
  struct State;
  explicit Ingest(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether a folder's file is taken, by its name: the endings of the formats we read, and names like README.
bool is_document_name(std::string_view file_name);

}  // namespace docmind::ingest
