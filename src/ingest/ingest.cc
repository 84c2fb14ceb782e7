// One run is a loop over packs of files with one pack of look-ahead: while the pack in hand is embedded and stored, a
// task of the pool reads, parses and cuts the next. A pack is as many small files as give two batches of chunks, so
// that a folder of notes is embedded as a book is, or a large file. Only that task waits at the gate for a file another
// run has in hand, and holds nothing while it does; the pack in hand waits for nobody, so two runs that meet in any
// order both go on.

#include "ingest/ingest.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "exec/task_group.h"
#include "ingest/impl/file_list.h"
#include "ingest/impl/gate.h"
#include "ingest/impl/preparer.h"
#include "ingest/impl/progress_meter.h"
#include "ingest/impl/vector_maker.h"

namespace docmind::ingest {
namespace {

constexpr int kPutTries = 3;
constexpr std::uint32_t kListPage = 1000;
constexpr std::size_t kPackFiles = 64;
constexpr std::uint64_t kPackBytes = 4ULL << 20U;
constexpr std::uint64_t kPackBatches = 2;  // One is committed while the other is embedded.

}  // namespace

struct Ingest::State {
  State(IngestOptions given, IngestDeps needs)
      : options(given), deps(needs), preparer(options, deps), vectors(options, deps) {}

  const IngestOptions options;
  const IngestDeps deps;
  Gate<std::string> gate;
  Preparer preparer;
  VectorMaker vectors;
};

namespace {

struct Item {
  Source source;
  std::uint64_t weight = 0;  // Bytes, for progress.
};

class Run {
 public:
  Run(const IngestOptions& options, const IngestDeps& deps, Gate<std::string>& gate, Preparer& preparer,
      VectorMaker& vectors, ProgressMeter& meter, Deadline deadline, std::stop_token stop)
      : options_(options),
        deps_(deps),
        gate_(gate),
        preparer_(preparer),
        vectors_(vectors),
        meter_(meter),
        deadline_(deadline),
        stop_(std::move(stop)) {}

  Result<Summary> files(const std::vector<std::filesystem::path>& paths);
  Result<Summary> one(const Source& source);

 private:
  using Pack = std::vector<Result<Prepared>>;  // Of files that follow one another.

  void work_through(const std::vector<Item>& items);
  Pack prepare(std::span<const Item> items, const std::stop_token& stop);
  void embed_together(const Pack& pack);
  void take(const Item& item, Result<Prepared> prepared);
  void take_all(std::span<const Item> items, Pack pack);
  Result<library::PutOutcome> embed_and_store(Prepared& prepared);
  void fail(const std::string& path, const Error& error);
  bool ended(const Error& error) const {
    return error.code == Code::kCancelled || (error.code == Code::kDeadlineExceeded && deadline_.expired());
  }
  Result<> look_for_missing(const FileList& list);
  Result<> judge_missing(const std::vector<library::Document>& documents, const std::set<std::string>& found);

