// A data directory like DocMind's with few rows, and what is needed to back it up.
#pragma once
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "backup/restore.h"
#include "base/clock.h"
#include "store/copy.h"
#include "store/database.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::backup::testing {

inline store::DatabaseOptions database_at(const std::filesystem::path& path, std::uint32_t versions = 1) {
  store::DatabaseOptions options;
  options.path = path.string();
  options.application_id = 0x444f434dU;
  const std::vector<store::Migration> all = {
      {.version = 1, .up = "CREATE TABLE document(key INTEGER PRIMARY KEY, id TEXT) STRICT", .down = ""},
      {.version = 2, .up = "CREATE TABLE more(x) ", .down = "", .min_reader = 2}};
  options.migrations.assign(all.begin(), all.begin() + versions);
  return options;
}

class SmallLibrary {
 public:
  explicit SmallLibrary(const std::filesystem::path& data, std::uint32_t versions = 1)
      : data_(data), versions_(versions) {
    std::filesystem::create_directories(data);
  }

  void add(const std::string& id) {
    const auto database = *store::Database::open(database_at(data_ / "library.db", versions_));
    const auto added =
        database->write([&](store::Transaction& t) { return t.run("INSERT INTO document(id) VALUES(?)", {id}); },
                        Deadline::never(), {});
    DM_CHECK(added);
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((data_ / name).parent_path());
    std::ofstream(data_ / name, std::ios::binary) << bytes;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(data_ / name, std::ios::binary);
    return (std::ostringstream() << file.rdbuf()).str();
  }
  // Ids in the order they came, with a space between.
  std::string ids() const {
    std::string out;
    const auto rows = store::query_column(database_at(data_ / "library.db", 2), "SELECT id FROM document ORDER BY key",
                                          Deadline::never(), {});
    if (!rows) return "error: " + rows.error().message;
    for (const std::string& id : *rows) out += (out.empty() ? "" : " ") + id;
    return out;
  }

  Source source() const {
    Source out;
    out.data = data_;
    out.databases = {{database_at(data_ / "sessions.db", versions_), false},
                     {database_at(data_ / "library.db", versions_), true}};
    out.files = {"keys.json", "templates.json"};
    out.owned_folder = "originals";
    out.owners = "SELECT id FROM document";
    return out;
  }
  Target target(std::uint32_t versions = 1) const {
    return {.data = data_,
            .databases = {{database_at(data_ / "sessions.db", versions), false},
                          {database_at(data_ / "library.db", versions), true}},
            .names = {"sessions.db", "library.db", "keys.json", "templates.json", "originals", "models"},
            .kept = {"models", "x-purges-1.json"}};
  }
  const std::filesystem::path& data() const { return data_; }

 private:
  std::filesystem::path data_;
  std::uint32_t versions_;
};

}  // namespace docmind::backup::testing
