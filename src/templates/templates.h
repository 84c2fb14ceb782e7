// Named forms of questions with blanks (blanks.h): a few that come with DocMind, and a person's own in one file.
//
// The file is read when it is asked for and written whole, so that one that was mended by hand holds at once.
// Thread safety: every method from any thread. Bounds: 100 of one's own, names of 1 to 64 bytes in one line without
// "/", texts of 1 to 4096 bytes. Errors: kInvalidArgument; kConflict for what comes with DocMind; kResourceExhausted
// for one too many; kNotFound; kDataLoss for a file that is none of ours, which stays as it is. Format:
// docs/formats/data-directory.md.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "sys/files.h"

namespace docmind::templates {

struct Template {
  std::string name{};
  std::string text{};
  bool built_in = false;  // Came with DocMind; else a person's own.
};

// kInvalidArgument for what cannot be a name.
Result<> check_name(std::string_view name);

class Templates {
 public:
  // A file that is not there holds none.
  Templates(std::filesystem::path path, sys::Files& files) : path_(std::move(path)), files_(files) {}

  // Those that come with DocMind first, then one's own by name.
  Result<std::vector<Template>> list() const;
  // A new one, or another text for one of one's own. On the disk when it returns, as of remove().
  Result<Template> put(std::string name, std::string text);
  Result<Template> remove(std::string_view name);

 private:
  Result<std::vector<Template>> read() const DM_REQUIRES(mutex_);
  Result<> write(const std::vector<Template>& own) DM_REQUIRES(mutex_);

  const std::filesystem::path path_;
  sys::Files& files_;
  mutable Mutex mutex_;  // Of the file.
};

}  // namespace docmind::templates
