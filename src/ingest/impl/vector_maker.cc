#include "ingest/impl/vector_maker.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <set>
#include <utility>

#include "base/half.h"
#include "exec/task_group.h"

namespace docmind::ingest {
namespace {

constexpr std::size_t kLookUp = 1000;      // Keys in one look at the library.
constexpr std::size_t kSectionBatch = 64;  // Headings are a few words each.
constexpr std::size_t kAtOnce = 2;         // Batches: one is committed while the next is embedded.

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
    row.vector = to_halves(made[i].vector);
    row.spans.reserve(made[i].spans.size() * model.dimensions);
    for (const std::vector<float>& span : made[i].spans) {
      if (span.size() != model.dimensions) return bad;
      std::ranges::transform(span, std::back_inserter(row.spans), to_half);
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

llm::EmbedInput VectorMaker::input_of_work(Kind kind, const Work& work) {
  const library::NewDocument& document = *work.document;
  if (kind == Kind::kSections) return input_of(document.sections[work.index]);
  return input_of(document.parsed, document.units, document.chunks[work.index], work.index);
}

// How many of the batch were computed; another ingest may just have stored the others. Nobody else makes any of them
// meanwhile, so the look at the library is the last word.
Result<std::uint64_t> VectorMaker::make_batch(const Batch& batch, const llm::EmbedderInfo& model, Deadline deadline,
                                              std::stop_token stop) {
  std::vector<ContentHash> wanted;
  for (const Work& work : batch.work) wanted.push_back(work.key);
  std::ranges::sort(wanted);
  std::vector<Gate<ContentHash>::Pass> passes;
  for (const ContentHash& key : wanted) passes.push_back(DM_TRY(gate_.enter(key, deadline, stop)));

  const std::vector<Work> left = DM_TRY(missing(batch.work, deadline, stop));
  if (left.empty()) return std::uint64_t{0};
  std::vector<llm::EmbedInput> inputs;
  std::vector<ContentHash> keys;
  for (const Work& work : left) {
    keys.push_back(work.key);
    inputs.push_back(input_of_work(batch.kind, work));
  }
  const std::vector<llm::Embedding> made = DM_TRY(deps_.embedder.embed(inputs, deadline, stop));
  const std::vector<library::Embedding> rows = DM_TRY(rows_of(made, inputs, keys, model));
  DM_TRY(deps_.library.put_embeddings(rows, deadline, stop));
  return std::uint64_t{left.size()};
}

// Appends what of `wanted` is not in the library, in batches of `size`.
Result<> VectorMaker::plan(Kind kind, const std::vector<Work>& wanted, std::size_t size, std::vector<Batch>& batches,
                           Deadline deadline, std::stop_token stop) {
  const std::vector<Work> left = DM_TRY(missing(wanted, deadline, stop));
  for (std::size_t from = 0; from < left.size(); from += size) {
    const auto part = std::span(left).subspan(from, std::min(size, left.size() - from));
    batches.push_back({kind, {part.begin(), part.end()}});
  }
  return {};
}

// The first error ends it, but what another thread has in hand is made and committed: it was paid for.
Result<> VectorMaker::make_all(const std::vector<Batch>& batches,
                               const std::function<Result<>(const Batch&)>& make_one) {
  std::atomic<std::size_t> next = 0;
  exec::TaskGroup group(deps_.pool);
  for (std::size_t i = 0; i < std::min(kAtOnce, batches.size()); ++i) {
    group.run([&](const std::stop_token& failed) -> Result<> {
      while (!failed.stop_requested()) {
        const std::size_t mine = next++;
        if (mine >= batches.size()) break;
        DM_TRY(make_one(batches[mine]));
      }
      return {};
    });
  }
  return group.join();
}

Result<> VectorMaker::make(std::span<const library::NewDocument* const> documents, const llm::EmbedderInfo& model,
                           const OnBatch& on_batch, Deadline deadline, std::stop_token stop) {
  std::vector<Work> chunks;
  std::vector<Work> sections;
  std::set<ContentHash> seen;
  Done done;
  for (const library::NewDocument* document : documents) {
    done.chunks += document->chunks.size();
    for (std::uint32_t i = 0; i < document->chunks.size(); ++i) {
      const ContentHash& key = document->chunks[i].embedding;
      if (seen.insert(key).second) chunks.push_back({key, document, i});
    }
    for (std::uint32_t i = 0; i < document->sections.size(); ++i) {
      const std::optional<ContentHash>& key = document->sections[i].embedding;
      if (key && seen.insert(*key).second) sections.push_back({*key, document, i});
    }
  }
  std::vector<Batch> batches;
  DM_TRY(plan(Kind::kChunks, chunks, options_.batch_chunks, batches, deadline, stop));
  Mutex mutex;  // Over done, and so that on_batch is called once at a time.
  for (const Batch& batch : batches) done.chunks -= batch.work.size();
  on_batch(done);
  DM_TRY(plan(Kind::kSections, sections, kSectionBatch, batches, deadline, stop));
  return make_all(batches, [&](const Batch& batch) -> Result<> {
    const std::uint64_t computed = DM_TRY(make_batch(batch, model, deadline, stop));
    if (batch.kind == Kind::kSections) return {};
    const MutexLock lock(mutex);
    done.computed += computed;
    done.chunks += batch.work.size();
    on_batch(done);
    return {};
  });
}

}  // namespace docmind::ingest
