// A zip container in memory (DOCX, EPUB), read with caps on what it may unpack to.
//
// The number of entries and overlapping entries are checked on opening; sizes are counted while unpacking, since the
// declared ones may lie. Entries are data: nothing is ever written to a path they name. Not thread-safe; the bytes must
// outlive the archive.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "parse/archive_limits.h"

namespace docmind::parse {

class Archive {
 public:
  // kDataLoss when it is no readable zip; kResourceExhausted when it has too many entries.
  static Result<std::unique_ptr<Archive>> open(std::string_view bytes, const ArchiveLimits& limits);
  ~Archive();

  bool has(std::string_view name) const;
  const std::vector<std::string>& names() const { return names_; }

  // The entry's content. kNotFound, kInvalidArgument (encrypted), kDataLoss (broken), kResourceExhausted (a limit).
  Result<std::string> read(std::string_view name);

 private:
  struct Zip;
  explicit Archive(const ArchiveLimits& limits);
  Result<> load(std::string_view bytes);

  ArchiveLimits limits_;
  std::unique_ptr<Zip> zip_;
  std::vector<std::string> names_;
  std::uint64_t unpacked_ = 0;
};

}  // namespace docmind::parse
