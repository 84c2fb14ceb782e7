// One run is a loop over files with one file of look-ahead: while the file in hand is embedded and stored, a task of
// the pool reads, parses and cuts the next. Only that task waits at the gate for a file another run has in hand; the
// file in hand waits for nobody, so two runs that meet in any order both go on.

#include "ingest/ingest.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
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

}  // namespace

struct Ingest::State {
  State(IngestOptions given, IngestDeps needs)
      : options(given), deps(needs), preparer(options, deps, gate), vectors(options, deps) {}

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
  Run(const IngestOptions& options, const IngestDeps& deps, Preparer& preparer, VectorMaker& vectors,
      ProgressMeter& meter, Deadline deadline, std::stop_token stop)
      : options_(options),
        deps_(deps),
        preparer_(preparer),
        vectors_(vectors),
        meter_(meter),
        deadline_(deadline),
        stop_(std::move(stop)) {}

  Result<Summary> files(const std::vector<std::filesystem::path>& paths);
  Result<Summary> one(const Source& source);

 private:
  // What became of a file; absent when it was never tried.
  using Outcome = std::optional<Result<Prepared>>;

  void work_through(const std::vector<Item>& items);
  Outcome prepare(const Item& item, std::stop_token stop);
  void take(const Item& item, Outcome outcome);
  Result<library::PutOutcome> embed_and_store(Prepared& prepared);
  void fail(const std::string& path, const Error& error);
  bool ended(const Error& error) const {
    return error.code == Code::kCancelled || (error.code == Code::kDeadlineExceeded && deadline_.expired());
  }
  Result<> look_for_missing(const FileList& list);
  Result<> judge_missing(const std::vector<library::Document>& documents, const std::set<std::string>& found);

  const IngestOptions& options_;
  const IngestDeps& deps_;
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

Run::Outcome Run::prepare(const Item& item, std::stop_token stop) {
  return preparer_.prepare(item.source, model_.model_hash, meter_, deadline_, std::move(stop));
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
    DM_TRY(vectors_.make(prepared.document, model_, on_batch, deadline_, stop_));
    meter_.stage(Stage::kStoring);
    Result<library::Put> put = deps_.library.put_document(prepared.document, deadline_, stop_);
    if (put) return put->outcome;
    // Between look-up and put a delete took vectors that only the deleted document had used: make them again.
    if (put.error().code != Code::kConflict || tries == kPutTries) return std::move(put).error();
  }
}

void Run::take(const Item& item, Outcome outcome) {
  if (!outcome) {
    summary_.cancelled = true;
    return;
  }
  Result<Prepared>& prepared = *outcome;
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

void Run::work_through(const std::vector<Item>& items) {
  Outcome next;
  for (std::size_t i = 0; i < items.size() && !summary_.cancelled; ++i) {
    meter_.file(items[i].source.path, items[i].weight);
    Outcome current = i == 0 ? prepare(items[i], stop_) : std::exchange(next, std::nullopt);
    exec::TaskGroup ahead(deps_.pool, stop_);
    if (i + 1 < items.size()) {
      ahead.run([&, i](std::stop_token stop) -> Result<> {
        next = prepare(items[i + 1], std::move(stop));
        return {};
      });
    }
    take(items[i], std::move(current));
    if (summary_.cancelled) break;  // The group stops the task ahead and waits for it.
    meter_.file_done();
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
  return Run(state_->options, state_->deps, state_->preparer, state_->vectors, meter, deadline, std::move(stop))
      .files(paths);
}

Result<Summary> Ingest::ingest_bytes(const std::string& name, const std::string& bytes, const OnProgress& progress,
                                     Deadline deadline, std::stop_token stop) {
  if (name.empty() || !is_utf8(name) || name.find('\0') != std::string::npos) {
    return Error{Code::kInvalidArgument, "the document has no usable name", "Give it a file name in UTF-8."};
  }
  ProgressMeter meter(progress, state_->deps.clock);
  return Run(state_->options, state_->deps, state_->preparer, state_->vectors, meter, deadline, std::move(stop))
      .one({name, &bytes});
}

}  // namespace docmind::ingest
