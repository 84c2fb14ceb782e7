// The contract of whoever turns a file into a doc::Parsed. The real one (room parse) runs a child process per document.
#pragma once
#include <stop_token>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "doc/document.h"

namespace docmind::doc {

// Thread safety: parse() from several threads at once.
class Parser {
 public:
  virtual ~Parser() = default;

  // Parses the document in `bytes`; `name` is the file's name, used for its type and in messages, never as a path.
  // Errors: kInvalidArgument (not a document we read, empty, encrypted: message and hint say which),
  // kDataLoss (broken file), kResourceExhausted (a limit), kDeadlineExceeded, kCancelled, kUnavailable (child died).
  virtual Result<Parsed> parse(const std::string& bytes, const std::string& name, Deadline deadline,
                               std::stop_token stop) = 0;

  // Changes whenever the same bytes could parse differently; part of the ingestion cache's key.
  virtual std::string version() const = 0;
};

}  // namespace docmind::doc
