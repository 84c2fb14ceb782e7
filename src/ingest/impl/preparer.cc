#include "ingest/impl/preparer.h"

#include <filesystem>
#include <utility>

#include "base/hash.h"
#include "ingest/chunker.h"
#include "ingest/units.h"

namespace docmind::ingest {

std::string Preparer::chunker_version() const {
  return std::string(kChunkerVersion) + "/" + std::to_string(options_.chunk_tokens) + "/" +
         std::to_string(options_.chunk_overlap);
}

Result<sys::FileContent> Preparer::read(const Source& source) {
  if (source.bytes != nullptr) {
    if (source.bytes->size() > options_.max_file_bytes) {
      return Error{Code::kResourceExhausted, source.path + " is larger than the limit",
                   "Raise parse.max_file_mb or split the document."};
    }
    const auto wall = std::chrono::duration_cast<std::chrono::nanoseconds>(deps_.clock.wall().time_since_epoch());
    return sys::FileContent{*source.bytes,
                            {sys::FileKind::kRegular, source.bytes->size(), static_cast<std::int64_t>(wall.count())}};
  }
  Result<sys::FileContent> content = sys::read_unchanged(deps_.files, source.path, options_.max_file_bytes);
  if (!content && content.error().code == Code::kConflict) {  // Somebody was saving it: once more.
    content = sys::read_unchanged(deps_.files, source.path, options_.max_file_bytes);
  }
  return content;
}

Result<bool> Preparer::is_unchanged(const library::NewDocument& document, Times times, std::uint64_t& chunks,
                                    Deadline deadline, std::stop_token stop) {
  library::Snapshot at = DM_TRY(deps_.library.read(deadline, stop));
  const std::optional<library::Document> stored = DM_TRY(at.find_path(document.path));
  if (!stored || stored->version != document.version || stored->parser_version != document.parser_version ||
      stored->chunker_version != document.chunker_version || stored->model_hash != document.model_hash) {
    return false;
  }
  chunks = stored->chunk_count;
  if (times == Times::kOfTheFile && stored->modified_ns != document.modified_ns) {
    DM_TRY(deps_.library.touch_document(stored->key, document.modified_ns, deadline, stop));
  }
  return true;
}

void Preparer::cut(library::NewDocument& document) const {
  const std::uint32_t content_tokens = options_.chunk_tokens - 2;  // [CLS] and [SEP] are the embedder's.
  UnitLimits units;
  units.tokens = content_tokens;
  units.path_tokens = content_tokens / 5;
  Structure structure = structure_of(document.parsed, deps_.wordpiece, units);
  document.chunks = cut_chunks(document.parsed, structure, deps_.wordpiece, {content_tokens, options_.chunk_overlap});
  document.sections = std::move(structure.sections);
  document.units = std::move(structure.units);
  for (library::NewSection& section : document.sections) {
    section.embedding = key_of(input_of(section), document.model_hash);
  }
  for (std::uint32_t i = 0; i < document.chunks.size(); ++i) {
    library::NewChunk& chunk = document.chunks[i];
    chunk.embedding = key_of(input_of(document.parsed, document.units, chunk, i), document.model_hash);
  }
}

Result<Prepared> Preparer::prepare(const Source& source, Gate<std::string>::Pass pass, const std::string& model_hash,
                                   ProgressMeter& meter, Deadline deadline, std::stop_token stop) {
  Prepared prepared;
  prepared.pass = std::move(pass);
  sys::FileContent content = DM_TRY(read(source));
  library::NewDocument& document = prepared.document;
  document.path = source.path;
  document.version = content_hash(content.bytes).hex();
  document.size = content.bytes.size();
  document.modified_ns = content.stat.mtime_ns;
  document.parser_version = deps_.parser.version();
  document.chunker_version = chunker_version();
  document.model_hash = model_hash;
  const Times times = source.bytes == nullptr ? Times::kOfTheFile : Times::kOfThisMoment;
  prepared.unchanged = DM_TRY(is_unchanged(document, times, prepared.chunks, deadline, stop));
  if (prepared.unchanged) return prepared;

  const std::string name = std::filesystem::path(source.path).filename().native();
  document.parsed = DM_TRY(deps_.parser.parse(content.bytes, name, deadline, stop));
  content.bytes = {};
  DM_TRY(doc::valid(document.parsed).with("the parser's answer"));
  cut(document);
  prepared.chunks = document.chunks.size();
  meter.found(document.parsed.pages.size(), prepared.chunks);
  return prepared;
}

}  // namespace docmind::ingest
