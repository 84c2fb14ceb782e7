// The file behind the entries: its rows, and what becomes of a file that cannot be used.
//
// Schema (application_id "DMce"): entries(id, key, stored, expires, cost, tags, form, size, head, sum, value), ids
// rising with each put, no index besides: which key has which id is known in memory, so that a put writes one page at
// the file's end and not one for each index. Two rows with one key: the one with the greater id counts.
// Rows that were replaced, evicted or have ended lie anywhere, and taking each away would write a page for each; so
// they are noted first, in gone(id, ids, sum), one row with a checksum for each commit, and taken away many at once. A
// file that does not open or whose pages contradict each other is put aside as FILE.damaged-1 (the one before becomes
// -2, older ones go) and a new one is begun; a cache loses nothing by it that could not be made again.
// Thread safety: read() and commit() from any thread; renew() and the destructor alone, by the owner's lock.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "cache/entries/row.h"
#include "obs/log.h"
#include "store/database.h"
#include "sys/files.h"

namespace docmind::cache {

struct ReadRow {
  RowHead head{};
  bool whole = false;  // Both checksums stand.
  std::string value{};
};

enum class RowState : std::uint8_t { kWhole, kGone, kDamaged };  // Whole: its head's checksum stands.

struct NewRow {
  const RowHead& head;
  std::string_view stored;  // Bytes of the value.
};

struct DiskOptions {
  std::filesystem::path path{};
  std::string vfs{};  // SQLite's file system by name; empty: the default. For fault tests.
};

class Disk {
 public:
  Disk(DiskOptions options, sys::Files& files, const obs::Log& log)
      : options_(std::move(options)), files_(files), log_(log) {}

  // Opens the file, or a new one in its place. Never fails: without a file nothing is stored (trouble()).
  // Whether the file that was there could be used, or there was none.
  bool open();

  // Calls seen with each row but its value, by rising id. kDataLoss: renew().
  Result<> scan(const std::function<void(RowHead head, RowState state)>& seen);

  // Nothing: there is no such row. kDataLoss: the file is damaged; renew().
  Result<std::optional<ReadRow>> read(std::int64_t id, Deadline deadline, std::stop_token stop);

  // One transaction: rows come, others are noted as gone, and with kErase and kScrub `removed` leave the file, among
  // them all that were noted before; kScrub: nothing of them is on the disk when this returns.
  // kResourceExhausted: the disk is full; kDataLoss: renew(); kUnavailable: there is no file.
  enum class Removal : std::uint8_t { kNote, kErase, kScrub };
  Result<> commit(const std::vector<NewRow>& rows, const std::vector<std::int64_t>& gone,
                  const std::vector<std::int64_t>& removed, Removal removal);

  // Closes the file, takes it away, begins a new one. False: the old one could not be taken away.
  enum class Old : std::uint8_t { kAside, kDelete };
  bool renew(Old old);

  // What was put aside holds what a purge must not leave.
  void delete_aside();

  std::optional<std::string> trouble() const { return trouble_; }
  std::uint64_t commits() const { return database_ == nullptr ? 0 : database_->commits(); }

 private:
  Result<> begin();
  static Result<std::vector<std::int64_t>> noted(store::Reader& reader);
  bool take_away(Old old);
  std::filesystem::path beside(std::string_view suffix) const;

  const DiskOptions options_;
  sys::Files& files_;
  const obs::Log& log_;
  std::unique_ptr<store::Database> database_;
  std::optional<std::string> trouble_;
};

}  // namespace docmind::cache
