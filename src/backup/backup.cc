#include "backup/backup.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "backup/impl/copied_file.h"
#include "base/utf8.h"
#include "sys/folders.h"
#include "sys/lock_file.h"

namespace docmind::backup {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLock = "lock";

Result<> must_be_free(const fs::path& to, sys::Files& files) {
  const auto there = files.stat(to);
  if (!there && there.error().code == Code::kNotFound) return {};
  if (!there) return there.error();
  return Error{Code::kConflict, "there is something at " + sys::printable(to) + " already",
               "Choose another name: a backup replaces nothing."};
}

// The folder that a backup is made in, gone with everything in it unless it gets its name.
class Unfinished {
 public:
  static Result<std::unique_ptr<Unfinished>> open(const fs::path& to, sys::Files& files) {
    fs::path folder = to;
    folder += ".unfinished";
    DM_TRY(files.make_dirs(folder));
    auto lock = sys::LockFile::try_lock(folder / kLock);
    if (!lock && lock.error().code == Code::kConflict) {
      return Error{Code::kConflict, "another backup is being made at " + sys::printable(to), "Wait for it."};
    }
    if (!lock) return std::move(lock).error();
    std::unique_ptr<Unfinished> out(new Unfinished(std::move(folder), *std::move(lock)));
    for (const sys::FolderEntry& entry : DM_TRY(files.list(out->folder_))) {  // Of one that was killed.
      std::error_code failed;
      if (entry.name != kLock) fs::remove_all(out->folder_ / entry.name, failed);
    }
    return out;
  }
  ~Unfinished() {
    std::error_code ignored;
    if (!named_) fs::remove_all(folder_, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

  const fs::path& folder() const { return folder_; }

  Result<> name(const fs::path& to, sys::Files& files) {
    DM_TRY(sys::sync_folder(folder_));
    DM_TRY(sys::move_folder(folder_, to));
    named_ = true;
    return files.remove(to / kLock);  // Until here nobody else could begin in it.
  }

 private:
  Unfinished(fs::path folder, sys::LockFile lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}

  fs::path folder_;
  sys::LockFile lock_;
  bool named_ = false;
};

class Maker {
 public:
  Maker(const Source& source, const fs::path& to, const MakeDeps& deps, Until until)
      : source_(source), to_(to), files_(deps.files), until_(std::move(until)) {}

  Result<> copy_all(Manifest& manifest) {
    for (const Database& database : source_.databases) DM_TRY(copy_database(database, manifest));
    for (const std::string& name : source_.files) DM_TRY(copy_if_there(name, manifest));
    DM_TRY(copy_owned(manifest));
    for (const std::string& folder : source_.folders) DM_TRY(copy_folder(folder, manifest));
    for (const NamedFile& file : source_.settings) DM_TRY(copy_file(file.from, file.path, manifest));
    return {};
  }

  // What is on the disk now is what was read then.
  Result<> verify(const Manifest& manifest) {
    for (const FileRecord& file : manifest.files) {
      const FileRecord again = DM_TRY(measure(to_ / file.path, file.path, until_));
      if (again.bytes == file.bytes && again.sha256 == file.sha256) continue;
      return Error{Code::kDataLoss, "the copy of " + file.path + " reads back differently",
                   "Check the disk, and make the backup on another one."};
    }
    return {};
  }

 private:
  Result<> copy_database(const Database& database, Manifest& manifest) {
    const fs::path from = database.file.path;
    const std::string name = from.filename().string();
    const std::string path = std::string(kData) + name;
    DM_TRY(files_.make_dirs((to_ / path).parent_path()));
    auto copied = store::copy_database(database.file, (to_ / path).string(), until_.deadline, until_.stop);
    if (!copied && copied.error().code == Code::kNotFound) {
      if (!database.required) return {};
      return Error{Code::kNotFound, "there is no library in " + sys::printable(source_.data) + " yet",
                   "Read documents first (docmind ingest), or name another data directory with --data DIR."};
    }
    if (!copied) return std::move(copied).error();
    store::DatabaseOptions copy = database.file;
    copy.path = (to_ / path).string();
    const store::Contents again = DM_TRY(store::examine_database(copy, until_.deadline, until_.stop));
    if (again != *copied) {
      return Error{Code::kDataLoss, "the copy of " + name + " does not hold what was copied",
                   "Check the disk, and make the backup on another one."};
    }
    manifest.databases.emplace(name, *std::move(copied));
    manifest.files.push_back(DM_TRY(measure(to_ / path, path, until_)));
    return {};
  }

  Result<> copy_file(const fs::path& from, const std::string& path, Manifest& manifest) {
    if (!is_utf8(path)) {
      return Error{Code::kInvalidArgument, "the name of " + sys::printable(from) + " is not valid UTF-8", "Rename it."};
    }
    manifest.files.push_back(DM_TRY(copy(from, to_ / path, path, files_, until_)));
    return {};
  }

  // It may have gone since it was seen: a document that is deleted meanwhile.
  Result<> copy_if_there(const std::string& name, Manifest& manifest) {
    const auto there = files_.stat(source_.data / name);
    if (!there && there.error().code == Code::kNotFound) return {};
    Result<> copied = copy_file(source_.data / name, std::string(kData) + name, manifest);
    if (!copied && copied.error().code == Code::kNotFound) return {};
    return copied;
  }

  Result<> copy_owned(Manifest& manifest) {
    if (source_.owned_folder.empty()) return {};
    store::DatabaseOptions owners = source_.databases.back().file;
    owners.path = (to_ / kData / fs::path(owners.path).filename()).string();
    for (const std::string& owner : DM_TRY(store::query_column(owners, source_.owners, until_.deadline, until_.stop))) {
      DM_TRY(copy_if_there(source_.owned_folder + "/" + owner, manifest));
    }
    return {};
  }

  Result<> copy_folder(const std::string& folder, Manifest& manifest) {
    auto walked = sys::walk(files_, source_.data / folder, {}, until_.stop);
    if (!walked && walked.error().code == Code::kNotFound) return {};
    if (!walked) return std::move(walked).error();
    if (!walked->failures.empty()) return walked->failures.front().error;
    for (const fs::path& file : walked->files) {
      DM_TRY(copy_if_there(file.lexically_relative(source_.data).generic_string(), manifest));
    }
    return {};
  }

  const Source& source_;
  const fs::path to_;
  sys::Files& files_;
  const Until until_;
};

}  // namespace

Result<Manifest> make(const Source& source, const fs::path& to, std::string version, const MakeDeps& deps,
                      Deadline deadline, std::stop_token stop) {
  DM_TRY(must_be_free(to, deps.files));
  const sys::FileStat before = DM_TRY(deps.files.stat(source.data));
  const auto unfinished = DM_TRY(Unfinished::open(to, deps.files));
  Manifest manifest;
  manifest.version = std::move(version);
  manifest.made_ms = deps.clock.wall().time_since_epoch().count();
  manifest.models_left_out = source.models_left_out;
  Maker maker(source, unfinished->folder(), deps, {deadline, stop});
  DM_TRY(maker.copy_all(manifest));
  DM_TRY(sys::sync_folder(unfinished->folder() / kData));
  DM_TRY(maker.verify(manifest));
  const sys::FileStat after = DM_TRY(deps.files.stat(source.data));
  if (before.device != after.device || before.inode != after.inode) {
    return Error{Code::kConflict, "the data directory was replaced while the backup was made", "Try again."};
  }
  DM_TRY(deps.files.write_atomic(unfinished->folder() / kManifest, to_text(manifest)));
  DM_TRY(unfinished->name(to, deps.files));
  return manifest;
}

Result<Manifest> read_manifest(const fs::path& backup, sys::Files& files) {
  auto text = files.read(backup / kManifest, kMaxManifestBytes);
  if (!text && text.error().code == Code::kNotFound) {
    return Error{Code::kNotFound, fmt::format("{} is no backup: it has no {}", sys::printable(backup), kManifest),
                 "docmind rollback --list shows the backups that are kept here."};
  }
  if (!text) return std::move(text).error();
  return parse_manifest(*text).with(sys::printable(backup));
}

}  // namespace docmind::backup
