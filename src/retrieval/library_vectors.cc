#include "retrieval/library_vectors.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "base/thread_annotations.h"
#include "exec/wait.h"
#include "retrieval/impl/document_rows.h"

namespace docmind::retrieval {
namespace {

constexpr int kTries = 8;          // Of one search with a store that comes and goes.
constexpr int kLongestPause = 16;  // Times OutsideVectors::pause.
constexpr int kLongCall = 15;      // Times OutsideVectors::patience: for what goes through a whole collection.

struct Memory {
  VectorIndex chunks{};
  VectorIndex units{};

  const VectorIndex& of(library::Rows rows) const { return rows == library::Rows::kChunks ? chunks : units; }
  void remove(std::int64_t document) {
    chunks.remove(document);
    units.remove(document);
  }
  Result<> put(std::int64_t document, Rows rows) {
    DM_TRY(chunks.put(document, std::move(rows.chunks)));
    return units.put(document, std::move(rows.units));
  }

  std::vector<float> cosines(const VectorQuery& query, std::span<const LibraryVectors::UnitPlace> places) const {
    std::map<std::int64_t, std::vector<std::size_t>> by_document;
    for (std::size_t i = 0; i < places.size(); ++i) by_document[places[i].document].push_back(i);
    std::vector<float> out(places.size());
    for (const auto& [document, at] : by_document) {
      std::vector<std::int64_t> ids;
      for (const std::size_t i : at) ids.push_back(places[i].unit);
      const std::vector<float> found = units.cosines(query, document, ids);
      for (std::size_t i = 0; i < at.size(); ++i) out[at[i]] = found[i];
    }
    return out;
  }
};

// How many points of each kind a store holds with one stamp.
struct Points {
  std::uint64_t chunks = 0;
  std::uint64_t units = 0;
};

struct Difference {
  std::vector<std::string> stale;       // Stamps.
  std::vector<std::int64_t> missing{};  // Documents.
  bool empty() const { return stale.empty() && missing.empty(); }
};

}  // namespace

vectors::Collection outside(std::string name) {
  return {std::move(name),
          {{std::string(kDocument), vectors::FieldKind::kInteger}, {std::string(kStamp), vectors::FieldKind::kText}}};
}

struct LibraryVectors::State {
  State(library::Library& its_library, const Clock& its_clock, const OutsideVectors& its_outside)
      : library(its_library), clock(its_clock), store(its_outside) {}

  library::Library& library;
  const Clock& clock;
  const OutsideVectors store;

  Mutex loading{};  // One load or change at a time: of two loads of a document the one that began last also ends last.
  std::map<std::int64_t, Summary> rows DM_GUARDED_BY(loading){};  // What the library holds.
  std::map<std::string, Points> held DM_GUARDED_BY(loading){};    // What the store holds, by stamp.

  mutable Mutex mutex{};
  std::condition_variable_any changed{};
  std::shared_ptr<Memory> memory DM_GUARDED_BY(mutex){};  // Null: the store answers, or memory is being loaded.
  bool in_step DM_GUARDED_BY(mutex) = false;
  std::string space DM_GUARDED_BY(mutex){};           // Of the vectors in the store.
  std::uint32_t dimensions DM_GUARDED_BY(mutex) = 0;  // Of the store; 0: it has no collection yet.
  std::string trouble DM_GUARDED_BY(mutex){};
  // Of `rows`:
  std::set<std::string, std::less<>> stamps DM_GUARDED_BY(mutex){};
  std::map<std::string, std::size_t, std::less<>> spaces DM_GUARDED_BY(mutex){};  // Documents with vectors in each.
  Points total DM_GUARDED_BY(mutex){};

  std::shared_ptr<void> listening{};
  std::jthread thread{};

  bool has_store() const { return store.chunks != nullptr && store.units != nullptr; }
  vectors::Store& of(library::Rows kind) const { return kind == library::Rows::kChunks ? *store.chunks : *store.units; }
  Deadline patience(int calls = 1) const { return Deadline::in(store.patience * calls, clock); }

  Result<> load(const std::stop_token& stop);
  void on_change(const library::Change& change);
  void remember(std::int64_t document, const Rows* found) DM_REQUIRES(loading);
  void forget(std::int64_t document) DM_REQUIRES(loading);
  Result<> write(std::int64_t document, const Rows& found, const std::stop_token& stop) DM_REQUIRES(loading);
  Result<> take_away(std::span<const std::string> stale, const std::stop_token& stop) DM_REQUIRES(loading);

