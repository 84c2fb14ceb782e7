#include "cache/entries/impl/disk.h"

#include <algorithm>
#include <cstring>
#include <system_error>

namespace docmind::cache {
namespace {

constexpr std::uint32_t kApplicationId = 0x444d6365;  // "DMce"
constexpr int kAsideKept = 2;
constexpr std::size_t kReaders = 4;

std::vector<store::Migration> migrations() {
  return {{.version = 1,
           .up = "CREATE TABLE entries(id INTEGER PRIMARY KEY, key BLOB NOT NULL, stored INTEGER NOT NULL, expires "
                 "INTEGER NOT NULL, cost REAL NOT NULL, tags BLOB NOT NULL, form INTEGER NOT NULL, size INTEGER NOT "
                 "NULL, head INTEGER NOT NULL, sum BLOB NOT NULL, value BLOB NOT NULL) STRICT",
           .down = "DROP TABLE entries"},
          {.version = 2,
           .up = "CREATE TABLE gone(id INTEGER PRIMARY KEY, ids BLOB NOT NULL, sum INTEGER NOT NULL) STRICT",
           .down = "DELETE FROM entries; DROP TABLE gone",  // What is gone must not come back.
           .min_reader = 2}};
}

// Columns 0 to 8: everything but the value's own bytes, and 9 the checksum of that.
constexpr std::string_view kHead = "SELECT id, key, stored, expires, cost, tags, form, size, length(value), head FROM ";

RowHead head_of(const store::Statement& row) {
  return {.id = row.integer(0),
          .key = std::string(row.blob(1)),
          .stored = row.integer(2),
          .expires = row.integer(3),
          .cost = row.real(4),
          .tags = std::string(row.blob(5)),
          .form = static_cast<RowForm>(row.integer(6)),
          .size = static_cast<std::uint64_t>(row.integer(7)),
          .bytes = static_cast<std::uint64_t>(row.integer(8))};
}

Result<> note(store::Transaction& transaction, const std::vector<std::int64_t>& gone) {
  if (gone.empty()) return {};
  const std::string_view ids(reinterpret_cast<const char*>(gone.data()), gone.size() * sizeof(std::int64_t));
  DM_TRY(transaction.run("INSERT INTO gone(ids, sum) VALUES(?,?)",
                         {store::Blob{ids}, static_cast<std::int64_t>(gone_sum(ids))}));
  return {};
}

Result<> erase(store::Transaction& transaction, const std::vector<std::int64_t>& removed) {
  auto statement = DM_TRY(transaction.query("DELETE FROM entries WHERE id=?"));
  for (const std::int64_t id : removed) DM_TRY(statement.execute({id}));
  DM_TRY(transaction.run("DELETE FROM gone"));
  return {};
}

Result<> insert(store::Transaction& transaction, const std::vector<NewRow>& rows) {
  auto statement = DM_TRY(transaction.query("INSERT OR REPLACE INTO entries VALUES(?,?,?,?,?,?,?,?,?,?,?)"));
  for (const NewRow& row : rows) {
    const RowHead& head = row.head;
    const std::uint64_t seal = head_sum(head);
    const Sum sum = value_sum(row.stored, seal);
    DM_TRY(
        statement.execute({head.id, store::Blob{head.key}, head.stored, head.expires, head.cost, store::Blob{head.tags},
                           static_cast<std::int64_t>(head.form), head.size, static_cast<std::int64_t>(seal),
                           store::Blob{{sum.data(), sum.size()}}, store::Blob{row.stored}}));
  }
  return {};
}

}  // namespace

std::filesystem::path Disk::beside(std::string_view suffix) const {
  std::filesystem::path path = options_.path;
  path += suffix;
  return path;
}

bool Disk::open() {
  const Result<> opened = begin();
  if (opened) return true;
  const Error& why = opened.error();
  log_.failure(obs::Level::kWarn, "cache_file_unusable", why);
  // Somebody else at work on it is no damage, and a full disk would only take the next file, too.
  const bool damaged = why.code == Code::kDataLoss || why.code == Code::kConflict ||
                       why.code == Code::kInvalidArgument || why.code == Code::kInternal;
  return !damaged || !renew(Old::kAside);
}

Result<> Disk::begin() {
  store::DatabaseOptions file;
  file.path = options_.path.string();
  file.durability = store::Durability::kNormal;
  file.application_id = kApplicationId;
  file.migrations = migrations();
  file.readers = kReaders;
  file.vfs = options_.vfs;
  auto opened = store::Database::open(std::move(file));
  if (!opened) {
    trouble_ = opened.error().message;
    return opened.error();
  }
  database_ = *std::move(opened);
  trouble_.reset();
  return {};
}

// By rising id.
Result<std::vector<std::int64_t>> Disk::noted(store::Reader& reader) {
  std::vector<std::int64_t> all;
  auto rows = DM_TRY(reader.query("SELECT ids, sum FROM gone"));
  while (DM_TRY(rows.step())) {
    const std::string_view ids = rows.blob(0);
    const std::size_t count = ids.size() / sizeof(std::int64_t);
    if (ids.size() != count * sizeof(std::int64_t) || gone_sum(ids) != static_cast<std::uint64_t>(rows.integer(1))) {
      return Error{Code::kDataLoss, "What the cache notes as gone is not what was noted."};
    }
    all.resize(all.size() + count);
    std::memcpy(all.data() + all.size() - count, ids.data(), ids.size());
  }
  std::ranges::sort(all);
  return all;
}

Result<> Disk::scan(const std::function<void(RowHead head, RowState state)>& seen) {
  if (database_ == nullptr) return {};
  auto reader = DM_TRY(database_->read(Deadline::never(), {}));
  const std::vector<std::int64_t> gone = DM_TRY(noted(reader));
  auto rows = DM_TRY(reader.query(std::string(kHead) + "entries ORDER BY id"));
  while (DM_TRY(rows.step())) {
    RowHead head = head_of(rows);
    RowState state = std::ranges::binary_search(gone, head.id) ? RowState::kGone : RowState::kWhole;
    if (head_sum(head) != static_cast<std::uint64_t>(rows.integer(9))) state = RowState::kDamaged;
    seen(std::move(head), state);
  }
  return {};
}

Result<std::optional<ReadRow>> Disk::read(std::int64_t id, Deadline deadline, std::stop_token stop) {
  if (database_ == nullptr) return std::optional<ReadRow>();
  auto reader = DM_TRY(database_->read(deadline, std::move(stop)));
  static const std::string kRow =
      "SELECT id, key, stored, expires, cost, tags, form, size, length(value), head, sum, value FROM entries WHERE "
      "id=?";
  auto row = DM_TRY(reader.query(kRow, {id}));
  if (!DM_TRY(row.step())) return std::optional<ReadRow>();
  ReadRow read{.head = head_of(row)};
  const std::uint64_t head = head_sum(read.head);
  const std::string_view stored = row.blob(11);
  const Sum sum = value_sum(stored, head);
  if (head != static_cast<std::uint64_t>(row.integer(9)) || row.blob(10) != std::string_view(sum.data(), sum.size())) {
    return std::optional(std::move(read));
  }
  auto value = unpack(read.head.form, stored, read.head.size);
  read.whole = static_cast<bool>(value);
  if (value) read.value = *std::move(value);
  return std::optional(std::move(read));
}

Result<> Disk::commit(const std::vector<NewRow>& rows, const std::vector<std::int64_t>& gone,
                      const std::vector<std::int64_t>& removed, Removal removal) {
  if (database_ == nullptr) {
    return Error{Code::kUnavailable, trouble_.value_or("There is no file."), "Make room, or its folder writable."};
  }
  return database_->write(
      [&](store::Transaction& transaction) -> Result<> {
        if (removal != Removal::kNote) DM_TRY(erase(transaction, removed));
        DM_TRY(note(transaction, gone));
        DM_TRY(insert(transaction, rows));
        if (removal == Removal::kScrub) transaction.scrub_log();
        return {};
      },
      Deadline::never(), {}, store::Commit::kAlone);
}

bool Disk::renew(Old old) {
  database_.reset();  // Before anything is moved: closing looks for the log by its name.
  if (!take_away(old)) {
    trouble_ = "The file " + options_.path.string() + " cannot be used and cannot be moved away.";
    return false;
  }
  const Result<> fresh = begin();
  if (fresh) {
    log_.event(obs::Level::kWarn, "cache_file_renewed", {{"file", options_.path.string()}});
  } else {
    log_.failure(obs::Level::kError, "cache_file_unusable", fresh.error());
  }
  return true;
}

bool Disk::take_away(Old old) {
  const auto gone = [this](const std::filesystem::path& path) {
    const Result<> removed = files_.remove(path);
    return removed || removed.error().code == Code::kNotFound;
  };
  // The log first: beside another file SQLite would take it for that one's.
  if (!gone(beside("-wal")) || !gone(beside("-shm"))) return false;
  if (old == Old::kDelete) return gone(options_.path);
  for (int kept = kAsideKept; kept > 1; --kept) {
    const Result<> moved =
        files_.rename(beside(".damaged-" + std::to_string(kept - 1)), beside(".damaged-" + std::to_string(kept)));
    if (!moved && moved.error().code != Code::kNotFound) break;
  }
  const Result<> moved = files_.rename(options_.path, beside(".damaged-1"));
  return moved || moved.error().code == Code::kNotFound;
}

void Disk::delete_aside() {
  for (int kept = 1; kept <= kAsideKept; ++kept) {
    const Result<> removed = files_.remove(beside(".damaged-" + std::to_string(kept)));
    if (!removed && removed.error().code != Code::kNotFound) {
      log_.failure(obs::Level::kWarn, "cache_file_stays", removed.error());
    }
  }
}

}  // namespace docmind::cache
