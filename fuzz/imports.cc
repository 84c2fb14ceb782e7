#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "base/check.h"
#include "base/utf8.h"
#include "driver.h"
#include "imports/found.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::fuzz {
namespace {

constexpr auto kPatience = std::chrono::seconds(5);

void check_name(const std::string& name) {
  DM_CHECK(is_utf8(name) && !name.empty() && name != "." && name != ".." && name.size() <= 220);
  DM_CHECK(std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '/'; }));
}

void check_found(const imports::Found& found) {
  std::set<std::string> names;
  for (const imports::Document& one : found.documents) {
    check_name(one.name);
    DM_CHECK(names.insert(one.name).second);
    (void)static_cast<bool>(one.bytes());
  }
  for (const imports::Chat& chat : found.chats) {
    DM_CHECK(is_utf8(chat.title) && !chat.turns.empty() && chat.turns.size() <= imports::kMostTurns);
    for (const imports::Turn& turn : chat.turns) {
      DM_CHECK(is_utf8(turn.question) && is_utf8(turn.answer) && !turn.question.empty() && !turn.answer.empty());
      DM_CHECK(turn.question.size() <= imports::kLongestQuestion);
    }
  }
}

void find_in(const sys::TempFolder& folder, imports::System system) {
  sys::RealFiles files;
  const sys::RealClock clock;
  const auto found = imports::find(system, folder.path(), {files, Deadline::in(kPatience, clock), {}});
  if (found) {
    check_found(*found);
  } else {
    DM_CHECK(is_utf8(found.error().message));
  }
}

}  // namespace

// One file with the tables of all systems.
void fuzz_import_database(std::string_view bytes) {
  static const sys::TempFolder folder;
  const std::filesystem::path file = folder.write("webui.db", bytes);
  for (const char* also : {"anythingllm.db", "docmind.db"}) {
    if (!std::filesystem::exists(folder / also)) std::filesystem::create_hard_link(file, folder / also);
  }
  for (const auto system : {imports::System::kOpenWebUi, imports::System::kAnythingLlm, imports::System::kDocMind})
    find_in(folder, system);
}

void fuzz_import_docstore(std::string_view bytes) {
  static const sys::TempFolder folder;
  folder.write("docstore.json", bytes);
  find_in(folder, imports::System::kPrivateGpt);
}

}  // namespace docmind::fuzz
