// What one commit does: the changes that came together, in order, worked out against what is known in memory.
//
// Removals happen in the index when the plan is made, before the commit; what is put enters it after. So whoever looks
// meanwhile finds the value before, or nothing, and never one that is being purged. Of several changes to one key the
// last one counts, and a purge takes what was put before it in the same plan.
// Thread safety: none; the owner locks while a plan is made and when it is installed.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cache/entries/entries.h"
#include "cache/entries/impl/index.h"
#include "cache/entries/row.h"

namespace docmind::cache {

enum class ChangeKind : std::uint8_t { kPut, kErase, kPurge };

// Made ready by whoever asks for it: hashed, packed.
struct ReadyChange {
  ChangeKind kind = ChangeKind::kPut;
  KeyHash hash{};
  std::uint64_t tag = 0;  // Of a purge; 0: everything.
  RowHead head{};         // Of a put; without id.
  std::vector<std::uint64_t> tags{};
  Packed packed{};
  Hot value{};
  bool stores = true;        // False: a time to live of nothing.
  std::uint64_t moment = 0;  // The put is older than a purge that came after this.
  std::string_view stored() const { return packed.form == RowForm::kPlain ? value->value : packed.bytes; }
};

// Which purges there were, so that a put that is older than one of them is known. Bounded: before the last 1,024, a
// purge is taken to have been of everything.
class Purges {
 public:
  explicit Purges(std::uint64_t moment) : moment_(moment), forgotten_(moment) {}
  std::uint64_t moment() const { return moment_; }
  void add(std::uint64_t tag);
  bool since(std::uint64_t moment, const std::vector<std::uint64_t>& tags) const;

 private:
  std::uint64_t moment_;
  std::uint64_t forgotten_;
  std::deque<std::pair<std::uint64_t, std::uint64_t>> known_;  // (moment after it, tag)
};

struct Counted {
  std::uint64_t puts = 0;
  std::uint64_t outrun = 0;
  std::uint64_t evicted = 0;
  std::uint64_t erased = 0;
  std::uint64_t purged = 0;
};

struct Budget {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

// Rows that nobody needs any more.
struct Garbage {
  std::vector<std::int64_t> ids{};
  std::uint64_t bytes = 0;  // As charged.
  void add(const Known& known) {
    if (known.id == 0) return;  // In memory alone.
    ids.push_back(known.id);
    bytes += known.bytes;
  }
  void add(const Garbage& other) {
    ids.insert(ids.end(), other.ids.begin(), other.ids.end());
    bytes += other.bytes;
  }
};

class Plan {
 public:
  Plan(Index& index, Purges& purges, Counted& counted, std::int64_t& next_id)
      : index_(index), purges_(purges), counted_(counted), next_id_(next_id) {}

  // In order. The answer: how many entries it took away (kErase, kPurge), else 0.
  std::uint64_t add(ReadyChange& change);

  // Removes what has to go for want of room. Whether anything had to.
  bool make_room(const Budget& budget);

  // What is put: after the commit, or without one (kMemory).
  enum class Kept : std::uint8_t { kFile, kMemory };
  void install(Kept kept);

  std::vector<ReadyChange*> puts() const;  // By rising id.
  Garbage replaced() const;                // Rows that what is put replaces, as of now.
  const Garbage& removed() const { return removed_; }
  void forget_removed() { removed_ = {}; }  // The file they were in is gone.
  bool purges() const { return purged_; }
  bool erases() const { return erased_; }

 private:
  void take(Index::Place place);
  std::uint64_t purge(std::uint64_t tag);
  void drop(std::size_t at) { puts_[at] = nullptr; }

  Index& index_;
  Purges& purges_;
  Counted& counted_;
  std::int64_t& next_id_;
  struct HashOfHash {
    std::size_t operator()(const KeyHash& hash) const { return hash.low; }
  };
  std::vector<ReadyChange*> puts_;  // nullptr: dropped again.
  std::unordered_map<KeyHash, std::size_t, HashOfHash> latest_;
  Garbage removed_;
  bool purged_ = false;
  bool erased_ = false;
};

// What an entry is charged for: its row.
std::uint64_t charged(const RowHead& head);
Known known_of(const RowHead& head, KeyHash hash, std::vector<std::uint64_t> tags);

}  // namespace docmind::cache
