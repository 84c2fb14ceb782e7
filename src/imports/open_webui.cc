// Open WebUI (0.4 to 0.11): webui.db with the tables `file` and `chat`, and uploads/ID_NAME. Newer ones have a table
// `chat_message`, too; what is in it stands in `chat` as well.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "base/json_members.h"
#include "imports/impl/collect.h"
#include "store/foreign.h"

namespace docmind::imports {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kDatabase = "webui.db";
constexpr const char* kUploads = "uploads";
constexpr int kMillis = 1000;

// A message is a text, or a list of parts of which some are pictures.
std::string text_of(const json::value& content) {
  std::string out(json_text(content));
  for (const json::value& part : json_list(content)) {
    const std::string_view type = json_text(json_member(part, "type"));
    if (type == "text" || type == "output_text") out += json_text(json_member(part, "text"));
  }
  constexpr std::string_view kBegin = "<details type=\"reasoning\"";
  out = without_thoughts(out, kBegin, "</details>");
  return out.substr(0, out.find(kBegin));  // One without an end is the rest of it.
}

// From 0.9 on an answer may be in "output" alone: what a model thought, which tools it called, and what it said.
std::string text_in(const json::value& message) {
  std::string out = text_of(json_member(message, "content"));
  if (!out.empty()) return out;
  for (const json::value& item : json_list(json_member(message, "output"))) {
    if (json_text(json_member(item, "type")) != "message") continue;
    out += (out.empty() ? "" : "\n") + text_of(json_member(item, "content"));
  }
  return out;
}

// Seconds, but milliseconds in some; 0 for a time that no clock tells.
std::int64_t milliseconds_in(const json::value& message) {
  constexpr std::uint64_t kLatest = 253'402'300'799;               // Seconds: the end of the year 9999.
  constexpr std::uint64_t kFirstMilliseconds = 1'000'000'000'000;  // Of 2001.
  const std::uint64_t at = json_count(json_member(message, "timestamp"));
  if (at <= kLatest) return static_cast<std::int64_t>(at) * kMillis;
  return at >= kFirstMilliseconds && at / kMillis <= kLatest ? static_cast<std::int64_t>(at) : 0;
}

Message message_of(const json::value& message) {
  return {role_named(json_text(json_member(message, "role"))), text_in(message), milliseconds_in(message)};
}

// A chat is a tree of messages with the one that is shown last; older ones are a list alone.
std::vector<Message> messages_of(const json::value& chat) {
  std::vector<Message> out;
  const json::value& history = json_member(chat, "history");
  const json::object& messages = json_object(json_member(history, "messages"));
  std::set<std::string, std::less<>> seen;
  std::string id(json_text(json_member(history, "currentId")));
  while (!id.empty() && seen.insert(id).second) {
    const json::value& message = json_member(messages, id);
    if (!message.is_object()) break;
    out.push_back(message_of(message));
    id = json_text(json_member(message, "parentId"));
  }
  std::ranges::reverse(out);
  if (!out.empty()) return out;
  for (const json::value& message : json_list(json_member(chat, "messages"))) out.push_back(message_of(message));
  return out;
}

class OpenWebUi {
 public:
  OpenWebUi(const fs::path& folder, store::ForeignDatabase& database, const Reading& reading)
      : folder_(folder), database_(database), reading_(reading) {}

  Result<Found> run() {
    DM_TRY(documents());
    DM_TRY(chats());
    return collect_.take();
  }

 private:
  Result<> documents() {
    if (!DM_TRY(database_.has("file", "filename"))) return {};
    const bool has_path = DM_TRY(database_.has("file", "path"));
    const bool has_data = DM_TRY(database_.has("file", "data"));
    // By rowid, as they came in: to sort whole rows would take as much memory as there are bytes in them.
    auto rows =
        DM_TRY(database_.query(fmt::format("SELECT id, filename, {}, {} FROM file ORDER BY rowid",
                                           has_path ? "path" : "NULL", has_data ? store::bounded("data") : "NULL")));
    while (DM_TRY(rows.step())) {
      document(std::string(rows.text(0)), std::string(rows.text(1)), rows.text(2), rows.text(3));
    }
    return {};
  }

  // What is stored of the path is that of the machine, or container, it ran on: its last part alone is looked for.
  void document(const std::string& id, const std::string& name, std::string_view path, std::string_view data) {
    for (const std::string& kept : {fs::path(path).filename().string(), id + "_" + name, name}) {
      if (kept.empty() || kept == "." || kept == ".." || kept.find('/') != std::string::npos) continue;
      const fs::path file = folder_ / kUploads / kept;
      std::error_code failed;
      const fs::file_status status = fs::symlink_status(file, failed);
      if (failed == std::errc::permission_denied)
        return collect_.leave_out(name, "its file cannot be read: permission denied");
      if (!fs::is_regular_file(status)) continue;  // A link could lead out of the folder.
      return collect_.add_document(name, false,
                                   [&files = reading_.files, file] { return files.read(file, kLargestDocument); });
    }
    const auto parsed = parse_json(data);
    std::string text(parsed ? json_text(json_member(*parsed, "content")) : "");
    if (text.empty()) return collect_.leave_out(name, "its file is not in uploads/, and its text was not kept");
    collect_.add_text(name, std::move(text));
  }

  Result<> chats() {
    if (!DM_TRY(database_.has("chat", "chat"))) return {};
    const bool has_meta = DM_TRY(database_.has("chat", "meta"));
    const bool has_owner = DM_TRY(database_.has("chat", "user_id"));
    auto rows = DM_TRY(
        database_.query(fmt::format("SELECT id, title, {}, {}, {} FROM chat ORDER BY rowid", store::bounded("chat"),
                                    has_meta ? "meta" : "NULL", has_owner ? "user_id" : "NULL")));
    while (DM_TRY(rows.step())) {
      if (is_copy_or_inner(rows.text(3), rows.text(4))) continue;
      const std::string id(rows.text(0));
      const std::string title(rows.text(1));
      const auto chat = parse_json(rows.text(2));
      if (!chat) {
        collect_.leave_out("chat " + title, "it cannot be read: " + chat.error().message);
        continue;
      }
      collect_.add_chat(id, title, messages_of(*chat));
    }
    return {};
  }

  // A chat that was shared is there twice; one that a program leads with itself is shown to nobody.
  static bool is_copy_or_inner(std::string_view meta, std::string_view owner) {
    if (owner.starts_with("shared-")) return true;
    const auto parsed = parse_json(meta);
    return parsed && json_flag(json_member(*parsed, "internal"));
  }

  fs::path folder_;
  store::ForeignDatabase& database_;
  const Reading& reading_;
  Collect collect_;
};

}  // namespace

Result<Found> find_open_webui(const fs::path& folder, const Reading& reading) {
  DM_TRY(check_has(System::kOpenWebUi, folder, kDatabase, reading));
  const auto database = DM_TRY(store::ForeignDatabase::open(folder / kDatabase, reading.deadline, reading.stop));
  const bool ours = DM_TRY(database->has("chat", "chat")) || DM_TRY(database->has("file", "filename"));
  if (!ours) return not_that_system(System::kOpenWebUi, folder, "table chat or file in webui.db");
  return OpenWebUi(folder, *database, reading).run();
}

}  // namespace docmind::imports
