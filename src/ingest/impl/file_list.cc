#include "ingest/impl/file_list.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "base/utf8.h"
#include "ingest/ingest.h"

namespace docmind::ingest {
namespace {

namespace fs = std::filesystem;

// What parse reads, by the ending of the name; in folders everything else is left alone.
constexpr auto kEndings = std::to_array<std::string_view>({".pdf", ".docx", ".epub", ".html", ".htm", ".xhtml", ".md",
                                                           ".markdown", ".txt", ".text", ".rst", ".adoc", ".org"});
constexpr auto kNames = std::to_array<std::string_view>({"authors", "changelog", "changes", "contributing", "copying",
                                                         "copyright", "faq", "hacking", "history", "install", "license",
                                                         "news", "notice", "readme", "thanks", "todo"});

class Lister {
 public:
  Lister(sys::Files& files, sys::HiddenFiles hidden, std::stop_token stop)
      : files_(files), hidden_(hidden), stop_(std::move(stop)) {}

  Result<> add(const fs::path& given);
  FileList take() { return std::move(list_); }

 private:
  void add_file(const fs::path& path, std::uint64_t size);
  Result<> add_folder(const fs::path& folder);
  void fail(const fs::path& path, const Error& error) {
    list_.failed.push_back({sys::printable(path), one_line(error)});
  }

  sys::Files& files_;
  const sys::HiddenFiles hidden_;
  const std::stop_token stop_;
  std::unordered_set<std::string> seen_;
  FileList list_;
};

void Lister::add_file(const fs::path& path, std::uint64_t size) {
  const std::string& name = path.native();
  if (!is_utf8(name)) {
    return fail(path, {Code::kInvalidArgument, "the name of the file is not UTF-8", "Rename the file."});
  }
  if (seen_.insert(name).second) list_.files.push_back({name, size});
}

Result<> Lister::add_folder(const fs::path& folder) {
  list_.folders.push_back(folder.native());
  Result<sys::Walk> walked = sys::walk(files_, folder, {.hidden = hidden_}, stop_);
  if (!walked) {
    if (walked.error().code == Code::kCancelled) return walked.error();
    fail(folder, walked.error());
    return {};
  }
  for (const sys::WalkFailure& failure : walked->failures) fail(failure.path, failure.error);
  for (const fs::path& path : walked->files) {
    if (!is_document_name(path.filename().native())) {
      ++list_.skipped;
      continue;
    }
    const Result<sys::FileStat> stat = files_.stat(path);
    add_file(path, stat ? stat->size : 0);  // What is wrong with it will be said when it is read.
  }
  return {};
}

Result<> Lister::add(const fs::path& given) {
  if (stop_.stop_requested()) return Error{Code::kCancelled, "the ingest was cancelled"};
  std::error_code code;
  fs::path path = fs::absolute(given, code).lexically_normal();
  if (code || given.empty()) {
    fail(given, {Code::kInvalidArgument, "no path", "Give the path of a file or a folder."});
    return {};
  }
  if (!path.has_filename() && path.has_relative_path()) path = path.parent_path();  // "folder/"
  const Result<sys::FileStat> stat = files_.stat(path);
  if (!stat) {
    fail(path, stat.error());
  } else if (stat->kind == sys::FileKind::kFolder) {
    return add_folder(path);
  } else if (stat->kind == sys::FileKind::kRegular) {
    add_file(path, stat->size);
  } else {
    fail(path, {Code::kInvalidArgument, "neither a file nor a folder", "Give the path of a file or a folder."});
  }
  return {};
}

}  // namespace

Result<FileList> list_files(sys::Files& files, const std::vector<fs::path>& paths, sys::HiddenFiles hidden,
                            std::stop_token stop) {
  Lister lister(files, hidden, std::move(stop));
  for (const fs::path& path : paths) DM_TRY(lister.add(path));
  return lister.take();
}

bool is_document_name(std::string_view file_name) {
  std::string lower(file_name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (std::ranges::find(kNames, lower) != kNames.end()) return true;
  return std::ranges::any_of(
      kEndings, [&](std::string_view ending) { return lower.size() > ending.size() && lower.ends_with(ending); });
}

std::string one_line(const Error& error) {
  std::string line = error.message;
  if (!error.hint.empty()) {
    if (!line.ends_with('.') && !line.ends_with('!') && !line.ends_with('?')) line += '.';
    line += " " + error.hint;
  }
  std::ranges::replace(line, '\n', ' ');
  std::ranges::replace(line, '\r', ' ');
  return line;
}

}  // namespace docmind::ingest
