#include "store/database.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include "sys/testing/temp_folder.h"

namespace docmind::store {
namespace {

DatabaseOptions options_at(const std::string& path) {
  DatabaseOptions options;
  options.path = path;
  options.application_id = 0x444f434dU;
  options.migrations = {{.version = 1,
                         .up = "CREATE TABLE note(id INTEGER PRIMARY KEY, words TEXT NOT NULL UNIQUE) STRICT",
                         .down = "DROP TABLE note"}};
  return options;
}

Result<> add_note(Transaction& transaction, std::string_view words) {
  DM_TRY(transaction.run("INSERT INTO note(words) VALUES(?)", {words}));
  return {};
}

class DatabaseTest : public ::testing::Test {
 protected:
  void open(DatabaseOptions options) {
    auto opened = Database::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    database_ = *std::move(opened);
  }
  void SetUp() override { open(options_at(path_)); }
  void TearDown() override { database_.reset(); }

  Result<> add(std::string words) {
    return database_->write([&](Transaction& t) { return add_note(t, words); }, Deadline::never(), {});
  }
  std::int64_t count(Reader& reader) {
    auto rows = reader.query("SELECT count(*) FROM note");
    EXPECT_TRUE(rows && *rows->step());
    return rows->integer(0);
  }
  std::int64_t count() {
    auto reader = database_->read(Deadline::never(), {});
    EXPECT_TRUE(reader);
    return count(*reader);
  }

  sys::TempFolder folder_;
  std::string path_ = (folder_ / "注 'note'.db").string();
  std::unique_ptr<Database> database_;
};

TEST(SqliteVersion, OldOnesAreRefused) {
  EXPECT_TRUE(check_sqlite_version(3051003));
  EXPECT_TRUE(check_sqlite_version(3053004));
  Result<> old = check_sqlite_version(3040001);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, Code::kUnavailable);
  EXPECT_NE(old.error().message.find("3.40.1"), std::string::npos);
}

TEST_F(DatabaseTest, KeepsWhatWasWritten) {
  ASSERT_TRUE(add("one"));
  database_.reset();
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
  open(options_at(path_));
  EXPECT_EQ(count(), 1);
  auto problems = database_->check(Database::Depth::kFull, Deadline::never(), {});
  ASSERT_TRUE(problems);
  EXPECT_TRUE(problems->empty());
}

TEST_F(DatabaseTest, ValuesComeBackAsTheyWere) {
  const std::string odd("a\0b'\"; DROP TABLE note; --", 26);
  ASSERT_TRUE(add(odd));
  auto reader = *database_->read(Deadline::never(), {});
  auto rows = *reader.query("SELECT words, ?, ?, ?, ? FROM note", {Blob{odd}, 1.5, nullptr, std::optional<int>(7)});
  ASSERT_TRUE(*rows.step());
  EXPECT_EQ(rows.text(0), odd);
  EXPECT_EQ(rows.blob(1), odd);
  EXPECT_EQ(rows.real(2), 1.5);
  EXPECT_TRUE(rows.is_null(3));
  EXPECT_EQ(rows.integer(4), 7);
  EXPECT_FALSE(*rows.step());
}

TEST_F(DatabaseTest, ReaderSeesOneMoment) {
  ASSERT_TRUE(add("one"));
  auto before = database_->read(Deadline::never(), {});
  ASSERT_TRUE(add("two"));
  EXPECT_EQ(count(*before), 1);
  EXPECT_EQ(count(), 2);
}

TEST_F(DatabaseTest, ReaderCannotWrite) {
  auto reader = *database_->read(Deadline::never(), {});
  auto rows = reader.query("DELETE FROM note");
  EXPECT_FALSE(rows && rows->step());
}

TEST_F(DatabaseTest, FailedWriteLeavesNothing) {
  Result<> failed = database_->write(
      [](Transaction& t) -> Result<> {
        DM_TRY(add_note(t, "half"));
        return Error{Code::kNotFound, "no", ""};
      },
      Deadline::never(), {});
  EXPECT_EQ(failed.error().code, Code::kNotFound);
  EXPECT_EQ(count(), 0);
  EXPECT_EQ(database_->commits(), 0U);
}

// Holds the writer thread until let go, so that what is submitted meanwhile has to wait together.
class HeldWriter {
 public:
  explicit HeldWriter(Database& database)
      : thread_([this, &database] {
          Result<> done = database.write(
              [this](Transaction&) -> Result<> {
                begun_.count_down();
                let_go_.wait();
                return {};
              },
              Deadline::never(), {});
          EXPECT_TRUE(done);
        }) {
    begun_.wait();
  }
  void let_go() { let_go_.count_down(); }

