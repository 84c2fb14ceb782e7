#include "store/impl/sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "sys/files.h"

namespace docmind::store {
namespace {

// Codes of the I/O family that say "no room", not "broken disk": memory, and the shared-memory file on a full disk.
bool is_no_room(int code) {
  return code == SQLITE_IOERR_NOMEM || code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_SHMMAP;
}

constexpr const char* kMendFile =
    "Stop DocMind, then put a copy of it back, or move it away with its -wal and -shm: an empty one is begun.";

}  // namespace

bool is_disk_failure(int code) {
  const int family = code & 0xff;
  return (family == SQLITE_IOERR && !is_no_room(code)) || family == SQLITE_CORRUPT || family == SQLITE_NOTADB;
}

Error sqlite_error(int code, std::string_view message, const std::string& path) {
  const std::string detail = sys::printable(message);  // A name of the file's own may be in it.
  if (is_no_room(code)) code = SQLITE_FULL;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {Code::kResourceExhausted, fmt::format("The disk is full; the change to {} was not stored.", path),
              "Free some space and try again: what was stored before is safe."};
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return {Code::kResourceExhausted, fmt::format("{}: {}.", path, detail), "Split the document and try again."};
    case SQLITE_NOTADB:
      return {Code::kDataLoss, fmt::format("{} is not a database file, or it is encrypted.", path), kMendFile};
    case SQLITE_CORRUPT:
      return {Code::kDataLoss, fmt::format("{} is damaged: {}.", path, detail), kMendFile};
    case SQLITE_IOERR:
      return {Code::kDataLoss, fmt::format("The disk failed while using {}: {} ({}).", path, detail, code),
              "Check the disk, then start DocMind again; what was acknowledged before is stored."};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return {Code::kInvalidArgument, fmt::format("{} cannot be opened for writing: {}.", path, detail),
              "Make its folder exist and writable for you, or choose another one with --data DIR."};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Code::kUnavailable, fmt::format("{} is in use by another program.", path),
              "Wait until it is done, then try again."};
    case SQLITE_CONSTRAINT:
      return {Code::kConflict, fmt::format("{}: {}.", path, detail), ""};
    default:
      return {Code::kInternal, fmt::format("{}: {} ({}).", path, detail, code), ""};
  }
}

}  // namespace docmind::store
