// The files that documents were read from: on the disk where they were found, or, of uploads, kept beside the library.
//
// Only of documents that have pages: their text is in the library, and shows all the rest. A kept one is a file in
// `folder` under the document's id, and goes with it. What is given is the stored version, byte for byte, or an error
// in one sentence: kNotFound (no longer there, never kept), kConflict (changed since).
// Thread safety: every method from any thread.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "library/records.h"
#include "sys/files.h"

namespace docmind::service {

class Originals {
 public:
  // `folder` is made when first needed; empty: nothing is kept. The files outlive it.
  Originals(std::filesystem::path folder, std::uint64_t max_bytes, sys::Files& files)
      : folder_(std::move(folder)), max_bytes_(max_bytes), files_(files) {}

  // Whether the document was uploaded, and did not come from a path of this machine.
  static bool uploaded(const library::Document& document) { return !document.path.starts_with('/'); }

  // Keeps the bytes of an upload unless the document, as `stored` finds it now, is of other bytes or needs none.
  Result<> keep(const std::string& bytes, const std::function<Result<library::Document>()>& stored) DM_EXCLUDES(mutex_);
  Result<> forget(std::string_view document_id) DM_EXCLUDES(mutex_);  // Fine when none is kept.

  Result<std::string> read(const library::Document& document);
  // Bytes of what is kept; 0: nothing.
  std::uint64_t kept_bytes(const library::Document& document);

 private:
  std::filesystem::path place_of(const library::Document& document) const;

  const std::filesystem::path folder_;
  const std::uint64_t max_bytes_;
  sys::Files& files_;
  Mutex mutex_;  // Two uploads of one name: the one that the library has last is kept.
};

}  // namespace docmind::service
