#include "engine/file_hash.h"

#include <fstream>
#include <optional>

#include "sys/files.h"

namespace docmind::engine {
namespace {

constexpr std::size_t kMaxMemo = 4096;  // Bytes.

// A memo is two lines: the file's stamp, its hash.
std::optional<ContentHash> told_by(std::string_view memo, std::string_view stamp) {
  if (!memo.starts_with(stamp) || !memo.ends_with('\n')) return {};
  memo.remove_prefix(stamp.size());
  if (!memo.starts_with('\n')) return {};
  const auto hash = ContentHash::from_hex(memo.substr(1, memo.size() - 2));
  return hash ? std::optional(*hash) : std::nullopt;
}

}  // namespace

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

Result<ContentHash> remembered_hash(const std::string& path, const std::filesystem::path& memo, sys::Files& files,
                                    const std::stop_token& stop) {
  const std::string stamp = sys::stamp_of(DM_TRY(files.stat(path)));
  if (const auto text = files.read(memo, kMaxMemo)) {
    if (const auto known = told_by(*text, stamp)) return *known;
  }
  const ContentHash hash = DM_TRY(hash_file(path, stop));
  // One that was written to meanwhile is hashed again next time.
  if (sys::stamp_of(DM_TRY(files.stat(path))) == stamp) {
    (void)static_cast<bool>(files.make_dirs(memo.parent_path()));
    (void)static_cast<bool>(files.write_atomic(memo, stamp + "\n" + hash.hex() + "\n"));
  }
  return hash;
}

}  // namespace docmind::engine
