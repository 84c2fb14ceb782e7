#include "library/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <mutex>

#include "library/impl/document_table.h"
#include "library/impl/embedding_table.h"
#include "library/impl/eraser.h"
#include "library/impl/layout_table.h"
#include "library/impl/passage_table.h"
#include "library/impl/prepared_document.h"
#include "library/impl/record_table.h"
#include "library/impl/schema.h"
#include "library/impl/terms_table.h"
#include "library/impl/text_table.h"
#include "text/terms.h"

namespace docmind::library {
namespace {

void cut_terms(std::string_view text, const store::EmitTerm& emit) {
  for (const text::Term& term : text::terms(text)) {
    emit(term.text, static_cast<std::uint32_t>(term.span.start), static_cast<std::uint32_t>(term.span.end),
         term.colocated);
  }
}

// What stands in a MATCH expression has been cut already.
store::Tokenizer tokenizer(TermCutter terms) {
  return [terms = std::move(terms)](std::string_view text, bool query, const store::EmitTerm& emit) {
    if (query) {
      emit(text, 0, static_cast<std::uint32_t>(text.size()), false);
    } else {
      terms(text, emit);
    }
  };
}

// Those who want to hear of changes. Outlives the library in the handles given out.
class Listeners {
 public:
  using Entry = std::list<Library::Listener>::iterator;

  Entry add(Library::Listener fn) {
    std::lock_guard lock(mutex_);
    return listeners_.insert(listeners_.end(), std::move(fn));
  }
  void remove(Entry entry) {
    std::lock_guard lock(mutex_);
    listeners_.erase(entry);
  }
  void tell(const Change& change) {
    std::lock_guard lock(mutex_);
    for (const auto& listener : listeners_) listener(change);
  }

 private:
  std::mutex mutex_;
  std::list<Library::Listener> listeners_;
};

std::int64_t now_ms(const Clock& clock) { return clock.wall().time_since_epoch().count(); }

// Every embedding is there and has the vectors its units and sections point to.
Result<> check_embeddings(store::Transaction& t, const NewDocument& d) {
  const Error missing{Code::kConflict, fmt::format("A vector of {} is not stored.", d.path), "Try again."};
  std::vector<std::uint64_t> spans;
  for (const NewChunk& chunk : d.chunks) {
    const auto count = DM_TRY(count_spans(t, chunk.embedding));
    if (!count) return missing;
    spans.push_back(*count);
  }
  for (const NewUnit& unit : d.units) {
    if (unit.chunk != kNone && unit.position >= spans[unit.chunk]) {
      return Error{Code::kInvalidArgument, fmt::format("{} cannot be stored: a unit has no vector.", d.path), ""};
    }
  }
  for (const NewSection& section : d.sections) {
    if (section.embedding && !DM_TRY(has_embedding(t, *section.embedding))) return missing;
  }
  return {};
}

Document describe(const NewDocument& given, const LibraryState& state, std::int64_t now) {
  const auto count = [](const auto& rows) { return static_cast<std::uint32_t>(rows.size()); };
  Document d;
  d.path = given.path;
  d.version = given.version;
  d.type = given.parsed.type;
  d.title = given.parsed.title;
  d.size = given.size;
  d.modified_ns = given.modified_ns;
  d.modified_ms = given.modified_ns / 1000000;
  d.added_ms = now;
  d.updated_ms = now;
  d.parser_version = given.parser_version;
  d.chunker_version = given.chunker_version;
  d.model_hash = given.model_hash;
  d.text_bytes = given.parsed.text.size();
  d.page_count = count(given.parsed.pages);
  d.block_count = count(given.parsed.blocks);
  d.section_count = count(given.sections);
  d.unit_count = count(given.units);
  d.chunk_count = count(given.chunks);
  d.first_unit = state.next_unit;
  d.first_chunk = state.next_chunk;
  d.warnings = given.parsed.warnings;
  return d;
}

// Takes the document's rows out and off the counters; its embeddings stay until it is known who else uses them.
Result<std::vector<ContentHash>> take_out(store::Transaction& t, const Document& d, LibraryState& state) {
  auto keys = DM_TRY(keys_of_document(t, d.key));
  DM_TRY(delete_terms(t, d, state));
  DM_TRY(delete_document(t, d.key));
  state.documents -= 1;
  state.units -= d.unit_count;
  state.chunks -= d.chunk_count;
  state.text_bytes -= d.text_bytes;
  state.erase_after = state.generation + 1;  // The one this change will have.
  t.scrub_log();
  return keys;
}

Result<> put_in(store::Transaction& t, const PreparedDocument& prepared, Document& d, LibraryState& state) {
  DM_TRY(check_embeddings(t, prepared.given));
  d.key = DM_TRY(insert_document(t, d));
  DM_TRY(insert_text(t, d.key, prepared.given.parsed.text));
  DM_TRY(insert_layout(t, d.key, prepared));
  DM_TRY(insert_passages(t, d, prepared));
  DM_TRY(insert_terms(t, d, state));
  state.documents += 1;
  state.units += d.unit_count;
  state.chunks += d.chunk_count;
  state.text_bytes += d.text_bytes;
  state.next_unit += d.unit_count;
  state.next_chunk += d.chunk_count;
  return {};
}

}  // namespace

struct Library::State {
  State(LibraryOptions given, const Clock& the_clock, Rng& the_rng)
      : options(std::move(given)), clock(the_clock), rng(the_rng) {}

