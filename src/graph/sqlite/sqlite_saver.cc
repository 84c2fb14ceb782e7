#include "graph/sqlite/sqlite_saver.h"

#include <boost/json/object.hpp>
#include <utility>

#include "graph/sqlite/impl/checkpoint_table.h"

namespace docmind::graph::sqlite {
namespace {

constexpr std::uint32_t kApplicationId = 0x444d5345;  // "DMSE": DocMind sessions.

}  // namespace

SqliteSaver::SqliteSaver(std::unique_ptr<store::Database> database) : database_(std::move(database)) {}
SqliteSaver::~SqliteSaver() = default;

store::DatabaseOptions file_options(const SqliteSaverOptions& options) {
  store::DatabaseOptions file;
  file.path = options.path;
  file.durability = options.durability;
  file.application_id = kApplicationId;
  file.migrations = impl::migrations();
  file.vfs = options.vfs;
  return file;
}

Result<std::unique_ptr<SqliteSaver>> SqliteSaver::open(SqliteSaverOptions options) {
  auto opened = DM_TRY(store::Database::open(file_options(options)));
  return std::unique_ptr<SqliteSaver>(new SqliteSaver(std::move(opened)));
}

Result<> SqliteSaver::put(const NewCheckpoint& checkpoint, Waiting waiting) {
  const impl::Row row = impl::row_of(checkpoint);  // Text is made here, not on the writer's thread.
  return database_->write([&](store::Transaction& t) { return impl::put(t, checkpoint, row); }, waiting.deadline,
                          waiting.stop);
}

Result<> SqliteSaver::put_writes(const Place& place, std::string_view checkpoint,
                                 const std::vector<PendingWrite>& writes, Waiting waiting) {
  return database_->write([&](store::Transaction& t) { return impl::put_writes(t, place, checkpoint, writes); },
                          waiting.deadline, waiting.stop);
}

Result<std::optional<SavedCheckpoint>> SqliteSaver::get(const Place& place, std::string_view id, Waiting waiting) {
  store::Reader reader = DM_TRY(database_->read(waiting.deadline, waiting.stop));
  return impl::get(reader, place, id);
}

Result<std::vector<SavedCheckpoint>> SqliteSaver::list(const ListFilter& filter, Waiting waiting) {
  store::Reader reader = DM_TRY(database_->read(waiting.deadline, waiting.stop));
  return impl::list(reader, filter);
}

Result<std::vector<std::string>> SqliteSaver::threads(std::string_view after, std::size_t limit, Waiting waiting) {
  store::Reader reader = DM_TRY(database_->read(waiting.deadline, waiting.stop));
  return impl::threads(reader, after, limit);
}

Result<> SqliteSaver::delete_thread(std::string_view thread, Waiting waiting) {
  return database_->write(
      [&](store::Transaction& t) {
        t.scrub_log();  // What is deleted is gone from the file's log, too.
        return impl::delete_thread(t, thread);
      },
      waiting.deadline, waiting.stop);
}

Result<> SqliteSaver::delete_runs(const std::vector<std::string>& runs, Waiting waiting) {
  return database_->write([&](store::Transaction& t) { return impl::delete_runs(t, runs); }, waiting.deadline,
                          waiting.stop);
}

Result<> SqliteSaver::copy_thread(std::string_view from, std::string_view to, Waiting waiting) {
  return database_->write([&](store::Transaction& t) { return impl::copy_thread(t, from, to); }, waiting.deadline,
                          waiting.stop, store::Commit::kAlone);
}

Result<> SqliteSaver::prune(const std::vector<std::string>& threads, Prune what, Waiting waiting) {
  return database_->write(
      [&](store::Transaction& t) -> Result<> {
        t.scrub_log();
        for (const std::string& thread : threads) {
          DM_TRY(what == Prune::kDeleteAll ? impl::delete_thread(t, thread) : impl::keep_latest(t, thread));
        }
        return {};
      },
      waiting.deadline, waiting.stop, store::Commit::kAlone);
}

Result<std::vector<std::string>> SqliteSaver::check(Waiting waiting) {
  return database_->check(store::Database::Depth::kFull, waiting.deadline, waiting.stop);
}

}  // namespace docmind::graph::sqlite