  void run(const std::stop_token& stop);
  Result<> bring_in_step(const std::stop_token& stop);
  Result<> look_at_store(const std::stop_token& stop);
  Result<> ensure(std::uint32_t wanted, const std::stop_token& stop) DM_REQUIRES(loading);
  Difference difference(const std::string& of_space) const DM_REQUIRES(loading);
  Result<> even_out(const Difference& difference, const std::stop_token& stop);
  std::string wanted_space() const;
  bool answers() const;
  void fail(const Error& error, const std::string& other_space = {});

  std::shared_ptr<Memory> in_memory() const;
  Result<std::shared_ptr<Memory>> ready(Deadline deadline, std::stop_token stop);
  bool serves(const VectorQuery& query);
  bool fits(const VectorQuery& query) const;
  Result<std::vector<Neighbour>> ask_store(library::Rows kind, const VectorQuery& query, std::size_t k,
                                           const DocumentSet* allowed, Deadline deadline, std::stop_token stop);
  Result<std::vector<float>> ask_cosines(const VectorQuery& query, std::span<const UnitPlace> units, Deadline deadline,
                                         std::stop_token stop);
  template <typename FromMemory, typename FromStore>
  auto answer(const VectorQuery& query, const Deadline& deadline, const std::stop_token& stop, FromMemory from_memory,
              FromStore from_store) -> decltype(from_store());
};

LibraryVectors::LibraryVectors(std::unique_ptr<State> state) : state_(std::move(state)) {}

LibraryVectors::~LibraryVectors() { state_->listening.reset(); }  // The thread ends with the state.

Result<std::unique_ptr<LibraryVectors>> LibraryVectors::open(library::Library& library, const Clock& clock,
                                                             const OutsideVectors& outside) {
  auto state = std::make_unique<State>(library, clock, outside);
  // Listening starts before the first look, so that no commit falls between the two; loading a document twice is fine.
  State* const raw = state.get();
  state->listening = library.listen([raw](const library::Change& change) { raw->on_change(change); });
  std::unique_ptr<LibraryVectors> out(new LibraryVectors(std::move(state)));
  DM_TRY(raw->load({}));
  if (raw->has_store()) raw->thread = std::jthread([raw](const std::stop_token& stop) { raw->run(stop); });
  return out;
}

// ---- what the library holds ----

// Reads everything into memory.
Result<> LibraryVectors::State::load(const std::stop_token& stop) {
  const MutexLock lock(loading);
  auto fresh = std::make_shared<Memory>();
  library::Snapshot at = DM_TRY(library.read(Deadline::never(), stop));
  while (!rows.empty()) forget(rows.begin()->first);
  for (const std::int64_t document : DM_TRY(at.matching({}))) {
    std::optional<Rows> found = DM_TRY(read_rows(at, document, has_store()));
    remember(document, found ? &*found : nullptr);
    if (found) DM_TRY(fresh->put(document, *std::move(found)));
  }
  const MutexLock published(mutex);
  memory = std::move(fresh);
  changed.notify_all();
  return {};
}

void LibraryVectors::State::forget(std::int64_t document) {
  const auto found = rows.find(document);
  if (found == rows.end()) return;
  const MutexLock lock(mutex);
  const Summary& before = found->second;
  stamps.erase(before.stamp);
  total.chunks -= before.chunks;
  total.units -= before.units;
  if (before.dimensions != 0 && --spaces[before.space] == 0) spaces.erase(before.space);
  rows.erase(found);
}

// Null: it is gone.
void LibraryVectors::State::remember(std::int64_t document, const Rows* found) {
  forget(document);
  if (found == nullptr) return;
  const Summary& now = rows[document] = summary_of(*found);
  const MutexLock lock(mutex);
  if (has_store()) stamps.insert(now.stamp);
  total.chunks += now.chunks;
  total.units += now.units;
  if (now.dimensions != 0) ++spaces[now.space];
}

void LibraryVectors::State::on_change(const library::Change& change) {
  const MutexLock lock(loading);
  std::optional<Rows> found;
  if (change.kind != library::Change::Kind::kRemoved) {
    // A document whose vectors cannot be read is still found by keyword; opening the library again reports why.
    auto at = library.read(Deadline::never(), {});
    auto read = at ? read_rows(*at, change.document, has_store()) : Result<std::optional<Rows>>(std::nullopt);
    if (read) found = *std::move(read);
  }
  std::vector<std::string> stale;
  if (const auto known = rows.find(change.document); known != rows.end()) stale.push_back(known->second.stamp);
  remember(change.document, found ? &*found : nullptr);
  if (const auto here = in_memory()) {
    here->remove(change.document);
    if (found) (void)here->put(change.document, *std::move(found));
  } else if (answers()) {
    Result<> written = take_away(stale, {});
    if (written && found) written = write(change.document, *found, {});
    if (!written) fail(written.error());
  }
}

// ---- the store in step ----

Result<> LibraryVectors::State::ensure(std::uint32_t wanted, const std::stop_token& stop) {
  {
    const MutexLock lock(mutex);
    if (dimensions == wanted) return {};
  }
  for (vectors::Store* one : {store.chunks, store.units}) {
    Result<> made = one->ensure(wanted, patience(kLongCall), stop);
    if (!made && made.error().code == Code::kConflict) {  // Of another model: nothing in it is of use.
      DM_TRY(one->drop(patience(kLongCall), stop));
      made = one->ensure(wanted, patience(kLongCall), stop);
    }
    if (!made) return made;
  }
  const MutexLock lock(mutex);
  dimensions = wanted;
  return {};
}

Result<> LibraryVectors::State::take_away(std::span<const std::string> stale, const std::stop_token& stop) {
  vectors::Texts there;
  for (const std::string& stamp : stale) {
    if (held.contains(stamp)) there.push_back(stamp);
  }
  if (there.empty()) return {};
  const vectors::Filter all_of{{{std::string(kStamp), there}}, {}};
  DM_TRY(store.chunks->remove_where(all_of, patience(kLongCall), stop));
  DM_TRY(store.units->remove_where(all_of, patience(kLongCall), stop));
  for (const std::string& stamp : there) held.erase(stamp);
  return {};
}

// What fails half-way is made good when the store is brought in step again.
Result<> LibraryVectors::State::write(std::int64_t document, const Rows& found, const std::stop_token& stop) {
  const Summary summary = summary_of(found);
  if (summary.dimensions == 0) return {};
  {
    const MutexLock lock(mutex);
    if (space.empty()) space = summary.space;
    if (summary.space != space) return {};
  }
  DM_TRY(ensure(summary.dimensions, stop));
  held[found.stamp] = {};  // From here some of it may be there.
  for (const auto& [kind, of_kind] : {std::pair{store.chunks, &found.chunks}, std::pair{store.units, &found.units}}) {
    for (std::size_t from = 0; from < of_kind->ids.size(); from += kBatch) {
      DM_TRY(kind->upsert(points_of(document, found.stamp, *of_kind, from), patience(), stop));
    }
  }
  held[found.stamp] = {summary.chunks, summary.units};
  return {};
}

// The one most documents have, unless a question has come in another.
std::string LibraryVectors::State::wanted_space() const {
  const MutexLock lock(mutex);
  if (spaces.contains(space) || spaces.empty()) return space;
  const auto fewer = [](const auto& a, const auto& b) { return a.second < b.second; };
  return std::ranges::max_element(spaces, fewer)->first;
}

Result<> LibraryVectors::State::look_at_store(const std::stop_token& stop) {
  const MutexLock lock(loading);
  const std::string of_space = wanted_space();
  held.clear();
  {
    const MutexLock published(mutex);
    space = of_space;
    dimensions = 0;
  }
  const auto fits = [&](const auto& one) { return one.second.space == of_space && one.second.dimensions != 0; };
  const auto first = std::ranges::find_if(rows, fits);
  if (first == rows.end()) return {};
  DM_TRY(ensure(first->second.dimensions, stop));
  for (const auto& [kind, points] :
       {std::pair{store.chunks, &Points::chunks}, std::pair{store.units, &Points::units}}) {
    for (const vectors::Count& one : DM_TRY(kind->counts(kStamp, patience(kLongCall), stop))) {
      if (const auto* stamp = std::get_if<std::string>(&one.value)) held[*stamp].*points = one.points;
    }
  }
  return {};
}

Difference LibraryVectors::State::difference(const std::string& of_space) const {
  Difference out;
  std::set<std::string> right;
  for (const auto& [document, summary] : rows) {
    if (summary.space != of_space || summary.dimensions == 0) continue;
    const auto there = held.find(summary.stamp);
    if (there != held.end() && there->second.chunks == summary.chunks && there->second.units == summary.units) {
      right.insert(summary.stamp);
    } else {
      out.missing.push_back(document);
    }
  }
  for (const auto& [stamp, points] : held) {
    if (!right.contains(stamp)) out.stale.push_back(stamp);
  }
  return out;
}

// Not under one lock: commits go on between two documents.
Result<> LibraryVectors::State::even_out(const Difference& difference, const std::stop_token& stop) {
  for (std::size_t from = 0; from < difference.stale.size(); from += kBatch) {
    const std::size_t count = std::min(kBatch, difference.stale.size() - from);
    const MutexLock lock(loading);
    DM_TRY(take_away(std::span(difference.stale).subspan(from, count), stop));
  }
  for (const std::int64_t document : difference.missing) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "The vector store is not in step yet."};
    library::Snapshot at = DM_TRY(library.read(Deadline::never(), stop));
    const std::optional<Rows> found = DM_TRY(read_rows(at, document, has_store()));
    const MutexLock lock(loading);
    if (found) DM_TRY(write(document, *found, stop));
  }
  return {};
}

