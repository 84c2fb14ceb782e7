// A backup put in the place of a data directory, in one step, so that it can be undone.
//
// A folder DIR.restoring-TIME is prepared beside DIR from the backup, compared byte for byte with what the backup says
// of itself and checked by SQLite; then the two change places at one moment, and what was there is kept as
// DIR.before-restore-TIME. Killed at any step, DIR is the old or the new one, whole: what is left over the next call
// clears up. Thread safety: plain functions; DIR's lock is held while they work.
#pragma once
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/backup.h"
#include "backup/manifest.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "sys/files.h"

namespace docmind::backup {

struct Target {
  std::filesystem::path data;       // It is there, perhaps empty; no link.
  std::vector<Database> databases;  // Those that a backup may hold, as this program would open them.
  std::vector<std::string> names;   // What a backup may bring, as names in it; anything else is refused.
  std::vector<std::string> kept;    // Files and folders it keeps that no backup brings: linked, not copied.
};

struct Restored {
  Manifest manifest{};
  std::filesystem::path before{};  // What was there before; empty: nothing.
};

// Errors, after each of which the data directory is as it was: kNotFound (no backup), kInvalidArgument (a
// backup that was tampered with), kConflict (a process holds the directory; the backup or a database in it is newer
// than this program), kDataLoss (a file of the backup is not what it was), kUnavailable (a mount point),
// kResourceExhausted (disk full), kCancelled.
Result<Restored> restore(const std::filesystem::path& backup, const Target& target, const MakeDeps& deps,
                         Deadline deadline, std::stop_token stop);

// Undoes a restore: the data directory and one of its before-restore folders change places. Where the one that was in
// use is then. Errors as above.
Result<std::filesystem::path> swap_back(const std::filesystem::path& before, const Target& target, const MakeDeps& deps,
                                        Deadline deadline, std::stop_token stop);

// DIR.before-restore-TIME of this data directory, the newest first.
Result<std::vector<std::filesystem::path>> before_restores(const std::filesystem::path& data, sys::Files& files);

// "2026-11-22T17-05-09.123Z": in names of files, sorted as time goes.
std::string time_name(WallTime at);

}  // namespace docmind::backup
