// A file system for SQLite that does what it is told: fails the n-th sync, has no room for the n-th write, is not
// writable, or kills the process at the n-th thing that changes a file.
//
// Thread safety: the counters may be set from any thread. One at a time (it registers itself by name).
#pragma once
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

namespace docmind::store::testing {

class FaultVfs {
 public:
  static constexpr const char* kName = "docmind-faults";
  FaultVfs() : base_(sqlite3_vfs_find(nullptr)), vfs_(*base_) {
    vfs_.zName = kName;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + base_->szOsFile;
    vfs_.pNext = nullptr;
    vfs_.xOpen = open;
    vfs_.xDelete = [](sqlite3_vfs*, const char* name, int sync) {
      self()->boundary();
      return self()->base_->xDelete(self()->base_, name, sync);
    };
    vfs_.pAppData = base_->pAppData;
    self() = this;
    sqlite3_vfs_register(&vfs_, 0);
  }
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  ~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }

  static constexpr int kNever = 1 << 30;
  std::atomic<int> syncs_before_failure{kNever};  // Every sync after that fails.
  std::atomic<int> writes_before_full{kNever};    // Every write after that finds the disk full.
  std::atomic<int> failed_syncs{0};
  std::atomic<bool> syncs_for_real{true};         // A kill loses nothing for want of a sync: its tests save the time.
  std::atomic<int> changes_before_death{kNever};  // Writes, truncations, syncs and removals; then SIGKILL.
  std::atomic<bool> dies_half_way{false};         // When that is a write: after half of it.
  std::atomic<bool> read_only{false};             // As a file that may not be written: opened for reading instead.

 private:
  struct File {
    sqlite3_file head;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static FaultVfs*& self() {
    static FaultVfs* one = nullptr;
    return one;
  }
  static sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }

  // Before a change; whether it is the last one.
  bool last_change() { return changes_before_death.fetch_sub(1) <= 0; }
  void boundary() {
    if (last_change()) kill(getpid(), SIGKILL);
  }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    static const sqlite3_io_methods kMethods = methods();
    file->pMethods = nullptr;
    if (self()->read_only) flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    const int code = self()->base_->xOpen(self()->base_, name, real(file), flags, out);
    if (real(file)->pMethods != nullptr) file->pMethods = &kMethods;
    return code;
  }
  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    if (self()->writes_before_full.fetch_sub(1) <= 0) return SQLITE_FULL;
    if (self()->last_change()) {
      if (self()->dies_half_way) real(file)->pMethods->xWrite(real(file), bytes, size / 2, at);
      kill(getpid(), SIGKILL);
    }
    return real(file)->pMethods->xWrite(real(file), bytes, size, at);
  }
  static int sync(sqlite3_file* file, int flags) {
    self()->boundary();
    if (self()->syncs_before_failure.fetch_sub(1) <= 0) {
      ++self()->failed_syncs;
      return SQLITE_IOERR_FSYNC;
    }
    return self()->syncs_for_real ? real(file)->pMethods->xSync(real(file), flags) : SQLITE_OK;
  }
  static sqlite3_io_methods methods() {
    sqlite3_io_methods m{};
    m.iVersion = 2;
    m.xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); };
    m.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
      return real(f)->pMethods->xRead(real(f), to, n, at);
    };
    m.xWrite = write;
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      self()->boundary();
      return real(f)->pMethods->xTruncate(real(f), size);
    };
    m.xSync = sync;
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); };
    m.xLock = [](sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); };
    m.xUnlock = [](sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); };
    m.xCheckReservedLock = [](sqlite3_file* f, int* out) {
      return real(f)->pMethods->xCheckReservedLock(real(f), out);
    };
    m.xFileControl = [](sqlite3_file* f, int op, void* arg) {
      return real(f)->pMethods->xFileControl(real(f), op, arg);
    };
    m.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); };
    m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
      return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
    };
    m.xShmLock = [](sqlite3_file* f, int at, int n, int flags) {
      return real(f)->pMethods->xShmLock(real(f), at, n, flags);
    };
    m.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
    m.xShmUnmap = [](sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); };
    return m;
  }

  sqlite3_vfs* base_;
  sqlite3_vfs vfs_;
};

}  // namespace docmind::store::testing
