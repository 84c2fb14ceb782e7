#include "backup/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backup/impl/copied_file.h"
#include "sys/folders.h"
#include "sys/lock_file.h"

namespace docmind::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRestoring = ".restoring-";
constexpr std::string_view kBefore = ".before-restore-";
constexpr const char* kLock = "lock";

fs::path beside(const fs::path& data, std::string_view kind, std::string_view time) {
  fs::path out = data;
  out += std::string(kind) + std::string(time);
  return out;
}

Result<std::vector<fs::path>> folders_beside(const fs::path& data, std::string_view kind, sys::Files& files) {
  const std::string prefix = data.filename().native() + std::string(kind);
  std::vector<fs::path> out;
  for (const sys::FolderEntry& entry : DM_TRY(files.list(data.parent_path()))) {
    if (entry.kind == sys::FileKind::kFolder && entry.name.starts_with(prefix)) {
      out.push_back(data.parent_path() / entry.name);
    }
  }
  std::ranges::sort(out, std::greater<>());
  return out;
}

Result<sys::LockFile> hold(const fs::path& data) {
  auto lock = sys::LockFile::try_lock(data / kLock);
  if (lock || lock.error().code != Code::kConflict) return lock;
  return Error{Code::kConflict, lock.error().message + ", which uses this data directory",
               "Stop that docmind first, then try again."};
}

// A restore was killed: before the change its folder is half of a backup, after it what was in use, with its lock.
Result<> clear_up(const fs::path& data, sys::Files& files) {
  for (const fs::path& left : DM_TRY(folders_beside(data, kRestoring, files))) {
    const std::string time = left.filename().native().substr(data.filename().native().size() + kRestoring.size());
    if (files.stat(left / kLock)) {
      DM_TRY(sys::move_folder(left, beside(data, kBefore, time)));
      continue;
    }
    std::error_code failed;
    fs::remove_all(left, failed);  // What stays is in nobody's way.
  }
  return {};
}

Result<> link_file(const fs::path& file, const fs::path& link, sys::Files& files) {
  if (files.stat(link)) return {};
  DM_TRY(files.make_dirs(link.parent_path()));
  std::error_code failed;
  fs::create_hard_link(file, link, failed);
  if (failed) fs::copy_file(file, link, failed);
  if (!failed) return {};
  return Error{Code::kUnavailable, "cannot keep " + sys::printable(file) + ": " + failed.message(),
               "Restore into an empty folder with --data DIR, and copy it by hand."};
}

// What `to` has not: links to the files of `from`, which is beside it and on the same disk.
Result<> keep(const std::string& name, const fs::path& from, const fs::path& to, sys::Files& files,
              const std::stop_token& stop) {
  const auto there = files.stat(from / name);
  if (!there && there.error().code == Code::kNotFound) return {};
  if (!there) return there.error();
  if (there->kind == sys::FileKind::kRegular) return link_file(from / name, to / name, files);
  for (const fs::path& file : DM_TRY(sys::walk(files, from / name, {.hidden = sys::HiddenFiles::kTake}, stop)).files) {
    DM_TRY(link_file(file, to / file.lexically_relative(from), files));
  }
  return {};
}

// Removed with everything in it unless it is put in place.
class Prepared {
 public:
  explicit Prepared(fs::path folder) : folder_(std::move(folder)) {}
  ~Prepared() {
    std::error_code ignored;
    if (!in_place_) fs::remove_all(folder_, ignored);
  }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  const fs::path& folder() const { return folder_; }

  // At one moment; from then on folder() is what was in use.
  Result<> change_places(const fs::path& data) {
    sys::give_to_owner_of(data, folder_);
    std::error_code ignored;
    fs::permissions(folder_, fs::status(data, ignored).permissions(), ignored);
    DM_TRY(sys::sync_folder(folder_));
    Result<> swapped = sys::swap_folders(folder_, data);
    in_place_ = swapped || in_place(data);
    return swapped;
  }

 private:
  bool in_place(const fs::path& data) const {  // It may have failed after the change.
    std::error_code ignored;
    return !fs::exists(data / kLock, ignored);
  }

  const fs::path folder_;
  bool in_place_ = false;
};

// A database's log, or a lock, would be as good as another database.
Result<> check_names(const Manifest& manifest, const Target& target) {
  for (const FileRecord& file : manifest.files) {
    if (!file.path.starts_with(kData)) continue;
    const std::string below = file.path.substr(kData.size());
    if (std::ranges::find(target.names, below.substr(0, below.find('/'))) != target.names.end()) continue;
    return Error{Code::kInvalidArgument, "the backup holds " + file.path + ", which no backup has",
                 "Use another backup: somebody put that in."};
  }
  return {};
}

