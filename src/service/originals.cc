#include "service/originals.h"

#include "base/hash.h"

namespace docmind::service {
namespace {

constexpr std::string_view kText = "Its text is here all the same.";

Error not_there(const library::Document& document, const Error& why) {
  if (Originals::uploaded(document)) {
    return {Code::kNotFound, "the original of " + document.path + " is not kept here",
            "Upload it again; its text is here."};
  }
  if (why.code == Code::kNotFound) {
    return {Code::kNotFound, document.path + " is no longer there, so its pages cannot be shown", std::string(kText)};
  }
  return {Code::kNotFound, document.path + " cannot be read any more: " + why.message, std::string(kText)};
}

}  // namespace

std::filesystem::path Originals::place_of(const library::Document& document) const {
  return uploaded(document) ? folder_ / document.id : std::filesystem::path(document.path);
}

Result<> Originals::keep(const std::string& bytes, const std::function<Result<library::Document>()>& stored) {
  if (folder_.empty()) return {};
  const MutexLock lock(mutex_);
  const library::Document document = DM_TRY(stored());
  if (!uploaded(document) || document.page_count == 0 || document.version != content_hash(bytes).hex()) return {};
  const Result<sys::FileStat> there = files_.stat(place_of(document));
  if (there && there->size == document.size && read(document)) return {};
  DM_TRY(files_.make_dirs(folder_));
  return files_.write_atomic(place_of(document), bytes)
      .with("the document was read, but its original cannot be kept to show its pages");
}

Result<> Originals::forget(std::string_view document_id) {
  if (folder_.empty()) return {};
  const MutexLock lock(mutex_);
  Result<> removed = files_.remove(folder_ / document_id);
  if (!removed && removed.error().code == Code::kNotFound) return {};
  return removed;
}

Result<std::string> Originals::read(const library::Document& document) {
  if (uploaded(document) && folder_.empty()) return not_there(document, {});
  Result<sys::FileContent> content = sys::read_unchanged(files_, place_of(document), max_bytes_);
  if (!content && content.error().code != Code::kConflict) return not_there(document, content.error());
  if (!content || content_hash(content->bytes).hex() != document.version) {
    return Error{Code::kConflict, document.path + " has changed on the disk since it was read",
                 "Add it again to see its pages as they are now."};
  }
  return std::move(content->bytes);
}

std::uint64_t Originals::kept_bytes(const library::Document& document) {
  if (!uploaded(document) || folder_.empty()) return 0;
  const Result<sys::FileStat> there = files_.stat(place_of(document));
  return there ? there->size : 0;
}

}  // namespace docmind::service
