// What is known of a model file without opening it, on disk between runs.
//
// A card counts only for the file it was made for: same path, size and modification time. A card that is missing,
// damaged or of another file is simply not there. Thread safety: plain functions; cards are written atomically.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "llm/embedder.h"
#include "sys/files.h"

namespace docmind::llamacpp {

struct ModelCard {
  std::string model_path;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  llm::EmbedderInfo info;
};

std::optional<llm::EmbedderInfo> find_card(sys::Files& files, const std::filesystem::path& folder,
                                           const std::string& model_path, const sys::FileStat& model);
Result<> write_card(sys::Files& files, const std::filesystem::path& folder, const ModelCard& card);

}  // namespace docmind::llamacpp
