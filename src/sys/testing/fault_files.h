// A Files that does what another does, until a test says otherwise: an error for a path, or something to happen first.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sys/files.h"

namespace docmind::sys {

class FaultFiles final : public Files {
 public:
  explicit FaultFiles(Files& real) : real_(real) {}

  // From now on every call on this path fails with the error; without an error it works again.
  void fail(const std::filesystem::path& path, std::optional<Error> error) {
    errors_[path.native()] = std::move(error);
  }
  // Called with the path at the start of each read.
  std::function<void(const std::filesystem::path&)> before_read{};
  // Called at its end, before the bytes are given back.
  std::function<void(const std::filesystem::path&)> after_read{};
  // Called with the path at the start of each atomic write.
  std::function<void(const std::filesystem::path&)> before_write{};

  Result<std::string> read(const std::filesystem::path& path, std::uint64_t max_bytes) override {
    if (before_read) before_read(path);
    if (const auto error = fault(path)) return *error;
    Result<std::string> bytes = real_.read(path, max_bytes);
    if (after_read) after_read(path);
    return bytes;
  }
  Result<> write_atomic(const std::filesystem::path& path, std::string_view bytes) override {
    if (before_write) before_write(path);
    if (const auto error = fault(path)) return *error;
    return real_.write_atomic(path, bytes);
  }
  // The fault shows at the first write: a disk that fills up.
  Result<std::unique_ptr<NewFile>> create(const std::filesystem::path& path) override {
    class Faulty final : public NewFile {
     public:
      Faulty(std::unique_ptr<NewFile> real, std::optional<Error> fault)
          : real_(std::move(real)), fault_(std::move(fault)) {}
      Result<> write(std::string_view bytes) override {
        if (fault_) return *fault_;
        return real_->write(bytes);
      }
      Result<> commit() override { return real_->commit(); }

     private:
      std::unique_ptr<NewFile> real_;
      std::optional<Error> fault_;
    };
    if (before_write) before_write(path);
    return std::unique_ptr<NewFile>(new Faulty(DM_TRY(real_.create(path)), fault(path)));
  }
  Result<> remove(const std::filesystem::path& path) override {
    if (const auto error = fault(path)) return *error;
    return real_.remove(path);
  }
  Result<> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    if (const auto error = fault(from)) return *error;
    return real_.rename(from, to);
  }
  Result<FileStat> stat(const std::filesystem::path& path) override {
    if (const auto error = fault(path)) return *error;
    return real_.stat(path);
  }
  Result<std::vector<FolderEntry>> list(const std::filesystem::path& folder) override {
    if (const auto error = fault(folder)) return *error;
    return real_.list(folder);
  }
  Result<> make_dirs(const std::filesystem::path& folder) override {
    if (const auto error = fault(folder)) return *error;
    return real_.make_dirs(folder);
  }

 private:
  std::optional<Error> fault(const std::filesystem::path& path) const {
    const auto at = errors_.find(path.native());
    return at == errors_.end() ? std::nullopt : at->second;
  }

  Files& real_;
  std::map<std::string, std::optional<Error>> errors_;
};

}  // namespace docmind::sys