  const IngestOptions& options_;
  const IngestDeps& deps_;
  Gate<std::string>& gate_;
  Preparer& preparer_;
  VectorMaker& vectors_;
  ProgressMeter& meter_;
  const Deadline deadline_;
  const std::stop_token stop_;
  llm::EmbedderInfo model_;
  std::set<std::string> added_versions_;
  Summary summary_;
};

void Run::fail(const std::string& path, const Error& error) {
  if (ended(error)) {
    summary_.cancelled = true;
    return;
  }
  summary_.failed.push_back({path, one_line(error)});
}

// The first of the items, and what follows it while it is small and nobody else has it in hand.
Run::Pack Run::prepare(std::span<const Item> items, const std::stop_token& stop) {
  Pack pack;
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;
  const auto add = [&](const Item& item, Gate<std::string>::Pass pass) {
    pack.push_back(preparer_.prepare(item.source, std::move(pass), model_.model_hash, meter_, deadline_, stop));
    if (pack.back() && !pack.back()->unchanged) chunks += pack.back()->chunks;
    bytes += item.weight;
  };
  Result<Gate<std::string>::Pass> first = gate_.enter(items.front().source.path, deadline_, stop);
  if (!first) {
    pack.emplace_back(std::move(first).error());
    return pack;
  }
  add(items.front(), *std::move(first));
  for (const Item& item : items.first(std::min(items.size(), kPackFiles)).subspan(1)) {
    const bool full = chunks >= kPackBatches * options_.batch_chunks || bytes + item.weight > kPackBytes;
    if (full || stop.stop_requested()) break;
    std::optional<Gate<std::string>::Pass> pass = gate_.try_enter(item.source.path);
    if (!pass) break;
    add(item, *std::move(pass));
  }
  return pack;
}

// The vectors of the pack's small files, so that each finds its own in the library when it is taken. What fails here
// is tried again then, by each file for itself.
void Run::embed_together(const Pack& pack) {
  std::vector<const library::NewDocument*> documents;
  for (const Result<Prepared>& prepared : pack) {
    if (prepared && !prepared->unchanged && prepared->chunks <= options_.batch_chunks) {
      documents.push_back(&prepared->document);
    }
  }
  if (documents.size() < 2) return;
  std::uint64_t computed = 0;
  const auto on_batch = [&](const VectorMaker::Done& done) {
    summary_.embedded += done.computed - std::exchange(computed, done.computed);
    meter_.stage(Stage::kEmbedding);
  };
  static_cast<void>(vectors_.make(documents, model_, on_batch, deadline_, stop_));
}

Result<library::PutOutcome> Run::embed_and_store(Prepared& prepared) {
  const std::uint64_t chunks = prepared.chunks;
  std::uint64_t reported = 0;
  for (int tries = 1;; ++tries) {
    meter_.stage(Stage::kEmbedding);
    std::uint64_t computed = 0;
    const auto on_batch = [&](const VectorMaker::Done& done) {
      summary_.embedded += done.computed - std::exchange(computed, done.computed);
      if (done.chunks < reported) return;  // A second try counts nothing twice.
      meter_.embedded(done.chunks - reported, done.chunks, chunks);
      reported = done.chunks;
    };
    DM_TRY(vectors_.make(std::array{&std::as_const(prepared.document)}, model_, on_batch, deadline_, stop_));
    meter_.stage(Stage::kStoring);
    Result<library::Put> put = deps_.library.put_document(prepared.document, deadline_, stop_);
    if (put) return put->outcome;
    // Between look-up and put a delete took vectors that only the deleted document had used: make them again.
    if (put.error().code != Code::kConflict || tries == kPutTries) return std::move(put).error();
  }
}

void Run::take(const Item& item, Result<Prepared> prepared) {
  meter_.file(item.source.path, item.weight);
  if (!prepared) return fail(item.source.path, prepared.error());
  if (prepared->unchanged) {
    ++summary_.unchanged;
    return;
  }
  const Result<library::PutOutcome> stored = embed_and_store(*prepared);
  if (!stored) return fail(item.source.path, stored.error());
  summary_.chunks += prepared->chunks;
  if (*stored == library::PutOutcome::kUpdated) {
    ++summary_.updated;
  } else {
    ++summary_.added;
    added_versions_.insert(prepared->document.version);
  }
}

void Run::take_all(std::span<const Item> items, Pack pack) {
  embed_together(pack);
  for (std::size_t i = 0; i < items.size(); ++i) {
    take(items[i], std::move(pack[i]));
    if (summary_.cancelled) return;
    meter_.file_done();
  }
}

void Run::work_through(const std::vector<Item>& items) {
  std::span<const Item> left = items;
  Pack next;
  while (!left.empty() && !summary_.cancelled) {
    meter_.file(left.front().source.path, left.front().weight);
    Pack pack = next.empty() ? prepare(left, stop_) : std::exchange(next, {});
    const std::span<const Item> in_hand = left.first(pack.size());
    left = left.subspan(pack.size());
    exec::TaskGroup ahead(deps_.pool, stop_);
    if (!left.empty()) {
      ahead.run([&](const std::stop_token& stop) -> Result<> {
        next = prepare(left, stop);
        return {};
      });
    }
    take_all(in_hand, std::move(pack));
    if (summary_.cancelled) break;  // The group stops the task ahead and waits for it.
    if (!ahead.join()) summary_.cancelled = true;
  }
}

// Of the documents read from the given folders before, those whose file is gone. One whose bytes were just added under
// another path was moved: its old place is taken out.
Result<> Run::judge_missing(const std::vector<library::Document>& documents, const std::set<std::string>& found) {
  for (const library::Document& document : documents) {
    if (found.contains(document.path)) continue;
    const Result<sys::FileStat> stat = deps_.files.stat(document.path);
    if (stat || stat.error().code != Code::kNotFound) continue;
    if (!added_versions_.contains(document.version)) {
      summary_.missing.push_back(document.path);
      continue;
    }
    const Result<library::Document> removed = deps_.library.remove_document(document.id, deadline_, stop_);
    if (!removed && removed.error().code != Code::kNotFound) return removed.error();
    ++summary_.renamed;
  }
  return {};
}

Result<> Run::look_for_missing(const FileList& list) {
  std::set<std::string> found;
  for (const FoundFile& file : list.files) found.insert(file.path);
  for (const std::string& folder : list.folders) {
    library::ListOptions options;
    options.filter.documents = {folder.ends_with('/') ? folder : folder + "/"};
    options.limit = kListPage;
    std::vector<library::Document> documents;
    while (true) {
      library::Snapshot at = DM_TRY(deps_.library.read(deadline_, stop_));
      std::vector<library::Document> page = DM_TRY(at.documents(options));
      const bool last = page.size() < kListPage;
      std::ranges::move(page, std::back_inserter(documents));
      if (last) break;
      options.offset += kListPage;
    }
    DM_TRY(judge_missing(documents, found));
  }
  std::ranges::sort(summary_.missing);
  summary_.missing.erase(std::ranges::unique(summary_.missing).begin(), summary_.missing.end());
  return {};
}

Result<Summary> Run::files(const std::vector<std::filesystem::path>& paths) {
  meter_.look();
  Result<FileList> list = list_files(deps_.files, paths, options_.hidden, stop_);
  if (!list) {
    if (!ended(list.error())) return list.error();
    summary_.cancelled = true;
    summary_.seconds = meter_.seconds();
    return std::move(summary_);
  }
  summary_.failed = std::move(list->failed);
  summary_.skipped = list->skipped;
  std::vector<Item> items;
  std::uint64_t bytes = 0;
  for (const FoundFile& file : list->files) {
    items.push_back({{file.path}, file.size});
    bytes += file.size;
  }
  if (!items.empty()) model_ = DM_TRY(deps_.embedder.info(deadline_, stop_));
  meter_.start(items.size(), bytes);
  work_through(items);
  if (!summary_.cancelled) {
    const Result<> looked = look_for_missing(*list);
    if (!looked && !ended(looked.error())) return looked.error();
    summary_.cancelled = !looked;
  }
  summary_.documents = summary_.added + summary_.updated + summary_.unchanged;
  meter_.done();
  summary_.seconds = meter_.seconds();
  return std::move(summary_);
}

Result<Summary> Run::one(const Source& source) {
  model_ = DM_TRY(deps_.embedder.info(deadline_, stop_));
  const std::vector<Item> items{{source, source.bytes->size()}};
  meter_.start(1, source.bytes->size());
  work_through(items);
  summary_.documents = summary_.added + summary_.updated + summary_.unchanged;
  meter_.done();
  summary_.seconds = meter_.seconds();
  return std::move(summary_);
}

}  // namespace

Result<std::unique_ptr<Ingest>> Ingest::open(IngestOptions options, IngestDeps deps) {
  const auto refuse = [](std::string message) {
    return Error{Code::kInvalidArgument, std::move(message), "Correct the setting."};
  };
  if (options.chunk_tokens < 64 || options.chunk_tokens > 8192) return refuse("a chunk has 64 to 8192 tokens");
  if (options.chunk_overlap > options.chunk_tokens / 2) return refuse("the overlap is at most half of a chunk");
  if (options.batch_chunks < 1 || options.batch_chunks > 4096) return refuse("a batch has 1 to 4096 chunks");
  return std::unique_ptr<Ingest>(new Ingest(std::make_unique<State>(options, deps)));
}

Ingest::Ingest(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ingest::~Ingest() = default;

Result<Summary> Ingest::run(const std::vector<std::filesystem::path>& paths, const OnProgress& progress,
                            Deadline deadline, std::stop_token stop) {
  ProgressMeter meter(progress, state_->deps.clock);
  return Run(state_->options, state_->deps, state_->gate, state_->preparer, state_->vectors, meter, deadline,
             std::move(stop))
      .files(paths);
}

Result<Summary> Ingest::ingest_bytes(const std::string& name, const std::string& bytes, const OnProgress& progress,
                                     Deadline deadline, std::stop_token stop) {
  if (name.empty() || !is_utf8(name) || name.find('\0') != std::string::npos) {
    return Error{Code::kInvalidArgument, "the document has no usable name", "Give it a file name in UTF-8."};
  }
  ProgressMeter meter(progress, state_->deps.clock);
  return Run(state_->options, state_->deps, state_->gate, state_->preparer, state_->vectors, meter, deadline,
             std::move(stop))
      .one({name, &bytes});
}

}  // namespace docmind::ingest
