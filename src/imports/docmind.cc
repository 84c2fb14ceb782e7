// The DocMind of the specifications: a SQLite file with the tables `sessions` (id), `chat_history` (session_id, role,
// content, timestamp) and `document_cache` (file_name, chunks as JSON).
#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "imports/impl/collect.h"
#include "store/foreign.h"

namespace docmind::imports {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// A list of texts, or of objects with one: the specification leaves open which.
std::string text_of(const json::value& chunks) {
  std::string out;
  for (const json::value& chunk : json_list(chunks)) {
    std::string_view text = json_text(chunk);
    for (const char* field : {"text", "content"}) {
      if (text.empty()) text = json_text(json_member(chunk, field));
    }
    if (!text.empty()) out += std::string(text) + "\n\n";
  }
  return out;
}

Result<> add_chats(store::ForeignDatabase& database, Collect& collect) {
  auto rows = DM_TRY(database.query(
      "SELECT session_id, role, " + store::bounded("content") +
      ", "
      "CASE typeof(timestamp) WHEN 'integer' THEN timestamp*1000 ELSE ifnull(unixepoch(timestamp),0)*1000 END "
      "FROM chat_history WHERE session_id IS NOT NULL ORDER BY session_id, id"));
  std::string session;
  std::vector<Message> messages;
  while (DM_TRY(rows.step())) {
    if (rows.text(0) != session && !messages.empty()) {
      collect.add_chat(session, "", messages);
      messages.clear();
    }
    session = rows.text(0);
    messages.push_back({role_named(rows.text(1)), std::string(rows.text(2)), rows.integer(3)});
  }
  if (!messages.empty()) collect.add_chat(session, "", messages);
  return {};
}

Result<> add_documents(store::ForeignDatabase& database, Collect& collect) {
  if (!DM_TRY(database.has("document_cache", "chunks"))) return {};
  auto rows = DM_TRY(
      database.query("SELECT file_name, " + store::bounded("chunks") + " FROM document_cache ORDER BY file_hash"));
  while (DM_TRY(rows.step())) {
    const auto chunks = parse_json(rows.text(1));
    std::string text = chunks ? text_of(*chunks) : "";
    const std::string name(rows.text(0));
    if (text.empty()) {
      collect.leave_out(name, "its text was not kept");
      continue;
    }
    collect.add_text(name, std::move(text));
  }
  return {};
}

}  // namespace

Result<Found> find_docmind(const fs::path& folder, const Reading& reading) {
  Collect collect;
  bool seen = false;
  for (const sys::FolderEntry& entry : DM_TRY(reading.files.list(folder))) {
    const bool database_name =
        entry.name.ends_with(".db") || entry.name.ends_with(".sqlite") || entry.name.ends_with(".sqlite3");
    if (entry.kind != sys::FileKind::kRegular || !database_name) continue;
    const auto database = DM_TRY(store::ForeignDatabase::open(folder / entry.name, reading.deadline, reading.stop));
    if (!DM_TRY(database->has("chat_history", "content")) || !DM_TRY(database->has("chat_history", "session_id")))
      continue;
    if (DM_TRY(database->has("library_state", "generation"))) {
      return Error{Code::kInvalidArgument, sys::printable(folder) + " is a data directory of this docmind",
                   "docmind --data DIR uses it; docmind backup and docmind restore bring it elsewhere."};
    }
    seen = true;
    DM_TRY(add_chats(*database, collect));
    DM_TRY(add_documents(*database, collect));
  }
  if (!seen) return not_that_system(System::kDocMind, folder, "database with the table chat_history");
  return collect.take();
}

}  // namespace docmind::imports