Result<> LibraryVectors::State::bring_in_step(const std::stop_token& stop) {
  DM_TRY(look_at_store(stop));
  for (;;) {
    Difference rest;
    {
      const MutexLock lock(loading);
      const MutexLock published(mutex);
      rest = difference(space);
      if (rest.empty()) {
        in_step = true;
        trouble.clear();
        memory.reset();
        changed.notify_all();
        return {};
      }
    }
    DM_TRY(even_out(rest, stop));
  }
}

void LibraryVectors::State::run(const std::stop_token& stop) {
  int pauses = 1;
  while (!stop.stop_requested()) {
    if (!in_memory()) (void)load(stop);
    const Result<> done = bring_in_step(stop);
    if (!done) fail(done.error());
    MutexLock lock(mutex);
    if (done) {
      pauses = 1;
      if (store.log != nullptr)
        store.log->event(obs::Level::kInfo, "vectors_in_step", {{"where", store.chunks->where()}});
      changed.wait(lock, stop, [this]() DM_REQUIRES(mutex) { return !in_step; });
    } else {
      changed.wait_for(lock, stop, store.pause * pauses, [] { return false; });
      pauses = std::min(2 * pauses, kLongestPause);
    }
  }
}

// The store is not asked until it is in step again. `other_space`: the one it is to hold then.
void LibraryVectors::State::fail(const Error& error, const std::string& other_space) {
  const MutexLock lock(mutex);
  if (error.code == Code::kCancelled) return;
  if (store.log != nullptr && trouble != error.message) {
    store.log->failure(obs::Level::kWarn, "vectors_from_memory", error, {{"where", store.chunks->where()}});
  }
  trouble = error.message;
  if (!other_space.empty()) space = other_space;
  in_step = false;
  changed.notify_all();
}

