// What is kept of a run, and who keeps it: checkpoints, one per superstep, and the pending writes of a step that is not
// complete. The contract that MemorySaver and sqlite::SqliteSaver fulfil (graph/testing/saver_conformance.h).
//
// A checkpoint belongs to a thread (a conversation) and within it to a namespace ("" is the graph itself, others are
// running subgraphs). The latest is the one put last. Channel values are stored in pieces: a whole value, or what was
// added to the one before; a checkpoint shares the pieces of channels that it did not change with its parent, so
// storage grows with what is added and not with its history.
//
// Numbers come back as JSON has them: 10.0 may come back as 10.
//
// Thread safety: a Saver from any thread. Every call is one transaction: it happens wholly or not at all, and what was
// answered with success survives a kill. Errors: kInvalidArgument, kNotFound (a parent that is not there), and the
// store's own (kResourceExhausted, kDataLoss, kDeadlineExceeded, kCancelled).
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/json.h"
#include "base/result.h"

namespace docmind::graph {

enum class Source : std::uint8_t { kInput, kLoop, kUpdate, kFork };
std::string_view name(Source source);  // "input", "loop", "update", "fork".
Result<Source> source_named(std::string_view name);

struct Checkpoint {
  std::string id{};      // Unique in its thread.
  std::string parent{};  // Empty: the first.
  std::string run{};     // Which run made it.
  Source source = Source::kInput;
  std::int64_t step = -1;          // -1 is the input; each is one more than its parent, a replay's copy the same.
  boost::json::object frontier{};  // What is due next; the engine's own record.
  boost::json::object metadata{};  // The caller's.
};

// A piece of a channel's value. A value is a whole and the additions after it.
struct Piece {
  enum class Kind : std::uint8_t { kWhole, kAdded };
  Kind kind = Kind::kWhole;
  boost::json::value value{};
};

// Of one task in a step that is not complete. The same (task, index) again replaces it.
struct PendingWrite {
  static constexpr std::int64_t kResult = 0;      // What a finished task answered.
  static constexpr std::int64_t kError = -1;      // How it failed.
  static constexpr std::int64_t kInterrupt = -3;  // What it waits for.
  static constexpr std::int64_t kResume = -4;     // The answers it has had.

  std::string task{};  // Id.
  std::int64_t index = kResult;
  std::string path{};
  boost::json::value value{};

  bool operator==(const PendingWrite&) const = default;
};

struct Place {
  std::string thread{};
  std::string space{};  // The namespace.
};

struct SavedCheckpoint {
  Place place{};
  Checkpoint checkpoint{};
  std::map<std::string, std::vector<Piece>, std::less<>> channels{};  // Oldest piece first, the first is whole.
  std::vector<PendingWrite> writes{};                                 // By task, then index.
};

// Namespaces inside one: all others inside "", those that begin with "a|" inside "a".
enum class Inner : std::uint8_t {
  kKeep,
  kDrop,  // Their subgraphs have done their work: all that is stored of them goes with this checkpoint.
};

// Where a checkpoint may be put.
enum class After : std::uint8_t {
  kAnything,  // Beside what has followed its parent: a branch.
  kLatest,    // Only while its parent is its namespace's latest, or neither is there; else kConflict.
};

struct NewCheckpoint {
  Place place{};
  Checkpoint checkpoint{};
  std::map<std::string, Piece, std::less<>> changed{};  // Channels that differ from the parent's.
  std::vector<std::string> removed{};                   // Channels that the parent had; before what changed.
  Inner inner = Inner::kKeep;
  After after = After::kAnything;
};

struct ListFilter {
  std::optional<std::string> thread{};
  std::optional<std::string> space{};
  std::string before{};            // An id: only those put earlier. Empty: all.
  boost::json::object metadata{};  // Each key must be there with an equal value; "source" and "step" are known too.
  std::size_t limit = 1000;
};

// Whether a checkpoint is one that ListFilter::metadata asks for, and whether a namespace lies inside another: for
// savers.
bool matches(const boost::json::object& wanted, const Checkpoint& checkpoint);
// What every saver says of a checkpoint that it does not have.
Error not_there(std::string_view id);
// And of a checkpoint that may only be put After::kLatest.
Error gone_on(std::string_view thread);

bool is_inside(std::string_view space, std::string_view outer);

enum class Prune : std::uint8_t { kKeepLatest, kDeleteAll };

// Deadline and stop of one call.
struct Waiting {
  Deadline deadline = Deadline::never();
  std::stop_token stop{};
};

class Saver {
 public:
  virtual ~Saver() = default;

  // Stores a checkpoint and drops the pending writes of its parent. kConflict: an id that is there already; see After.
  virtual Result<> put(const NewCheckpoint& checkpoint, Waiting waiting) = 0;
  // kNotFound when the checkpoint is not there.
  virtual Result<> put_writes(const Place& place, std::string_view checkpoint, const std::vector<PendingWrite>& writes,
                              Waiting waiting) = 0;

  // The one with this id; the latest when id is empty.
  virtual Result<std::optional<SavedCheckpoint>> get(const Place& place, std::string_view id, Waiting waiting) = 0;
  // Newest first, without the channels' values.
  virtual Result<std::vector<SavedCheckpoint>> list(const ListFilter& filter, Waiting waiting) = 0;
  // Threads by name, from the one after `after`.
  virtual Result<std::vector<std::string>> threads(std::string_view after, std::size_t limit, Waiting waiting) = 0;

  virtual Result<> delete_thread(std::string_view thread, Waiting waiting) = 0;
  virtual Result<> delete_runs(const std::vector<std::string>& runs, Waiting waiting) = 0;
  // Everything of one thread under a new name; kConflict when that has checkpoints.
  virtual Result<> copy_thread(std::string_view from, std::string_view to, Waiting waiting) = 0;
  // For each of the threads: all, or all but the latest of each namespace (with its pending writes).
  virtual Result<> prune(const std::vector<std::string>& threads, Prune what, Waiting waiting) = 0;
};

}  // namespace docmind::graph
