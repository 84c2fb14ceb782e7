// The library: every document with its text, places, chunks and vectors, in one SQLite file that is the only truth.
//
// Thread safety: Library from any thread; a Snapshot belongs to the thread that uses it.
// Invariants: a document is there with all its rows or not at all; the embeddings of its chunks are there while it is;
// every change of a document raises the generation by one; deleted words leave the file and its log soon (wait_erased).
// Tables and versions: docs/formats/library.md. SQL lives in *_table.cc.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/rng.h"
#include "doc/document.h"
#include "library/records.h"
#include "store/database.h"

namespace docmind::library {

// Cuts text into terms for the keyword index. Terms that stand at the same place as the
// one before are colocated. Called from several threads at once.
using TermCutter = std::function<void(std::string_view text, const store::EmitTerm& emit)>;

struct LibraryOptions {
  std::string path;                 // library.db in the data directory.
  TermCutter terms{};               // Empty: text::terms.
  std::string terms_version = "1";  // Changes when `terms` cuts differently: the keyword index is then built anew.
  std::size_t readers = 8;          // Snapshots at a time.
  std::uint32_t traces = 1000;      // Kept at most, the newest.
  std::uint32_t performance_logs = 10000;                   // Kept at most, the newest.
  std::string vfs;                                          // For fault tests, see store::DatabaseOptions.
  std::function<void(std::uint64_t commits)> after_commit;  // For crash tests, see store::DatabaseOptions.
};

// As what file of SQLite a library is opened: for who copies it or checks it without opening a library.
store::DatabaseOptions file_options(const LibraryOptions& options);

// The library at one moment, unchanged by what is stored meanwhile. Ends with kDeadlineExceeded or kCancelled when the
// time it was made with is over. Keep it for one request, not longer. Ids that are not there (any more) are left out
// of lists; single look-ups answer kNotFound.
class Snapshot {
 public:
  Result<std::uint64_t> generation();
  Result<Size> size();
  Result<Stats> stats();  // Counts what is large.

  Result<std::vector<Document>> documents(const ListOptions& options);
  Result<Document> document(std::int64_t key);
  Result<Document> find(std::string_view id_or_path);
  Result<std::optional<Document>> find_path(std::string_view path);
  // Keys of the documents that match, upwards.
  Result<std::vector<std::int64_t>> matching(const DocumentFilter& filter);

  // The stored bytes of span; kInvalidArgument when it does not lie in the text. Reads only what it needs.
  Result<std::string> text(std::int64_t document, doc::Span span);
  Result<std::string> text(std::int64_t document);
  // For verifying a citation: kNotFound when the document is gone, kConflict when it has another version now.
  Result<std::string> text_of_version(std::string_view document_id, std::string_view version, doc::Span span);

  Result<std::vector<Page>> pages(std::int64_t document);
  Result<Page> page(std::int64_t document, std::uint32_t index);
  Result<std::vector<doc::Word>> words(std::int64_t document, std::uint32_t page);
  Result<std::vector<Block>> blocks(std::int64_t document);
  Result<Block> block(std::int64_t document, std::uint32_t index);
  Result<std::vector<Section>> sections(std::int64_t document);
  Result<std::optional<Section>> section(std::int64_t document, std::uint32_t index);

  Result<std::vector<Unit>> units(std::int64_t document);
  Result<std::vector<Unit>> units(std::span<const std::int64_t> ids);  // In the order of ids.
  // The units of the same document from `before` places before it to `after` after it, itself included.
  Result<std::vector<Unit>> neighbours(std::int64_t unit, std::uint32_t before, std::uint32_t after);
  Result<std::vector<Unit>> units_in(std::int64_t document, doc::Span span);  // Those that overlap span.

  Result<std::vector<Chunk>> chunks(std::int64_t document);
  Result<std::vector<Chunk>> chunks(std::span<const std::int64_t> ids);  // In the order of ids.

  // One answer per key, in order.
  Result<std::vector<bool>> has_embeddings(std::span<const ContentHash> keys);
  Result<std::vector<std::optional<Embedding>>> embeddings(std::span<const ContentHash> keys);

  // All vectors, for building an index: by chunk (unit) id upwards; of one document when given. The view lives for
  // the call. An Error from visit ends the walk and is returned.
  struct Vector {
    std::int64_t id = 0;  // Of the chunk or unit.
    std::int64_t document = 0;
    std::span<const Half> halves;
  };
  using Visit = std::function<Result<>(const Vector&)>;
  Result<> chunk_vectors(const Visit& visit, std::optional<std::int64_t> document = {});
  Result<> unit_vectors(const Visit& visit, std::optional<std::int64_t> document = {});

