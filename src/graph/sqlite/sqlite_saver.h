// Keeps checkpoints in a SQLite file. Its tables: docs/formats/sessions.md.
//
// Thread safety: any method from any thread. Every call is one transaction of store::Database: what was answered with
// success survives a kill, and with Durability::kFull a power loss. Calls that come at the same time share a commit.
#pragma once
#include <memory>
#include <string>

#include "graph/checkpoint.h"
#include "store/database.h"

namespace docmind::graph::sqlite {

struct SqliteSaverOptions {
  std::string path{};
  store::Durability durability = store::Durability::kFull;
  std::string vfs{};  // SQLite's file system by name; empty: the default. For fault tests.
};

// As what file of SQLite it is opened: for who copies it or checks it without opening a saver.
store::DatabaseOptions file_options(const SqliteSaverOptions& options);

class SqliteSaver final : public Saver {
 public:
  // Creates the file if it is not there. Errors: as store::Database::open.
  static Result<std::unique_ptr<SqliteSaver>> open(SqliteSaverOptions options);
  ~SqliteSaver() override;

  Result<> put(const NewCheckpoint& checkpoint, Waiting waiting) override;
  Result<> put_writes(const Place& place, std::string_view checkpoint, const std::vector<PendingWrite>& writes,
                      Waiting waiting) override;
  Result<std::optional<SavedCheckpoint>> get(const Place& place, std::string_view id, Waiting waiting) override;
  Result<std::vector<SavedCheckpoint>> list(const ListFilter& filter, Waiting waiting) override;
  Result<std::vector<std::string>> threads(std::string_view after, std::size_t limit, Waiting waiting) override;
  Result<> delete_thread(std::string_view thread, Waiting waiting) override;
  Result<> delete_runs(const std::vector<std::string>& runs, Waiting waiting) override;
  Result<> copy_thread(std::string_view from, std::string_view to, Waiting waiting) override;
  Result<> prune(const std::vector<std::string>& threads, Prune what, Waiting waiting) override;

  // Problems that SQLite finds in the file; none when it is sound.
  Result<std::vector<std::string>> check(Waiting waiting);

 private:
  explicit SqliteSaver(std::unique_ptr<store::Database> database);
  std::unique_ptr<store::Database> database_;
};

}  // namespace docmind::graph::sqlite
