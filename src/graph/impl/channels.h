// The values of a run's channels: applies a superstep's writes, and tells what has to be stored of them.
//
// Not thread-safe: the thread that runs the loop owns it; nodes read the values through values() while it stands still.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "graph/checkpoint.h"
#include "graph/impl/plan.h"

namespace docmind::graph::impl {

// Names a message that came without an id: the n-th write of a task, the i-th message in it.
using NameMessage = std::function<std::string(std::size_t write, std::size_t message)>;

// One write against a value. touched: whether the channel was written before in this superstep.
Result<> apply_write(const Channel& channel, const Write& write, bool touched, Value& value);

// Checks that every write names a channel, fits its type and can be stored, and gives messages their ids.
Result<> prepare(const Plan& plan, Update& update, const NameMessage& name_message);

enum class Ephemerals : std::uint8_t { kEnd, kKeep };  // Whether the step that could read them is over.
enum class Tracking : std::uint8_t { kOff, kOn };      // Whether checkpoints will be taken.

class Channels {
 public:
  Channels(const Plan& plan, Tracking tracking);

  Result<> load(const std::map<std::string, std::vector<Piece>, std::less<>>& saved);

  // The writes of one superstep, in order. On an error nothing is to be used any more.
  Result<> apply(const std::vector<const Update*>& updates, Ephemerals ephemerals = Ephemerals::kEnd);

  // For nodes. Shared with tasks that were abandoned, hence never changed: apply() makes a copy while somebody may
  // read.
  std::shared_ptr<const Object> values() const { return values_; }
  void copy_before_next_change() { copy_first_ = true; }

  // Since the last call: what a checkpoint has to store.
  std::map<std::string, Piece, std::less<>> take_changes();
  std::vector<std::string> take_removed();

  // Channels written so far, but for ephemeral ones; a run that goes on from a checkpoint says what was before.
  const std::set<std::string, std::less<>>& touched() const { return touched_; }
  void touch(std::string name) { touched_.insert(std::move(name)); }
  void forget_touched() { touched_.clear(); }

 private:
  struct Track {
    std::size_t whole = 0;  // Items in the last whole piece.
    std::size_t added = 0;  // Items in additions since.
    bool stored = false;    // There is a whole piece, or will be with the next checkpoint.
    Array additions{};      // Of this step.
    bool rewrite = false;   // The additions do not tell it all.
  };

  void end_ephemerals();
  Result<> apply_one(const Write& write, std::set<std::string, std::less<>>& written);
  void track(const Channel& channel, const Write& write);
  Piece piece(const std::string& name, Track& track);

  const Plan& plan_;
  const Tracking tracking_;
  std::shared_ptr<Object> values_ = std::make_shared<Object>();
  bool copy_first_ = false;
  std::map<std::string, Track, std::less<>> tracks_;
  std::set<std::string, std::less<>> changed_;
  std::vector<std::string> removed_;
  std::set<std::string, std::less<>> touched_;
};

}  // namespace docmind::graph::impl