// ---- searching ----

std::shared_ptr<Memory> LibraryVectors::State::in_memory() const {
  const MutexLock lock(mutex);
  return memory;
}

// Memory to answer from; null: the store does. Waits while a store has failed and memory is not loaded yet.
Result<std::shared_ptr<Memory>> LibraryVectors::State::ready(Deadline deadline, std::stop_token stop) {
  const Deadline until = deadline.sooner(store.patience, clock);
  MutexLock lock(mutex);
  const exec::Waited waited = exec::wait_until(changed, lock, until, std::move(stop),
                                               [this]() DM_REQUIRES(mutex) { return memory != nullptr || in_step; });
  if (waited == exec::Waited::kReady) return memory;
  if (waited == exec::Waited::kStopped || deadline.expired()) return exec::error_of(waited, "the search");
  return Error{Code::kUnavailable, "The vector store has failed, and its vectors are still being read into memory.",
               "Search again in a few seconds."};
}

// From whichever of the two is there; a store that fails is replaced by memory.
template <typename FromMemory, typename FromStore>
auto LibraryVectors::State::answer(const VectorQuery& query, const Deadline& deadline, const std::stop_token& stop,
                                   FromMemory from_memory, FromStore from_store) -> decltype(from_store()) {
  for (int tries = 0; tries < kTries; ++tries) {
    if (const std::shared_ptr<Memory> here = DM_TRY(ready(deadline, stop))) return from_memory(*here);
    if (!serves(query)) continue;
    auto found = from_store();
    if (found || deadline.expired()) return found;
    if (stop.stop_requested()) return Error{Code::kCancelled, "The search was stopped."};
    fail(found.error());
  }
  return Error{Code::kUnavailable, "The vector store comes and goes.", "Search again in a few seconds."};
}

