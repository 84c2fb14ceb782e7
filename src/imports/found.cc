#include "imports/found.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "imports/impl/collect.h"

namespace docmind::imports {
namespace {

constexpr auto kSystems = std::to_array<SystemName>({{System::kOpenWebUi, "open-webui", "Open WebUI"},
                                                     {System::kAnythingLlm, "anything-llm", "AnythingLLM"},
                                                     {System::kPrivateGpt, "private-gpt", "PrivateGPT"},
                                                     {System::kDocMind, "docmind", "DocMind (upstream)"}});
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestTitle = 400;

// At most `bytes` of valid UTF-8.
std::string cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return std::string(text.substr(0, bytes));
}

bool blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// "2" before the last dot: "report (2).pdf".
std::string numbered(const std::string& name, std::size_t number) {
  const auto dot = name.rfind('.');
  const std::size_t at = dot == std::string::npos || dot == 0 ? name.size() : dot;
  return fmt::format("{} ({}){}", name.substr(0, at), number, name.substr(at));
}

// A name that is a name alone: no folders, nothing that a terminal obeys.
std::string last_part(std::string_view name, bool text_only) {
  const auto slash = name.find_last_of("/\\");
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  std::string out;
  for (const char c : name) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '_' : c;
  if (!is_utf8(out) || out.empty() || out == "." || out == "..") out = "document";
  if (out.size() > kLongestName) {  // The end says what it is.
    const auto dot = out.rfind('.');
    const std::string end = dot != std::string::npos && out.size() - dot < 10 ? out.substr(dot) : "";
    out = cut(out, kLongestName - end.size()) + end;
  }
  const bool is_text = out.ends_with(".txt") || out.ends_with(".md");
  return text_only && !is_text ? out + ".txt" : out;
}

}  // namespace

const SystemName& named(System system) { return *std::ranges::find(kSystems, system, &SystemName::system); }

std::optional<System> system_named(std::string_view word) {
  const auto* found = std::ranges::find(kSystems, word, &SystemName::word);
  return found == kSystems.end() ? std::nullopt : std::optional(found->system);
}

std::string system_words() {
  std::string out;
  for (const SystemName& one : kSystems) out += (out.empty() ? "" : ", ") + std::string(one.word);
  return out;
}

Error not_that_system(System system, const std::filesystem::path& folder, std::string_view missing) {
  return {Code::kInvalidArgument,
          fmt::format("{} does not look like the data of {}: there is no {}", sys::printable(folder),
                      named(system).name, missing),
          "docs/migration.md says which folder it is."};
}

Result<> check_has(System system, const std::filesystem::path& folder, const char* file, const Reading& reading) {
  const auto stat = reading.files.stat(folder / file);
  if (!stat && stat.error().code == Code::kNotFound) return not_that_system(system, folder, file);
  if (!stat) return stat.error();
  return {};
}

Message::Role role_named(std::string_view word) {
  if (word == "user") return Message::Role::kUser;
  return word == "assistant" ? Message::Role::kAssistant : Message::Role::kOther;
}

std::string without_thoughts(std::string_view text, std::string_view begin, std::string_view end) {
  std::string out;
  while (true) {
    const std::size_t from = text.find(begin);
    const std::size_t to = from == std::string_view::npos ? from : text.find(end, from);
    if (to == std::string_view::npos) return out += text;
    out += text.substr(0, from);
    text.remove_prefix(to + end.size());
  }
}

bool Collect::has_room_for(std::uint64_t bytes) {
  if (bytes > text_left_) return false;
  text_left_ -= bytes;
  return true;
}

void Collect::add_text(std::string_view name, std::string text) {
  if (!has_room_for(text.size())) return leave_out(last_part(name, true), "these are too many words for one import");
  add_document(name, true, [text = std::move(text)] { return Result<std::string>(text); });
}

void Collect::add_document(std::string_view name, bool text_only, std::function<Result<std::string>()> bytes) {
  const std::string wanted = last_part(name, text_only);
  if (found_.documents.size() == kMostDocuments)
    return leave_out(wanted, "these are too many documents for one import");
  std::size_t& number = numbers_[wanted];
  std::string free = wanted;
  while (!names_.insert(free).second) free = numbered(wanted, ++number + 1);
  found_.documents.push_back({std::move(free), text_only, std::move(bytes)});
}

void Collect::add_chat(std::string id, std::string title, const std::vector<Message>& messages) {
  Chat chat{std::move(id), is_utf8(title) ? cut(title, kLongestTitle) : "", {}};
  const std::string what = "chat " + (chat.title.empty() ? chat.id : chat.title);
  std::size_t unanswered = 0;
  for (const Message& message : messages) {
    if (!is_utf8(message.text) || blank(message.text)) continue;
    if (message.role == Message::Role::kUser) {
      if (!chat.turns.empty() && chat.turns.back().answer.empty()) {
        ++unanswered;
        chat.turns.pop_back();
      }
      const bool long_one = message.text.size() > kLongestQuestion;
      if (long_one) leave_out(what, "the end of a question of more than 16 KiB");
      chat.turns.push_back({cut(message.text, kLongestQuestion), "", message.at_ms});
    } else if (message.role == Message::Role::kAssistant && !chat.turns.empty()) {
      std::string& answer = chat.turns.back().answer;
      answer += (answer.empty() ? "" : "\n\n") + message.text;
    }
  }
  if (!chat.turns.empty() && chat.turns.back().answer.empty()) {
    ++unanswered;
    chat.turns.pop_back();
  }
  if (unanswered > 0)
    leave_out(what, fmt::format("{} question{} without an answer", unanswered, unanswered == 1 ? "" : "s"));
  if (chat.turns.size() > kMostTurns) {
    leave_out(what, fmt::format("its first {} turns: a session has {}", chat.turns.size() - kMostTurns, kMostTurns));
    chat.turns.erase(chat.turns.begin(), chat.turns.end() - kMostTurns);
  }
  if (chat.turns.empty()) return unanswered > 0 ? void() : leave_out(what, "nothing was answered in it");
  std::uint64_t bytes = 0;
  for (const Turn& turn : chat.turns) bytes += turn.question.size() + turn.answer.size();
  if (found_.chats.size() == kMostChats || !has_room_for(bytes))
    return leave_out(what, "these are too many chats for one import");
  found_.chats.push_back(std::move(chat));
}

Result<Found> find(System system, const std::filesystem::path& folder, const Reading& reading) {
  const sys::FileStat stat = DM_TRY(reading.files.stat(folder));
  if (stat.kind != sys::FileKind::kFolder) {
    return Error{Code::kInvalidArgument, sys::printable(folder) + " is no folder",
                 "docs/migration.md says which folder it is."};
  }
  switch (system) {
    case System::kOpenWebUi:
      return find_open_webui(folder, reading);
    case System::kAnythingLlm:
      return find_anything_llm(folder, reading);
    case System::kPrivateGpt:
      return find_private_gpt(folder, reading);
    case System::kDocMind:
      return find_docmind(folder, reading);
  }
  return Error{Code::kInternal, "an unknown system", ""};
}

}  // namespace docmind::imports
