#include "engine/file_hash.h"

#include <fstream>

namespace docmind::engine {

Result<ContentHash> hash_file(const std::string& path, const std::stop_token& stop) {
  std::ifstream file(path, std::ios::binary);
  std::string block(1U << 20U, '\0');
  Hasher hasher;
  while (file) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "The client has gone."};
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    hasher.add(std::string_view(block).substr(0, static_cast<std::size_t>(file.gcount())));
  }
  if (!file.eof()) return Error{Code::kDataLoss, "The model file cannot be read.", "Check the disk."};
  return hasher.finish();
}

}  // namespace docmind::engine