Result<> fill(const fs::path& backup, const fs::path& prepared, const Manifest& manifest, sys::Files& files,
              const Until& until) {
  for (const FileRecord& file : manifest.files) {
    const fs::path from = backup / file.path;
    auto read = file.path.starts_with(kData)
                    ? copy(from, prepared / file.path.substr(kData.size()), file.path, files, until)
                    : measure(from, file.path, until);
    if (!read && read.error().code == Code::kNotFound) {
      return Error{Code::kDataLoss, "the backup is damaged: " + file.path + " is missing", "Use another backup."};
    }
    if (!read) return std::move(read).error();
    if (read->bytes != file.bytes || read->sha256 != file.sha256) {
      return Error{Code::kDataLoss, "the backup is damaged: " + file.path + " is not what it was",
                   "Use another backup."};
    }
  }
  return {};
}

// The databases of a folder hold what they should and can be used by this program.
Result<> check(const fs::path& folder, const Target& target, const Manifest& manifest, const Until& until) {
  for (const Database& database : target.databases) {
    store::DatabaseOptions file = database.file;
    const std::string name = fs::path(file.path).filename().string();
    file.path = (folder / name).string();
    const auto expected = manifest.databases.find(name);
    const auto holds = store::examine_database(file, until.deadline, until.stop);
    const bool absent = !holds && holds.error().code == Code::kNotFound;
    if (absent && expected == manifest.databases.end() && !database.required) continue;
    if (absent) return Error{Code::kDataLoss, "there is no " + name + " in it", "Use another backup."};
    if (!holds) {
      return Error{holds.error().code, "what is to be put in place is of no use: " + holds.error().message,
                   holds.error().code == Code::kConflict ? "Update this program, or use an older backup."
                                                         : "Use another backup."};
    }
    if (expected == manifest.databases.end() || *holds == expected->second) continue;
    return Error{Code::kDataLoss, name + " does not hold what the backup says", "Use another backup."};
  }
  return {};
}

// Whether there is anything in a data directory but the lock.
bool is_empty(const fs::path& folder, sys::Files& files) {
  const auto entries = files.list(folder);
  return entries && std::ranges::all_of(*entries, [](const auto& entry) { return entry.name == kLock; });
}

Result<fs::path> put_aside(const fs::path& old, const fs::path& data, const std::string& time, sys::Files& files) {
  if (is_empty(old, files)) {
    std::error_code ignored;
    fs::remove_all(old, ignored);
    return fs::path();
  }
  fs::path name = beside(data, kBefore, time);
  DM_TRY(sys::move_folder(old, name));
  return name;
}

}  // namespace

std::string time_name(WallTime at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss<std::chrono::milliseconds> time{at - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}-{:02}-{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

Result<Restored> restore(const fs::path& backup, const Target& target, const MakeDeps& deps, Deadline deadline,
                         std::stop_token stop) {
  const Until until{deadline, stop};
  Restored out;
  out.manifest = DM_TRY(read_manifest(backup, deps.files));
  DM_TRY(check_names(out.manifest, target));
  const sys::LockFile lock = DM_TRY(hold(target.data));
  DM_TRY(clear_up(target.data, deps.files));
  const std::string time = time_name(deps.clock.wall());
  Prepared prepared(beside(target.data, kRestoring, time));
  DM_TRY(deps.files.make_dirs(prepared.folder()));
  DM_TRY(fill(backup, prepared.folder(), out.manifest, deps.files, until));
  DM_TRY(check(prepared.folder(), target, out.manifest, until));
  for (const std::string& name : target.kept) DM_TRY(keep(name, target.data, prepared.folder(), deps.files, stop));
  DM_TRY(until.check());
  DM_TRY(prepared.change_places(target.data));
  out.before = DM_TRY(put_aside(prepared.folder(), target.data, time, deps.files));
  return out;
}

Result<fs::path> swap_back(const fs::path& before, const Target& target, const MakeDeps& deps, Deadline deadline,
                           std::stop_token stop) {
  const sys::LockFile lock = DM_TRY(hold(target.data));
  DM_TRY(clear_up(target.data, deps.files));
  DM_TRY(check(before, target, {}, {deadline, stop}));
  for (const std::string& name : target.kept) DM_TRY(keep(name, target.data, before, deps.files, stop));
  DM_TRY(sys::swap_folders(before, target.data));
  return put_aside(before, target.data, time_name(deps.clock.wall()), deps.files);
}

Result<std::vector<fs::path>> before_restores(const fs::path& data, sys::Files& files) {
  return folders_beside(data, kBefore, files);
}

}  // namespace docmind::backup