  // JSON as it was put; kNotFound.
  Result<std::string> trace(std::string_view id);

  // The newest lines of that operation, `limit` at most, the newest first.
  Result<std::vector<PerformanceRow>> performance(std::string_view operation, std::uint32_t limit);

  // One hash over everything documents consist of (text, places, chunks, vectors), whatever rows they lie in and
  // whenever they were stored. Two libraries with the same hash answer the same.
  Result<ContentHash> content_hash();

  store::Reader& reader() { return reader_; }  // For this room's tables and indexes.

 private:
  friend class Library;
  explicit Snapshot(store::Reader reader) : reader_(std::move(reader)) {}
  store::Reader reader_;
};

// What a commit did to one document.
struct Change {
  enum class Kind : std::uint8_t { kPut, kRemoved };
  Kind kind = Kind::kPut;
  std::uint64_t generation = 0;
  std::int64_t document = 0;  // Key. Forget all chunks and units held for it; after kPut read the new ones.
  Size size{};                // Of the library, from this commit on.
};

enum class PutOutcome : std::uint8_t { kAdded, kUpdated };

struct Put {
  PutOutcome outcome = PutOutcome::kAdded;
  Document document;
};

class Library {
 public:
  // Creates or migrates the file. Errors as store::Database::open.
  static Result<std::unique_ptr<Library>> open(LibraryOptions options, const Clock& clock, Rng& rng);
  ~Library();

  Result<Snapshot> read(Deadline deadline, std::stop_token stop);

  // Stores the document, in place of the one with the same path, in one transaction. Pages of units, chunks and blocks
  // are worked out from parsed.pages. Errors: kInvalidArgument (broken spans or indexes), kConflict (an embedding is
  // not there, because another write removed it meanwhile: embed again), those of store::Database::write.
  Result<Put> put_document(const NewDocument& document, Deadline deadline, std::stop_token stop);

  // Removes it with all its rows, the embeddings that only it used, and the traces that quote it. What was removed;
  // kNotFound.
  Result<Document> remove_document(std::string_view id_or_path, Deadline deadline, std::stop_token stop);

  // Until the words of everything removed or replaced so far are gone from the files, the index's included. That
  // happens by itself in the background, in any case before the library is closed, and goes on after a crash.
  Result<> wait_erased(Deadline deadline, std::stop_token stop);

  // Notes that the file has new times but the same bytes, so that the next look is quick again.
  Result<> touch_document(std::int64_t key, std::int64_t modified_ns, Deadline deadline, std::stop_token stop);

  // One transaction. A key that is there already is written over and counted in Stats::most_writes.
  Result<> put_embeddings(std::span<const Embedding> batch, Deadline deadline, std::stop_token stop);

  // Removes embeddings no document uses: what is left of ingests that never ended. How many there were. In small
  // transactions; what is not done when the time ends is done by the next call. Call it when no ingest is running.
  Result<std::uint64_t> prune_embeddings(Deadline deadline, std::stop_token stop);

  // Keeps the trace of an answer. It goes when one of `documents` (keys of those it quotes) is removed.
  Result<> put_trace(std::string_view id, std::string_view json, Deadline deadline, std::stop_token stop,
                     std::span<const std::int64_t> documents = {});
  // Those of them that are there.
  Result<> remove_traces(std::span<const std::string> ids, Deadline deadline, std::stop_token stop);

  // A line of performance_logs. metrics is JSON or empty.
  struct Performance {
    std::string operation;
    double latency_ms = 0;
    std::uint64_t tokens = 0;
    std::string metrics;
    std::int64_t at_ms = 0;  // UTC.
  };
  // In one transaction.
  Result<> log_performance(std::span<const Performance> lines, Deadline deadline, std::stop_token stop);

  // Calls fn after each commit that changed a document, in commit order, on the writer thread, before put or remove
  // answers. fn may read, must not write. Ends when the returned handle is dropped (not from inside fn).
  using Listener = std::function<void(const Change&)>;
  [[nodiscard]] std::shared_ptr<void> listen(Listener fn);

  std::uint64_t generation() const;  // Of the newest commit, without a look at the file.
  // 32 hexadecimal digits that this library and its copies have, and no other.
  const std::string& identity() const;
  store::Database& database();

 private:
  struct State;
  explicit Library(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::library