  LibraryOptions options;
  const Clock& clock;
  Rng& rng;  // Used on the writer thread alone.
  std::shared_ptr<Listeners> listeners = std::make_shared<Listeners>();
  std::atomic<std::uint64_t> generation = 0;
  std::string identity;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Eraser> eraser;  // Ends first.

  // Ends a change of one document: counts it and lets everybody know once it is committed.
  Result<> finish(store::Transaction& t, LibraryState& counters, Change::Kind kind, std::int64_t document) {
    const Change change{kind, ++counters.generation, document, {counters.documents, counters.chunks}};
    DM_TRY(write_state(t, counters));
    const bool erase = counters.erase_after == change.generation;
    t.on_commit([this, change, erase] {
      generation = change.generation;
      if (erase) eraser->wanted(change.generation);
      listeners->tell(change);
    });
    return {};
  }

  Result<Put> put(store::Transaction& t, const PreparedDocument& prepared);
  Result<Document> remove(store::Transaction& t, std::string_view id_or_path);
  Result<> prepare_terms();
};

Result<Put> Library::State::put(store::Transaction& t, const PreparedDocument& prepared) {
  LibraryState counters = DM_TRY(read_state(t));
  Put put;
  put.document = describe(prepared.given, counters, now_ms(clock));
  std::vector<ContentHash> old_keys;
  if (const auto old = DM_TRY(document_by_path(t, prepared.given.path))) {
    put.outcome = PutOutcome::kUpdated;
    put.document.key = old->key;
    put.document.id = old->id;
    put.document.added_ms = old->added_ms;
    old_keys = DM_TRY(take_out(t, *old, counters));
  } else {
    put.document.id = new_id(clock, rng);
  }
  DM_TRY(put_in(t, prepared, put.document, counters));
  DM_TRY(delete_unused(t, old_keys));
  DM_TRY(finish(t, counters, Change::Kind::kPut, put.document.key));
  return put;
}

Result<Document> Library::State::remove(store::Transaction& t, std::string_view id_or_path) {
  auto found = DM_TRY(document_by_id(t, id_or_path));
  if (!found) found = DM_TRY(document_by_path(t, id_or_path));
  if (!found) {
    return Error{Code::kNotFound, fmt::format("{} is not in the library.", id_or_path),
                 "See what is there with: docmind library"};
  }
  LibraryState counters = DM_TRY(read_state(t));
  const auto keys = DM_TRY(take_out(t, *found, counters));
  DM_TRY(delete_unused(t, keys));
  DM_TRY(delete_traces_of(t, found->key));
  DM_TRY(finish(t, counters, Change::Kind::kRemoved, found->key));
  return *std::move(found);
}

// When terms are cut in another way than those in the file, all are cut anew: otherwise questions would miss some.
// Then finishes erasing what was deleted before.
Result<> Library::State::prepare_terms() {
  LibraryState counters;
  {
    auto reader = DM_TRY(database->read(Deadline::never(), {}));
    counters = DM_TRY(read_state(reader));
  }
  generation = counters.generation;
  identity = counters.identity;
  if (counters.terms_version != options.terms_version) {
    counters.terms_version = options.terms_version;
    DM_TRY(database->write(
        [&](store::Transaction& t) -> Result<> {
          DM_TRY(rebuild_terms(t, counters));
          return write_state(t, counters);
        },
        Deadline::never(), {}, store::Commit::kAlone));
  }
  eraser = std::make_unique<Eraser>(*database, counters.erase_after);
  return {};
}

store::DatabaseOptions file_options(const LibraryOptions& given) {
  store::DatabaseOptions file;
  file.path = given.path;
  file.application_id = kApplicationId;
  file.migrations = migrations();
  file.tokenizer_name = kTokenizer;
  file.tokenizer = tokenizer(given.terms ? given.terms : cut_terms);
  file.readers = given.readers;
  file.vfs = given.vfs;
  file.after_commit = given.after_commit;
  return file;
}

Result<std::unique_ptr<Library>> Library::open(LibraryOptions options, const Clock& clock, Rng& rng) {
  auto state = std::make_unique<State>(std::move(options), clock, rng);
  state->database = DM_TRY(store::Database::open(file_options(state->options)));
  DM_TRY(state->prepare_terms());
  return std::unique_ptr<Library>(new Library(std::move(state)));
}

Library::Library(std::unique_ptr<State> state) : state_(std::move(state)) {}
Library::~Library() = default;

Result<Snapshot> Library::read(Deadline deadline, std::stop_token stop) {
  return Snapshot(DM_TRY(state_->database->read(deadline, std::move(stop))));
}

Result<Put> Library::put_document(const NewDocument& document, Deadline deadline, std::stop_token stop) {
  const PreparedDocument prepared = DM_TRY(prepare(document));
  return state_->database->write([&](store::Transaction& t) { return state_->put(t, prepared); }, deadline,
                                 std::move(stop), store::Commit::kAlone);
}

Result<Document> Library::remove_document(std::string_view id_or_path, Deadline deadline, std::stop_token stop) {
  return state_->database->write([&](store::Transaction& t) { return state_->remove(t, id_or_path); }, deadline,
                                 std::move(stop), store::Commit::kAlone);
}

Result<> Library::wait_erased(Deadline deadline, std::stop_token stop) {
  return state_->eraser->wait(deadline, std::move(stop));
}

Result<> Library::touch_document(std::int64_t key, std::int64_t modified_ns, Deadline deadline, std::stop_token stop) {
  return state_->database->write([&](store::Transaction& t) { return update_times(t, key, modified_ns); }, deadline,
                                 std::move(stop));
}

Result<> Library::put_embeddings(std::span<const Embedding> batch, Deadline deadline, std::stop_token stop) {
  return state_->database->write([&](store::Transaction& t) { return insert_embeddings(t, batch); }, deadline,
                                 std::move(stop));
}

Result<std::uint64_t> Library::prune_embeddings(Deadline deadline, std::stop_token stop) {
  constexpr std::size_t kBatch = 256;  // Of one transaction: other writes need not wait long.
  std::vector<ContentHash> unused;
  {
    store::Reader reader = DM_TRY(state_->database->read(deadline, stop));
    unused = DM_TRY(unused_keys(reader));
  }
  for (std::size_t from = 0; from < unused.size(); from += kBatch) {
    const auto part = std::span(unused).subspan(from, std::min(kBatch, unused.size() - from));
    DM_TRY(state_->database->write(
        [&](store::Transaction& t) -> Result<> {
          t.scrub_log();
          return delete_unused(t, part);
        },
        deadline, stop, store::Commit::kAlone));
  }
  return unused.size();
}

Result<> Library::put_trace(std::string_view id, std::string_view json, Deadline deadline, std::stop_token stop,
                            std::span<const std::int64_t> documents) {
  const TraceRow row{id, json, now_ms(state_->clock), documents};
  return state_->database->write([&](store::Transaction& t) { return insert_trace(t, row, state_->options.traces); },
                                 deadline, std::move(stop));
}

Result<> Library::remove_traces(std::span<const std::string> ids, Deadline deadline, std::stop_token stop) {
  return state_->database->write([&](store::Transaction& t) { return delete_traces(t, ids); }, deadline,
                                 std::move(stop));
}

Result<> Library::log_performance(std::span<const Performance> lines, Deadline deadline, std::stop_token stop) {
  return state_->database->write(
      [&](store::Transaction& t) { return insert_performance(t, lines, state_->options.performance_logs); }, deadline,
      std::move(stop));
}

std::shared_ptr<void> Library::listen(Listener fn) {
  struct Handle {
    std::shared_ptr<Listeners> listeners;
    Listeners::Entry entry;
    ~Handle() { listeners->remove(entry); }
  };
  const auto entry = state_->listeners->add(std::move(fn));
  return std::shared_ptr<void>(new Handle{state_->listeners, entry}, [](Handle* handle) { delete handle; });
}

std::uint64_t Library::generation() const { return state_->generation; }
const std::string& Library::identity() const { return state_->identity; }

store::Database& Library::database() { return *state_->database; }

}  // namespace docmind::library