 private:
  std::latch begun_{1};
  std::latch let_go_{1};
  std::jthread thread_;
};

TEST_F(DatabaseTest, WaitingWritesShareACommitAndFailAlone) {
  constexpr int kWrites = 10;
  std::latch queued(kWrites);
  std::atomic<int> failed = 0;
  std::atomic<int> answered_before_commit = 0;
  std::vector<std::jthread> threads;
  HeldWriter held(*database_);
  for (int i = 0; i < kWrites; ++i) {
    threads.emplace_back([&, i] {
      queued.count_down();
      // 3 and 7 collide with 2 on the unique column, or one of them gets there first: two of the three fail.
      const std::string words = i == 3 || i == 7 ? "note 2" : "note " + std::to_string(i);
      Result<> done = add(words);
      if (!done) {
        EXPECT_EQ(done.error().code, Code::kConflict);
        ++failed;
      } else if (database_->commits() == 0) {
        ++answered_before_commit;
      }
    });
  }
  queued.wait();
  held.let_go();
  threads.clear();
  EXPECT_EQ(failed, 2);
  EXPECT_EQ(answered_before_commit, 0);
  EXPECT_EQ(count(), kWrites - 2);
  EXPECT_LE(database_->commits(), 1U + kWrites - 2);
}

TEST_F(DatabaseTest, AWaitingWriteIsWithdrawnWhenItsTimeIsOver) {
  ManualClock clock;
  HeldWriter held(*database_);
  std::stop_source stop;
  std::jthread canceller([&] { stop.request_stop(); });
  Result<> cancelled =
      database_->write([](Transaction& t) { return add_note(t, "never"); }, Deadline::never(), stop.get_token());
  EXPECT_EQ(cancelled.error().code, Code::kCancelled);
  Deadline over = Deadline::in(std::chrono::seconds(1), clock);
  clock.advance(std::chrono::seconds(2));
  Result<> late = database_->write([](Transaction& t) { return add_note(t, "never"); }, over, {});
  EXPECT_EQ(late.error().code, Code::kDeadlineExceeded);
  held.let_go();
  EXPECT_EQ(count(), 0);
}

TEST_F(DatabaseTest, AFullQueueRefuses) {
  database_.reset();
  DatabaseOptions options = options_at(path_);
  options.queue = 0;
  open(std::move(options));
  EXPECT_EQ(add("one").error().code, Code::kResourceExhausted);
}

TEST_F(DatabaseTest, ALongReadStops) {
  constexpr const char* kEndless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
  std::stop_source stop;
  auto reader = *database_->read(Deadline::never(), stop.get_token());
  std::jthread canceller([&] { stop.request_stop(); });
  auto rows = *reader.query(kEndless);
  Result<bool> row = rows.step();
  ASSERT_FALSE(row);
  EXPECT_EQ(row.error().code, Code::kCancelled);

  class RunningClock final : public Clock {  // A second passes with each look.
   public:
    TimePoint now() const override { return TimePoint{} + std::chrono::seconds(++looks_); }
    WallTime wall() const override { return {}; }

   private:
    mutable std::atomic<int> looks_ = 0;
  } clock;
  auto timed = *database_->read(Deadline::in(std::chrono::seconds(50), clock), {});
  auto timed_rows = *timed.query(kEndless);
  EXPECT_EQ(timed_rows.step().error().code, Code::kDeadlineExceeded);
}

TEST_F(DatabaseTest, AReaderWaitsForAConnectionUntilItsTimeIsOver) {
  database_.reset();
  DatabaseOptions options = options_at(path_);
  options.readers = 1;
  open(std::move(options));
  ManualClock clock;
  {
    auto only = *database_->read(Deadline::never(), {});
    std::stop_source stop;
    std::jthread canceller([&] { stop.request_stop(); });
    EXPECT_EQ(database_->read(Deadline::never(), stop.get_token()).error().code, Code::kCancelled);
  }
  EXPECT_TRUE(database_->read(Deadline::never(), {}));
}

TEST_F(DatabaseTest, CommitHooksRunInOrderBeforeTheAnswer) {
  std::vector<int> seen;
  for (int i = 0; i < 3; ++i) {
    Result<> done = database_->write(
        [&](Transaction& t) -> Result<> {
          t.on_commit([&, i] { seen.push_back(i); });
          if (i == 1) return Error{Code::kNotFound, "no", ""};
          return add_note(t, std::to_string(i));
        },
        Deadline::never(), {});
    EXPECT_EQ(static_cast<bool>(done), i != 1);
  }
  EXPECT_EQ(seen, (std::vector<int>{0, 2}));
}

TEST_F(DatabaseTest, CommitHooksMayReadWhenAllReadersAreLentToThoseWhoWait) {
  database_.reset();
  DatabaseOptions options = options_at(path_);
  options.readers = 1;
  open(std::move(options));
  auto mine = *database_->read(Deadline::never(), {});
  std::int64_t seen = 0;
  Result<> done = database_->write(
      [&](Transaction& t) -> Result<> {
        t.on_commit([&] { seen = count(); });
        return add_note(t, "one");
      },
      Deadline::never(), {});
  EXPECT_TRUE(done);
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(count(mine), 0);
}

TEST_F(DatabaseTest, FiveReadersAndTwoWritersNeverMeetALock) {
  constexpr int kNotes = 200;
  std::atomic<bool> writing = true;
  std::vector<std::jthread> readers;
  for (int r = 0; r < 5; ++r) {
    readers.emplace_back([&] {
      std::int64_t last = 0;
      do {
        auto reader = database_->read(Deadline::never(), {});
        ASSERT_TRUE(reader) << reader.error().message;
        const std::int64_t now = count(*reader);
        EXPECT_GE(now, last);
        last = now;
      } while (writing);
    });
  }
  std::vector<std::jthread> writers;
  for (int w = 0; w < 2; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kNotes; ++i) {
        Result<> done = add(std::to_string(w) + "/" + std::to_string(i));
        ASSERT_TRUE(done) << done.error().message;
      }
    });
  }
  writers.clear();
  writing = false;
  readers.clear();
  EXPECT_EQ(count(), 2 * kNotes);
}

