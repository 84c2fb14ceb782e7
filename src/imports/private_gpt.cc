// PrivateGPT (0.2 to 0.6): local_data/private_gpt/docstore.json, a document store of LlamaIndex (0.10): "docstore/data"
// has the pieces of text, "docstore/ref_doc_info" which pieces, in order, are whose. No original and no chat is kept.
#include <boost/json.hpp>
#include <map>
#include <set>

#include "base/json.h"
#include "base/json_members.h"
#include "imports/impl/collect.h"

namespace docmind::imports {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kStore = "docstore.json";
constexpr std::uint64_t kLargestStore = 1ULL << 30U;

// A piece's object, which older versions wrote as text within the text.
json::value piece_at(const json::object& data, std::string_view id) {
  const json::value& content = json_member(json_member(data, id), "__data__");
  if (!content.is_string()) return content;
  const auto parsed = parse_json(json_text(content));
  return parsed ? *parsed : json::value();
}

// The sentence itself: its neighbours may be in "text" for the model that reads it.
std::string_view words_of(const json::value& piece) {
  const std::string_view own = json_text(json_member(json_member(piece, "metadata"), "original_text"));
  return own.empty() ? json_text(json_member(piece, "text")) : own;
}

}  // namespace

Result<Found> find_private_gpt(const fs::path& folder, const Reading& reading) {
  DM_TRY(check_has(System::kPrivateGpt, folder, kStore, reading));
  const auto store = parse_json(DM_TRY(reading.files.read(folder / kStore, kLargestStore)), {.bytes = kLargestStore});
  if (!store)
    return Error{Code::kDataLoss, "docstore.json cannot be read: " + store.error().message, "Use another copy."};
  const json::object& data = json_object(json_member(*store, "docstore/data"));
  const json::object& owners = json_object(json_member(*store, "docstore/ref_doc_info"));
  if (owners.empty() && !json_member(*store, "docstore/data").is_object() && !json_object(*store).empty()) {
    return not_that_system(System::kPrivateGpt, folder, "docstore/data in docstore.json");
  }
  std::map<std::string, std::string> texts;  // By file name: a page each is an owner of its own.
  std::set<std::string_view> taken;          // Each piece once: all texts are no longer than the store.
  for (const auto& [id, owner] : owners) {
    std::string text;
    std::string name(json_text(json_member(json_member(owner, "metadata"), "file_name")));
    for (const json::value& node : json_list(json_member(owner, "node_ids"))) {
      if (reading.stop.stop_requested()) return Error{Code::kCancelled, "stopped", ""};
      if (!taken.insert(json_text(node)).second) continue;
      const json::value piece = piece_at(data, json_text(node));
      if (name.empty()) name = json_text(json_member(json_member(piece, "metadata"), "file_name"));
      text += words_of(piece);
      if (!text.empty() && text.back() != '\n' && text.back() != ' ') text += ' ';
    }
    if (name.empty()) name = std::string(id);
    texts[name] += text + "\n\n";
  }
  Collect collect;
  for (auto& [name, text] : texts) {
    if (text.find_first_not_of(" \n") == std::string::npos) {
      collect.leave_out(name, "its text was not kept");
      continue;
    }
    collect.add_text(name, std::move(text));
  }
  return collect.take();
}

}  // namespace docmind::imports
