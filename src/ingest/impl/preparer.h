// From a file to a document ready to be embedded: read, compare with the library, parse, cut.
//
// Thread safety: any method from any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "ingest/impl/gate.h"
#include "ingest/impl/progress_meter.h"
#include "ingest/ingest.h"

namespace docmind::ingest {

// What is to be read: a file, or bytes that came another way.
struct Source {
  std::string path;                    // The document's path, and the file's unless bytes are given.
  const std::string* bytes = nullptr;  // Borrowed.
};

struct Prepared {
  Gate<std::string>::Pass pass;  // Held until the document is stored.
  bool unchanged = false;        // The library has it as it is; document holds no text then.
  std::uint64_t chunks = 0;
  library::NewDocument document;  // Keys set; vectors still to be made.
};

class Preparer {
 public:
  Preparer(const IngestOptions& options, const IngestDeps& deps) : options_(options), deps_(deps) {}

  // `pass` is for the source's path. Errors: those of reading and parsing; kCancelled, kDeadlineExceeded.
  Result<Prepared> prepare(const Source& source, Gate<std::string>::Pass pass, const std::string& model_hash,
                           ProgressMeter& meter, Deadline deadline, std::stop_token stop);

 private:
  Result<sys::FileContent> read(const Source& source);
  enum class Times : std::uint8_t { kOfTheFile, kOfThisMoment };
  Result<bool> is_unchanged(const library::NewDocument& document, Times times, std::uint64_t& chunks, Deadline deadline,
                            std::stop_token stop);
  void cut(library::NewDocument& document) const;
  std::string chunker_version() const;

  const IngestOptions& options_;
  const IngestDeps& deps_;
};

}  // namespace docmind::ingest
