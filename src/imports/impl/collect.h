// What the readers of the systems share: names that are only names, messages that become turns.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "imports/found.h"

namespace docmind::imports {

// Each system's reader.
Result<Found> find_open_webui(const std::filesystem::path& folder, const Reading& reading);
Result<Found> find_anything_llm(const std::filesystem::path& folder, const Reading& reading);
Result<Found> find_private_gpt(const std::filesystem::path& folder, const Reading& reading);
Result<Found> find_docmind(const std::filesystem::path& folder, const Reading& reading);

Error not_that_system(System system, const std::filesystem::path& folder, std::string_view missing);
// That its folder has this file; not_that_system() when there is none.
Result<> check_has(System system, const std::filesystem::path& folder, const char* file, const Reading& reading);

struct Message {
  enum class Role : std::uint8_t { kUser, kAssistant, kOther };
  Role role = Role::kOther;
  std::string text{};
  std::int64_t at_ms = 0;
};
Message::Role role_named(std::string_view word);  // "user", "assistant"

// What a model thought before it answered is no part of its answer: from each `begin` to the `end` behind it.
std::string without_thoughts(std::string_view text, std::string_view begin, std::string_view end);

class Collect {
 public:
  explicit Collect(std::uint64_t most_text = kMostText) : text_left_(most_text) {}

  // The last part of a name, at most 200 bytes without control characters; a name that another document has gets a
  // number.
  void add_document(std::string_view name, bool text_only, std::function<Result<std::string>()> bytes);
  // The same for words that are at hand.
  void add_text(std::string_view name, std::string text);
  // A question goes with what was answered up to the next one; what has no answer is left out.
  void add_chat(std::string id, std::string title, const std::vector<Message>& messages);
  void leave_out(std::string what, std::string why) { found_.left_out.push_back({std::move(what), std::move(why)}); }
  Found take() { return std::move(found_); }

 private:
  bool has_room_for(std::uint64_t bytes);

  Found found_;
  std::uint64_t text_left_;  // Bytes of texts and chats that may still be held.
  std::set<std::string, std::less<>> names_;
  std::map<std::string, std::size_t, std::less<>> numbers_;  // The last one that a name got.
};

}  // namespace docmind::imports
