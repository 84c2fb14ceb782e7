// A backup: a folder with a copy of everything that cannot be made again, verified before it gets its name.
//
// Made from outside, by whichever process: the databases are copied by SQLite at one moment each while a server reads
// and writes them, the other files are replaced whole by those who write them. Invariant: a folder with a manifest
// (docs/formats/backup.md) under its own name is whole; what was begun lies in NAME.unfinished, and goes with an error,
// a stop, or the next backup to that name. Thread safety: plain functions.
#pragma once
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/manifest.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "store/database.h"
#include "sys/files.h"

namespace docmind::backup {

struct Database {
  store::DatabaseOptions file;  // In the data directory; its name there is its name in the backup.
  bool required = false;        // Else it may be absent.
};

struct NamedFile {
  std::filesystem::path from;
  std::string path;  // In the backup: "settings/folder/docmind.yaml".
};

struct Source {
  std::filesystem::path data;
  std::vector<Database> databases;  // Copied in this order: what points to another before it.
  std::vector<std::string> files;   // Names in the data directory; absent ones are left out.
  // A folder of files that belong to rows of the last database: those alone that this query names.
  std::string owned_folder;
  std::string owners;                // "SELECT id FROM document"
  std::vector<std::string> folders;  // With everything below them.
  std::vector<NamedFile> settings;
  std::vector<std::string> models_left_out;
};

struct MakeDeps {  // All outlive the call.
  sys::Files& files;
  const Clock& clock;
};

// Errors: kNotFound (no required database), kConflict (something is at `to`, another backup is being made there, the
// data directory was replaced meanwhile), kResourceExhausted (disk full), kDataLoss (what was read or written is
// damaged), kCancelled. After each of them there is nothing at `to`.
Result<Manifest> make(const Source& source, const std::filesystem::path& to, std::string version, const MakeDeps& deps,
                      Deadline deadline, std::stop_token stop);

// Of a backup's folder; kNotFound when it is none.
Result<Manifest> read_manifest(const std::filesystem::path& backup, sys::Files& files);

}  // namespace docmind::backup
