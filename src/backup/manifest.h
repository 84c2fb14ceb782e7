// What a backup says of itself: docmind-backup.json in its folder. Its format: docs/formats/backup.md.
//
// Values and pure functions. What is read came from anywhere: it is bounded, and every path in it stays inside.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/copy.h"

namespace docmind::backup {

inline constexpr std::uint32_t kFormat = 1;
inline constexpr std::string_view kManifest = "docmind-backup.json";
inline constexpr std::uint64_t kMaxManifestBytes = 64U << 20U;
inline constexpr std::string_view kData = "data/";          // Before the files of the data directory,
inline constexpr std::string_view kSettings = "settings/";  // and before those of the settings.

struct FileRecord {
  std::string path;  // Below the backup's folder, with '/': "data/library.db".
  std::uint64_t bytes = 0;
  std::string sha256;
};

struct Manifest {
  std::string version{};  // Of the docmind that made it.
  std::int64_t made_ms = 0;
  std::map<std::string, store::Contents, std::less<>> databases{};  // By file name.
  std::vector<FileRecord> files{};
  std::vector<std::string> models_left_out{};

  std::uint64_t bytes() const;
  std::uint64_t rows(std::string_view database, std::string_view table) const;  // 0: there is none.
};

std::string to_text(const Manifest& manifest);

// kInvalidArgument when it is none, kConflict when its format is newer than ours.
Result<Manifest> parse_manifest(std::string_view text);

}  // namespace docmind::backup