bool LibraryVectors::State::answers() const {
  const MutexLock lock(mutex);
  return in_step;
}

// Whether the store is to be asked; a question in another space than the store's has it filled anew.
bool LibraryVectors::State::serves(const VectorQuery& query) {
  {
    const MutexLock lock(mutex);
    if (!in_step) return false;
    if (query.space == space || !spaces.contains(query.space)) return true;
  }
  fail({Code::kConflict, "The vector store holds vectors of another model.", {}}, std::string(query.space));
  return false;
}

// Whether anything in the store could be near to it.
bool LibraryVectors::State::fits(const VectorQuery& query) const {
  const MutexLock lock(mutex);
  return query.space == space && query.vector.size() == dimensions;
}

Result<std::vector<Neighbour>> LibraryVectors::State::ask_store(library::Rows kind, const VectorQuery& query,
                                                                std::size_t k, const DocumentSet* allowed,
                                                                Deadline deadline, std::stop_token stop) {
  if (!fits(query)) return std::vector<Neighbour>();
  vectors::NearestQuery asked{.vector = query.vector, .k = std::min(k, vectors::kMaxNearest)};
  asked.payload = {std::string(kStamp)};
  if (allowed != nullptr) {
    asked.filter.all.push_back({std::string(kDocument), std::vector<std::int64_t>(allowed->begin(), allowed->end())});
  }
  const auto found = DM_TRY(of(kind).nearest(asked, deadline.sooner(store.patience, clock), std::move(stop)));
  std::vector<Neighbour> out;
  const MutexLock lock(mutex);
  for (const vectors::Nearest& one : found) {
    const auto payload = one.payload.find(kStamp);
    const auto* stamp = payload == one.payload.end() ? nullptr : std::get_if<std::string>(&payload->second);
    if (stamp != nullptr && stamps.contains(*stamp)) out.push_back({one.id, one.cosine});
  }
  return out;
}

Result<std::vector<float>> LibraryVectors::State::ask_cosines(const VectorQuery& query,
                                                              std::span<const UnitPlace> units, Deadline deadline,
                                                              std::stop_token stop) {
  if (!fits(query)) return std::vector<float>(units.size());
  std::vector<std::int64_t> ids;
  for (const UnitPlace& one : units) ids.push_back(one.unit);
  return store.units->cosines(query.vector, ids, deadline.sooner(store.patience, clock), std::move(stop));
}

Result<std::vector<Neighbour>> LibraryVectors::nearest(library::Rows rows, const VectorQuery& query, std::size_t k,
                                                       const DocumentSet* allowed, Deadline deadline,
                                                       std::stop_token stop) {
  if (query.vector.empty() || k == 0) return std::vector<Neighbour>();
  return state_->answer(
      query, deadline, stop, [&](const Memory& memory) { return memory.of(rows).nearest(query, k, allowed); },
      [&] { return state_->ask_store(rows, query, k, allowed, deadline, stop); });
}

Result<std::vector<float>> LibraryVectors::cosines(const VectorQuery& query, std::span<const UnitPlace> units,
                                                   Deadline deadline, std::stop_token stop) {
  if (query.vector.empty() || units.empty()) return std::vector<float>(units.size());
  return state_->answer(
      query, deadline, stop, [&](const Memory& memory) { return memory.cosines(query, units); },
      [&] { return state_->ask_cosines(query, units, deadline, stop); });
}

Result<> LibraryVectors::wait_outside(Deadline deadline, std::stop_token stop) {
  State& my = *state_;
  if (!my.has_store()) return {};
  MutexLock lock(my.mutex);
  const auto in_step = [&my]() DM_REQUIRES(my.mutex) { return my.in_step; };
  const exec::Waited waited = exec::wait_until(my.changed, lock, deadline, std::move(stop), in_step);
  return waited == exec::Waited::kReady ? Result<>() : Result<>(exec::error_of(waited, "the vector store"));
}

LibraryVectorsStats LibraryVectors::stats() const {
  const State& my = *state_;
  const MutexLock lock(my.mutex);
  return {.chunks = my.total.chunks,
          .units = my.total.units,
          .bytes = my.memory ? my.memory->chunks.bytes() + my.memory->units.bytes() : 0,
          .outside = my.in_step,
          .trouble = my.trouble};
}

}  // namespace docmind::retrieval
