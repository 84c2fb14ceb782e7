// What another system's folder holds that DocMind can take over: documents and chats. Other programs' formats, of the
// versions that docs/migration.md names; nothing is written there.
//
// Hostile input: files, values, depths and numbers are bounded, names are names alone, and no path in the data leads
// out of the folder. What is not taken over is listed with its reason. Thread safety: plain functions.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "sys/files.h"

namespace docmind::imports {

enum class System : std::uint8_t { kOpenWebUi, kAnythingLlm, kPrivateGpt, kDocMind };

struct SystemName {
  System system;
  std::string_view word;  // On the command line, and before the names of its sessions: "open-webui".
  std::string_view name;  // "Open WebUI"
};
const SystemName& named(System system);
std::optional<System> system_named(std::string_view word);
std::string system_words();  // All, with commas.

inline constexpr std::uint64_t kLargestDocument = 256ULL << 20U;
inline constexpr std::size_t kLongestQuestion = 16U << 10U;  // Bytes, as of a session.
inline constexpr std::size_t kMostTurns = 1000;              // Of a chat; the newest.
inline constexpr std::size_t kMostChats = 100'000;
inline constexpr std::size_t kMostDocuments = 100'000;
inline constexpr std::uint64_t kMostText = 2ULL << 30U;  // Bytes of texts from databases and of chats: held in memory.

struct Document {
  std::string name{};      // As it will be called in the library.
  bool text_only = false;  // The system kept no original, but its words alone.
  std::function<Result<std::string>()> bytes{};
};

struct Turn {
  std::string question{};
  std::string answer{};
  std::int64_t asked_ms = 0;  // UTC; 0: unknown.
};

struct Chat {
  std::string id{};  // The same each time.
  std::string title{};
  std::vector<Turn> turns{};  // At least one.
};

struct LeftOut {
  std::string what{};
  std::string why{};
};

struct Found {
  std::vector<Document> documents{};  // Each name once.
  std::vector<Chat> chats{};
  std::vector<LeftOut> left_out{};
};

struct Reading {
  sys::Files& files;  // Outlive what is found: documents are read when they are asked for.
  Deadline deadline;
  std::stop_token stop;
};

// Errors: kInvalidArgument (the folder does not look like that system's), kConflict (it is in use), kDataLoss (its
// database is damaged), kNotFound, kCancelled.
Result<Found> find(System system, const std::filesystem::path& folder, const Reading& reading);

}  // namespace docmind::imports