TEST_F(DatabaseTest, AScrubbedLogIsEmptyOnceNoReaderNeedsIt) {
  const auto settle = [&] {  // Two writes that store nothing: the first ends what the writer was doing.
    for (int i = 0; i < 2; ++i) {
      Result<> nothing = database_->write([](Transaction&) -> Result<> { return Error{Code::kCancelled, "", ""}; },
                                          Deadline::never(), {});
      EXPECT_FALSE(nothing);
    }
  };
  ASSERT_TRUE(add("one"));
  EXPECT_GT(std::filesystem::file_size(path_ + "-wal"), 0U);
  {
    auto reader = *database_->read(Deadline::never(), {});
    Result<std::int64_t> gone = database_->write(
        [](Transaction& t) {
          t.scrub_log();
          return t.run("DELETE FROM note");
        },
        Deadline::never(), {});
    ASSERT_TRUE(gone);
    EXPECT_EQ(*gone, 1);
    EXPECT_EQ(count(reader), 1);
    EXPECT_GT(std::filesystem::file_size(path_ + "-wal"), 0U);
  }
  settle();
  EXPECT_EQ(std::filesystem::file_size(path_ + "-wal"), 0U);
}

TEST_F(DatabaseTest, TheLogStaysBounded) {
  database_.reset();
  DatabaseOptions options = options_at(path_);
  options.wal_bytes = 64U << 10U;
  open(std::move(options));
  const std::string filler(20000, 'x');
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(add(filler + std::to_string(i)));
  EXPECT_LT(std::filesystem::file_size(path_ + "-wal"), 256U << 10U);
}

TEST_F(DatabaseTest, CustomTokenizerCutsAndFinds) {
  database_.reset();
  DatabaseOptions options = options_at((folder_ / "terms.db").string());
  options.tokenizer_name = "pairs";
  options.tokenizer = [](std::string_view text, bool query, const EmitTerm& emit) {
    if (query) return emit(text, 0, static_cast<std::uint32_t>(text.size()), false);
    for (std::uint32_t i = 0; i + 2 <= text.size(); i += 2) emit(text.substr(i, 2), i, i + 2, false);
  };
  options.migrations.push_back(
      {.version = 2, .up = "CREATE VIRTUAL TABLE pair USING fts5(body, tokenize='pairs')", .down = "DROP TABLE pair"});
  open(std::move(options));
  ASSERT_TRUE(
      database_->write([](Transaction& t) { return t.run("INSERT INTO pair(rowid, body) VALUES(5, ?)", {"abcd"}); },
                       Deadline::never(), {}));
  auto reader = *database_->read(Deadline::never(), {});
  const auto hits = [&](std::string_view match) {
    auto rows = *reader.query("SELECT count(*) FROM pair WHERE pair MATCH ?", {match});
    EXPECT_TRUE(*rows.step());
    return rows.integer(0);
  };
  EXPECT_EQ(hits("\"cd\""), 1);
  EXPECT_EQ(hits("\"bc\""), 0);
}

}  // namespace
}  // namespace docmind::store
