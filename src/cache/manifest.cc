#include "cache/manifest.h"

namespace docmind::cache {
namespace {

Result<bool> stands(const CitedPlace& place, library::Snapshot& at) {
  const Result<library::Document> document = at.find(place.document_id);
  if (!document) return document.error().code == Code::kNotFound ? Result<bool>(false) : document.error();
  if (document->id != place.document_id || document->version != place.version || document->path != place.path) {
    return false;
  }
  const Result<std::string> quote = at.text(document->key, place.span);
  if (!quote) return quote.error().code == Code::kInvalidArgument ? Result<bool>(false) : quote.error();
  return content_hash(*quote) == place.quote;
}

}  // namespace

Result<bool> stands(const Manifest& manifest, library::Snapshot& at) {
  for (const CitedPlace& place : manifest.cited) {
    if (!DM_TRY(stands(place, at))) return false;
  }
  for (const std::string& id : manifest.read) {
    const Result<library::Document> document = at.find(id);
    if (document && document->id == id) continue;
    if (!document && document.error().code != Code::kNotFound) return document.error();
    return false;
  }
  return true;
}

}  // namespace docmind::cache
