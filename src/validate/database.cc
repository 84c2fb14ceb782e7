#include "validate/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "base/thread_annotations.h"
#include "store/database.h"

namespace docmind::validate {
namespace {

constexpr std::size_t kReaders = 5;
constexpr std::size_t kWriters = 2;
constexpr std::size_t kNotes = 100;  // Of each writer, a commit each that is synced.
constexpr auto kPatience = std::chrono::seconds(10);

Result<std::int64_t> count(store::Source& source) {
  auto rows = DM_TRY(source.query("SELECT count(*) FROM note"));
  DM_TRY(rows.step());
  return rows.integer(0);
}

class Trial {
 public:
  Trial(store::Database& database, const Clock& clock, const std::stop_token& stop)
      : database_(database), clock_(clock), stop_(stop) {}

  // Once each; what they found is in the figures.
  void read() {
    timed([&]() -> Result<> {
      auto reader = DM_TRY(database_.read(Deadline::in(kPatience, clock_), stop_));
      DM_TRY(count(reader));
      return {};
    });
  }
  void write() {
    timed([&]() -> Result<> {
      DM_TRY(database_.write([](store::Transaction& at) { return at.run("INSERT INTO note(text) VALUES('a note')"); },
                             Deadline::in(kPatience, clock_), stop_));
      return {};
    });
  }

  std::atomic<bool> writing = true;
  Mutex mutex{};
  double slowest DM_GUARDED_BY(mutex) = 0;  // Milliseconds.
  std::size_t done DM_GUARDED_BY(mutex) = 0;
  std::optional<Error> failure DM_GUARDED_BY(mutex){};

 private:
  template <typename Work>
  void timed(Work&& work) {
    const TimePoint start = clock_.now();
    const Result<> worked = work();
    const double took = std::chrono::duration<double, std::milli>(clock_.now() - start).count();
    MutexLock lock(mutex);
    slowest = std::max(slowest, took);
    ++done;
    if (!worked && !failure) failure = worked.error();
  }

  store::Database& database_;
  const Clock& clock_;
  const std::stop_token stop_;
};

void run(Trial& trial) {
  std::vector<std::jthread> readers;
  for (std::size_t i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      while (trial.writing) trial.read();
    });
  }
  std::vector<std::jthread> writers;
  for (std::size_t i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      for (std::size_t note = 0; note < kNotes; ++note) trial.write();
    });
  }
  writers.clear();
  trial.writing = false;
}

Result<std::string> journal_of(store::Database& database, const Clock& clock, const std::stop_token& stop) {
  auto reader = DM_TRY(database.read(Deadline::in(kPatience, clock), stop));
  auto rows = DM_TRY(reader.query("SELECT journal_mode FROM pragma_journal_mode"));
  DM_TRY(rows.step());
  return std::string(rows.text(0));
}

}  // namespace

void measure_database(const std::filesystem::path& folder, const Clock& clock, const std::stop_token& stop,
                      Measurements& out) {
  store::DatabaseOptions options;
  options.path = (folder / "trial.db").string();
  options.migrations = {{.version = 1, .up = "CREATE TABLE note(text TEXT)", .down = "DROP TABLE note"}};
  const auto database = store::Database::open(std::move(options));
  if (!database) {
    out.failed("database_wal", database.error());
    return out.failed("database_concurrent", database.error());
  }
  if (const auto journal = journal_of(**database, clock, stop)) {
    out.holds("database_wal", *journal == "wal", *journal);
  } else {
    out.failed("database_wal", journal.error());
  }
  Trial trial(**database, clock, stop);
  run(trial);
  MutexLock lock(trial.mutex);
  if (trial.failure) return out.failed("database_concurrent", *trial.failure);
  out.figure("database_concurrent", trial.slowest, fmt::format("{} reads and writes, no lock error", trial.done));
}

}  // namespace docmind::validate
