#include "parse/archive.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <utility>

namespace docmind::parse {
namespace {

constexpr std::string_view kSaveAgain = "Open it in the program that made it, save it again and add that file.";

Error broken(std::string_view what) {
  return {Code::kDataLoss, fmt::format("the file is a broken zip container: {}", what), std::string(kSaveAgain)};
}

Error bomb(std::string what) {
  return {Code::kResourceExhausted, "the file was refused: " + std::move(what),
          "Such a file is made to exhaust a machine; if it is yours, save the document again without it."};
}

// Entries as the end record counts them, 0 when there is no end record; 65,535 stands for "more" (zip64).
std::uint64_t declared_entries(std::string_view bytes) {
  constexpr std::size_t kRecord = 22;
  constexpr std::size_t kComment = 65'535;
  if (bytes.size() < kRecord) return 0;
  const std::string_view tail = bytes.substr(bytes.size() - std::min(bytes.size(), kRecord + kComment));
  const std::size_t at = tail.rfind("PK\x05\x06");
  if (at == std::string_view::npos || at + kRecord > tail.size()) return 0;
  return static_cast<unsigned char>(tail[at + 10]) + 256U * static_cast<unsigned char>(tail[at + 11]);
}

}  // namespace

struct Archive::Zip {
  zip_t* handle = nullptr;
  ~Zip() {
    if (handle != nullptr) zip_discard(handle);
  }
};

Archive::Archive(const ArchiveLimits& limits) : limits_(limits), zip_(std::make_unique<Zip>()) {}
Archive::~Archive() = default;

Result<std::unique_ptr<Archive>> Archive::open(std::string_view bytes, const ArchiveLimits& limits) {
  std::unique_ptr<Archive> archive(new Archive(limits));
  DM_TRY(archive->load(bytes));
  return archive;
}

Result<> Archive::load(std::string_view bytes) {
  if (declared_entries(bytes) > limits_.max_entries) {
    return bomb(fmt::format("it is a zip container of more than {} files", limits_.max_entries));
  }
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) return broken("it cannot be opened");
  zip_->handle = zip_open_from_source(source, ZIP_RDONLY, &error);
  if (zip_->handle == nullptr) {
    zip_source_free(source);
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    return broken(why);
  }
  const zip_int64_t count = zip_get_num_entries(zip_->handle, 0);
  if (count < 0 || static_cast<std::uint64_t>(count) > limits_.max_entries) {
    return bomb(fmt::format("it is a zip container of more than {} files", limits_.max_entries));
  }
  std::uint64_t packed = 0;
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    if (zip_stat_index(zip_->handle, static_cast<zip_uint64_t>(i), 0, &stat) != 0 ||
        (stat.valid & ZIP_STAT_NAME) == 0) {
      return broken("an entry has no name");
    }
    names_.emplace_back(stat.name);
    const std::uint64_t size = (stat.valid & ZIP_STAT_COMP_SIZE) != 0 ? stat.comp_size : 0;
    // Entries that do not overlap fit beside each other.
    if (size > bytes.size() || (packed += size) > bytes.size()) return bomb("entries of the zip container overlap");
  }
  return {};
}

bool Archive::has(std::string_view name) const { return std::find(names_.begin(), names_.end(), name) != names_.end(); }

Result<std::string> Archive::read(std::string_view name) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return Error{Code::kNotFound, fmt::format("the container has no part {}", name), ""};
  const auto index = static_cast<zip_uint64_t>(found - names_.begin());
  zip_stat_t stat;
  if (zip_stat_index(zip_->handle, index, 0, &stat) != 0) return broken("an entry cannot be read");
  if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE) {
    return Error{Code::kInvalidArgument, "the document is protected by a password",
                 "Save it without a password and add that file."};
  }
  const std::uint64_t packed = (stat.valid & ZIP_STAT_COMP_SIZE) != 0 ? std::max<std::uint64_t>(stat.comp_size, 1) : 1;
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(zip_fopen_index(zip_->handle, index, 0), zip_fclose);
  if (file == nullptr) return broken(zip_strerror(zip_->handle));
  std::string out;
  std::array<char, 1U << 16U> piece;
  for (;;) {
    const zip_int64_t got = zip_fread(file.get(), piece.data(), piece.size());
    if (got < 0) return broken("an entry cannot be unpacked");
    if (got == 0) return out;
    out.append(piece.data(), static_cast<std::size_t>(got));
    unpacked_ += static_cast<std::uint64_t>(got);
    if (out.size() > limits_.max_entry_bytes || unpacked_ > limits_.max_total_bytes) {
      return bomb(fmt::format(
          "it unpacks to more than {} MiB",
          (out.size() > limits_.max_entry_bytes ? limits_.max_entry_bytes : limits_.max_total_bytes) >> 20U));
    }
    if (out.size() > limits_.ratio_from && out.size() / packed > limits_.max_ratio) {
      return bomb(fmt::format("a part unpacks to more than {} times its size", limits_.max_ratio));
    }
  }
}

}  // namespace docmind::parse
