// What is known in memory of every entry, in the order in which they would have to go.
//
// The order is GreedyDual-Size (Cao and Irani, "Cost-Aware WWW Proxy Caching Algorithms", USITS 1997): an entry's rank
// is L + weight when it comes and whenever it is used, L being the rank of the last one that went; the least rank goes,
// of equal ones the one used longest ago. Weights are whole numbers from 1 to 16, the seconds a value cost for each KiB
// it takes, so that equal weights make it LRU exactly, and what cost nothing cannot be kept out by what cost much. As
// the weights are few, each has one queue in order of use, as in CAMP (Ghandeharizadeh et al., Middleware 2014): the
// next to go is the first of one of 16 queues, and every operation takes constant time. Values that were just put or
// read are kept as well ("hot"), the ones used longest ago dropped for want of room; an entry that is in memory alone
// (id 0) goes with its value. Thread safety: none; the owner locks.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cache/entries/row.h"

namespace docmind::cache {

// Kept as it is given out. Its key, too: two keys may have one hash.
struct HotValue {
  std::string key;
  std::string value;
  std::uint64_t bytes() const { return key.size() + value.size() + sizeof(HotValue); }
};
using Hot = std::shared_ptr<const HotValue>;

std::uint8_t weight_of(double cost_seconds, std::uint64_t bytes);  // 1 to 16.

struct Known {
  KeyHash hash{};
  std::int64_t id = 0;  // Of its row; 0: in memory alone.
  std::int64_t expires = kNoEnd;
  std::uint64_t bytes = 0;   // As charged.
  std::uint64_t size = 0;    // Of the value.
  std::uint64_t stored = 0;  // Of the value, packed.
  std::uint8_t weight = 1;
  std::vector<std::uint64_t> tags{};
};

class Index {
 public:
  using Place = std::uint32_t;
  static constexpr Place kNone = std::numeric_limits<Place>::max();

  explicit Index(std::uint64_t hot_budget) : hot_budget_(hot_budget) {}

  Place find(const KeyHash& hash) const;
  const Known& at(Place place) const { return slots_[place].known; }
  const Hot& hot(Place place) const { return slots_[place].hot; }

  Place add(Known known);  // Its hash is not there yet.
  void remove(Place place);
  void use(Place place);              // It was read.
  void warm(Place place, Hot value);  // Its value is kept, for as long as there is room.
  Place next_to_go() const;
  void gone(Place place);  // Removed to make room: L becomes its rank.
  void clear();

  // Every place there may be something, for walks: used(place) says whether there is.
  Place end() const { return static_cast<Place>(slots_.size()); }
  bool used(Place place) const { return slots_[place].used; }

  std::uint64_t entries() const { return places_.size(); }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t value_bytes() const { return value_bytes_; }
  std::uint64_t stored_bytes() const { return stored_bytes_; }
  std::uint64_t hot_entries() const { return hot_entries_; }
  std::uint64_t hot_bytes() const { return hot_bytes_; }

 private:
  static constexpr std::size_t kWeights = 16;
  struct Link {
    Place before = kNone;
    Place after = kNone;
  };
  struct Slot {
    Known known{};
    bool used = false;
    std::uint64_t rank = 0;
    std::uint64_t turn = 0;  // Of its last use.
    Link queue{};
    Link warmth{};
    Hot hot{};
  };
  struct Queue {
    Place first = kNone;  // Used longest ago.
    Place last = kNone;
  };
  struct HashOfHash {
    std::size_t operator()(const KeyHash& hash) const { return hash.low; }
  };

  void append(Queue& queue, Link Slot::* link, Place place);
  void unlink(Queue& queue, Link Slot::* link, Place place);
  Queue& queue_of(Place place) { return queues_[slots_[place].known.weight - 1U]; }
  void cool(Place place);

  const std::uint64_t hot_budget_;
  std::vector<Slot> slots_;
  std::vector<Place> free_;
  std::unordered_map<KeyHash, Place, HashOfHash> places_;
  std::array<Queue, kWeights> queues_{};
  Queue warmth_{};
  std::uint64_t rank_ = 0;  // L
  std::uint64_t turn_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t value_bytes_ = 0;
  std::uint64_t stored_bytes_ = 0;
  std::uint64_t hot_entries_ = 0;
  std::uint64_t hot_bytes_ = 0;
};

}  // namespace docmind::cache
