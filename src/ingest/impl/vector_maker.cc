#include "ingest/impl/vector_maker.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "library/half.h"

namespace docmind::ingest {
namespace {

constexpr std::size_t kLookUp = 1000;      // Keys in one look at the library.
constexpr std::size_t kSectionBatch = 64;  // Headings are a few words each.

// The embedder's answer as rows; what does not fit the question is refused.
Result<std::vector<library::Embedding>> rows_of(const std::vector<llm::Embedding>& made,
                                                const std::vector<llm::EmbedInput>& inputs,
                                                const std::vector<ContentHash>& keys, const llm::EmbedderInfo& model) {
  const Error bad{Code::kInternal, "the embedder's answer does not fit what was asked", "Restart DocMind."};
  if (made.size() != inputs.size()) return bad;
  std::vector<library::Embedding> rows;
  rows.reserve(made.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (made[i].vector.size() != model.dimensions || made[i].spans.size() != inputs[i].spans.size()) return bad;
    library::Embedding row;
    row.key = keys[i];
    row.model_hash = model.model_hash;
    row.dimensions = model.dimensions;
    row.vector = library::to_halves(made[i].vector);
    row.spans.reserve(made[i].spans.size() * model.dimensions);
    for (const std::vector<float>& span : made[i].spans) {
      if (span.size() != model.dimensions) return bad;
      std::ranges::transform(span, std::back_inserter(row.spans), library::to_half);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

Result<std::vector<VectorMaker::Work>> VectorMaker::missing(const std::vector<Work>& wanted, Deadline deadline,
                                                            std::stop_token stop) {
  std::vector<Work> out;
  for (std::size_t from = 0; from < wanted.size(); from += kLookUp) {
    const auto part = std::span(wanted).subspan(from, std::min(kLookUp, wanted.size() - from));
    std::vector<ContentHash> keys;
    keys.reserve(part.size());
    for (const Work& work : part) keys.push_back(work.key);
    library::Snapshot at = DM_TRY(deps_.library.read(deadline, stop));
    const std::vector<bool> there = DM_TRY(at.has_embeddings(keys));
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (!there[i]) out.push_back(part[i]);
    }
  }
  return out;
}

// How many of the batch were computed; another ingest may just have stored the others.
Result<std::uint64_t> VectorMaker::make_batch(const library::NewDocument& document, Kind kind,
                                              const std::vector<Work>& batch, const llm::EmbedderInfo& model,
                                              Deadline deadline, std::stop_token stop) {
  const MutexLock lock(mutex_);
  const std::vector<Work> left = DM_TRY(missing(batch, deadline, stop));
  if (left.empty()) return std::uint64_t{0};
  std::vector<llm::EmbedInput> inputs;
  std::vector<ContentHash> keys;
  for (const Work& work : left) {
    keys.push_back(work.key);
    inputs.push_back(kind == Kind::kSections
                         ? input_of(document.sections[work.index])
                         : input_of(document.parsed, document.units, document.chunks[work.index], work.index));
  }
  const std::vector<llm::Embedding> made = DM_TRY(deps_.embedder.embed(inputs, deadline, stop));
  const std::vector<library::Embedding> rows = DM_TRY(rows_of(made, inputs, keys, model));
  DM_TRY(deps_.library.put_embeddings(rows, deadline, stop));
  return std::uint64_t{left.size()};
}

Result<> VectorMaker::make_sections(const library::NewDocument& document, const llm::EmbedderInfo& model,
                                    Deadline deadline, std::stop_token stop) {
  std::vector<Work> wanted;
  std::set<ContentHash> seen;
  for (std::uint32_t i = 0; i < document.sections.size(); ++i) {
    const ContentHash& key = *document.sections[i].embedding;
    if (seen.insert(key).second) wanted.push_back({key, i});
  }
  const std::vector<Work> left = DM_TRY(missing(wanted, deadline, stop));
  for (std::size_t from = 0; from < left.size(); from += kSectionBatch) {
    const auto part = std::span(left).subspan(from, std::min(kSectionBatch, left.size() - from));
    DM_TRY(make_batch(document, Kind::kSections, {part.begin(), part.end()}, model, deadline, stop));
  }
  return {};
}

Result<> VectorMaker::make(const library::NewDocument& document, const llm::EmbedderInfo& model,
                           const OnBatch& on_batch, Deadline deadline, std::stop_token stop) {
  std::vector<Work> wanted;
  std::set<ContentHash> seen;
  for (std::uint32_t i = 0; i < document.chunks.size(); ++i) {
    if (seen.insert(document.chunks[i].embedding).second) wanted.push_back({document.chunks[i].embedding, i});
  }
  const std::vector<Work> left = DM_TRY(missing(wanted, deadline, stop));
  Done done;
  done.chunks = document.chunks.size() - left.size();
  on_batch(done);
  for (std::size_t from = 0; from < left.size(); from += options_.batch_chunks) {
    const auto part = std::span(left).subspan(from, std::min<std::size_t>(options_.batch_chunks, left.size() - from));
    done.computed += DM_TRY(make_batch(document, Kind::kChunks, {part.begin(), part.end()}, model, deadline, stop));
    done.chunks += part.size();
    on_batch(done);
  }
  return make_sections(document, model, deadline, stop);
}

}  // namespace docmind::ingest
