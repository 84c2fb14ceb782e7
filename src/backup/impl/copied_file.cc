#include "backup/impl/copied_file.h"

#include "base/sha256.h"

namespace docmind::backup {

Result<> Until::check() const {
  if (stop.stop_requested()) return Error{Code::kCancelled, "Stopped before it was done.", ""};
  if (deadline.expired()) return Error{Code::kDeadlineExceeded, "It took longer than allowed.", ""};
  return {};
}

Result<FileRecord> measure(const std::filesystem::path& file, std::string path, const Until& until) {
  FileRecord out{.path = std::move(path), .bytes = 0, .sha256 = {}};
  Sha256 hash;
  DM_TRY(sys::read_pieces(file, [&](std::string_view piece) -> Result<> {
    hash.add(piece);
    out.bytes += piece.size();
    return until.check();
  }));
  out.sha256 = hash.hex();
  return out;
}

Result<FileRecord> copy(const std::filesystem::path& from, const std::filesystem::path& to, std::string path,
                        sys::Files& files, const Until& until) {
  FileRecord out{.path = std::move(path), .bytes = 0, .sha256 = {}};
  Sha256 hash;
  DM_TRY(files.make_dirs(to.parent_path()));
  const auto target = DM_TRY(files.create(to));
  DM_TRY(sys::read_pieces(from, [&](std::string_view piece) -> Result<> {
    hash.add(piece);
    out.bytes += piece.size();
    DM_TRY(target->write(piece));
    return until.check();
  }));
  DM_TRY(target->commit());
  out.sha256 = hash.hex();
  return out;
}

}  // namespace docmind::backup
