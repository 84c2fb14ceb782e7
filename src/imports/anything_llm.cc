// AnythingLLM (1.0 to 1.8): its storage folder has anythingllm.db with the tables `workspaces`, `workspace_threads` and
// `workspace_chats`, and documents/FOLDER/NAME.json with the text of what was uploaded; no original is kept.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>

#include "base/json.h"
#include "base/json_members.h"
#include "imports/impl/collect.h"
#include "store/foreign.h"

namespace docmind::imports {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kDatabase = "anythingllm.db";
constexpr const char* kDocuments = "documents";

Result<std::string> text_of(const fs::path& file, sys::Files& files) {
  const auto document = DM_TRY(parse_json(DM_TRY(files.read(file, kLargestDocument)), {.bytes = kLargestDocument}));
  std::string text(json_text(json_member(document, "pageContent")));
  if (text.empty()) return Error{Code::kInvalidArgument, "it has no text", ""};
  return text;
}

// What it is called is in the file itself; that is read once here and once when it is taken over.
Result<std::string> title_of(const fs::path& file, sys::Files& files) {
  const auto document = DM_TRY(parse_json(DM_TRY(files.read(file, kLargestDocument)), {.bytes = kLargestDocument}));
  std::string title(json_text(json_member(document, "title")));
  return title.empty() ? file.stem().string() : title;
}

Result<> add_documents(const fs::path& folder, const Reading& reading, Collect& collect) {
  std::error_code none;
  if (!fs::is_directory(folder, none)) return {};
  for (const sys::FolderEntry& inner : DM_TRY(reading.files.list(folder))) {
    if (inner.kind != sys::FileKind::kFolder) continue;  // A link could lead out of the folder.
    for (const sys::FolderEntry& entry : DM_TRY(reading.files.list(folder / inner.name))) {
      if (reading.stop.stop_requested()) return Error{Code::kCancelled, "stopped", ""};
      if (entry.kind != sys::FileKind::kRegular || !entry.name.ends_with(".json")) continue;
      const fs::path file = folder / inner.name / entry.name;
      const auto title = title_of(file, reading.files);
      if (!title) {
        collect.leave_out(entry.name, "it cannot be read: " + title.error().message);
        continue;
      }
      collect.add_document(*title, true, [file, &files = reading.files] { return text_of(file, files); });
    }
  }
  return {};
}

// One conversation: a workspace, or a thread of it, of one user.
struct Conversation {
  std::string title{};
  std::vector<Message> messages{};
};

// Times are milliseconds, or text where the database set them. What a person took out of a chat (/reset) has include=0.
// Threads came with 1.0, the sessions of its API later; nobody is shown those in a workspace's chat.
// A chat is one row, however many workspaces have its id.
Result<std::string> chats_query(store::ForeignDatabase& database) {
  const bool threads =
      DM_TRY(database.has("workspace_threads", "name")) && DM_TRY(database.has("workspace_chats", "thread_id"));
  const bool api = DM_TRY(database.has("workspace_chats", "api_session_id"));
  const bool include = DM_TRY(database.has("workspace_chats", "include"));
  return fmt::format(
      "SELECT c.workspaceId, {}, ifnull(c.user_id,0), "
      "ifnull((SELECT name FROM workspaces WHERE id=c.workspaceId LIMIT 1),''), {}, {}, {}, "
      "CASE typeof(c.createdAt) WHEN 'integer' THEN c.createdAt ELSE ifnull(unixepoch(c.createdAt),0)*1000 END, {} "
      "FROM workspace_chats c {} ORDER BY c.id",
      threads ? "ifnull(c.thread_id,0)" : "0",
      threads ? "ifnull((SELECT name FROM workspace_threads WHERE id=c.thread_id LIMIT 1),'')" : "''",
      store::bounded("c.prompt"), store::bounded("c.response"), api ? "ifnull(c.api_session_id,'')" : "''",
      include ? "WHERE c.include<>0" : "");
}

// As its own pages take them for thoughts.
std::string answer_in(const json::value& response) {
  std::string out(json_text(json_member(response, "text")));
  for (const char* word : {"think", "thinking", "thought", "thought_chain"}) {
    out = without_thoughts(out, fmt::format("<{}>", word), fmt::format("</{}>", word));
  }
  return out;
}

Result<> add_chats(store::ForeignDatabase& database, Collect& collect) {
  std::map<std::string, Conversation> conversations;
  auto rows = DM_TRY(database.query(DM_TRY(chats_query(database))));
  while (DM_TRY(rows.step())) {
    std::string id = fmt::format("{}-{}-{}", rows.integer(0), rows.integer(1), rows.integer(2));
    if (!rows.text(8).empty()) id += fmt::format("-{}", rows.text(8));
    Conversation& conversation = conversations[id];
    if (conversation.title.empty()) {
      conversation.title = rows.text(3);
      if (!rows.text(4).empty()) conversation.title += ": " + std::string(rows.text(4));
    }
    const auto response = parse_json(rows.text(6));
    const std::int64_t at = rows.integer(7);
    conversation.messages.push_back({Message::Role::kUser, std::string(rows.text(5)), at});
    if (!response) continue;  // The question counts as one without an answer.
    conversation.messages.push_back({Message::Role::kAssistant, answer_in(*response), at});
  }
  for (auto& [id, conversation] : conversations) {
    collect.add_chat(id, std::move(conversation.title), conversation.messages);
  }
  return {};
}

}  // namespace

Result<Found> find_anything_llm(const fs::path& folder, const Reading& reading) {
  DM_TRY(check_has(System::kAnythingLlm, folder, kDatabase, reading));
  const auto database = DM_TRY(store::ForeignDatabase::open(folder / kDatabase, reading.deadline, reading.stop));
  if (!DM_TRY(database->has("workspace_chats", "response")) || !DM_TRY(database->has("workspaces", "name"))) {
    return not_that_system(System::kAnythingLlm, folder, "table workspace_chats in anythingllm.db");
  }
  Collect collect;
  DM_TRY(add_documents(folder / kDocuments, reading, collect));
  DM_TRY(add_chats(*database, collect));
  return collect.take();
}

}  // namespace docmind::imports
