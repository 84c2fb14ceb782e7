#include "cache/entries/impl/index.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace docmind::cache {

std::uint8_t weight_of(double cost_seconds, std::uint64_t bytes) {
  const double kibibytes = static_cast<double>(bytes / 1024U + 1);
  const double weight = cost_seconds / kibibytes;
  if (!(weight > 1)) return 1;  // Not a number, too.
  return weight < 16 ? static_cast<std::uint8_t>(weight) : std::uint8_t{16};
}

Index::Place Index::find(const KeyHash& hash) const {
  const auto found = places_.find(hash);
  return found == places_.end() ? kNone : found->second;
}

Index::Place Index::add(Known known) {
  Place place = static_cast<Place>(slots_.size());
  if (free_.empty()) {
    slots_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  const bool fresh = places_.emplace(known.hash, place).second;
  DM_CHECK(fresh);
  Slot& slot = slots_[place];
  slot.known = std::move(known);
  slot.used = true;
  bytes_ += slot.known.bytes;
  value_bytes_ += slot.known.size;
  stored_bytes_ += slot.known.stored;
  slot.rank = rank_ + slot.known.weight;
  slot.turn = ++turn_;
  append(queue_of(place), &Slot::queue, place);
  return place;
}

void Index::remove(Place place) {
  cool(place);
  Slot& slot = slots_[place];
  unlink(queue_of(place), &Slot::queue, place);
  places_.erase(slot.known.hash);
  bytes_ -= slot.known.bytes;
  value_bytes_ -= slot.known.size;
  stored_bytes_ -= slot.known.stored;
  slot.known = {};
  slot.used = false;
  free_.push_back(place);
}

void Index::use(Place place) {
  Slot& slot = slots_[place];
  unlink(queue_of(place), &Slot::queue, place);
  slot.rank = rank_ + slot.known.weight;
  slot.turn = ++turn_;
  append(queue_of(place), &Slot::queue, place);
  if (slot.hot == nullptr) return;
  unlink(warmth_, &Slot::warmth, place);
  append(warmth_, &Slot::warmth, place);
}

void Index::warm(Place place, Hot value) {
  cool(place);
  const bool fits = value->bytes() <= hot_budget_;
  while (fits && hot_bytes_ + value->bytes() > hot_budget_) {
    const Place coldest = warmth_.first;
    if (slots_[coldest].known.id == 0) {
      remove(coldest);
    } else {
      cool(coldest);
    }
  }
  if (!fits) {
    if (slots_[place].known.id == 0) remove(place);
    return;
  }
  hot_bytes_ += value->bytes();
  ++hot_entries_;
  slots_[place].hot = std::move(value);
  append(warmth_, &Slot::warmth, place);
}

void Index::cool(Place place) {
  Slot& slot = slots_[place];
  if (slot.hot == nullptr) return;
  unlink(warmth_, &Slot::warmth, place);
  hot_bytes_ -= slot.hot->bytes();
  --hot_entries_;
  slot.hot = nullptr;
}

Index::Place Index::next_to_go() const {
  Place least = kNone;
  for (const Queue& queue : queues_) {
    if (queue.first == kNone) continue;
    const Slot& first = slots_[queue.first];
    if (least == kNone || std::pair(first.rank, first.turn) < std::pair(slots_[least].rank, slots_[least].turn)) {
      least = queue.first;
    }
  }
  return least;
}

void Index::gone(Place place) {
  rank_ = std::max(rank_, slots_[place].rank);
  remove(place);
}

void Index::clear() {
  slots_.clear();
  free_.clear();
  places_.clear();
  queues_ = {};
  warmth_ = {};
  bytes_ = value_bytes_ = stored_bytes_ = hot_entries_ = hot_bytes_ = 0;
}

void Index::append(Queue& queue, Link Slot::* link, Place place) {
  Link& own = slots_[place].*link;
  own = {queue.last, kNone};
  if (queue.last != kNone) (slots_[queue.last].*link).after = place;
  queue.last = place;
  if (queue.first == kNone) queue.first = place;
}

void Index::unlink(Queue& queue, Link Slot::* link, Place place) {
  const Link own = slots_[place].*link;
  if (own.before != kNone) (slots_[own.before].*link).after = own.after;
  if (own.after != kNone) (slots_[own.after].*link).before = own.before;
  if (queue.first == place) queue.first = own.after;
  if (queue.last == place) queue.last = own.before;
}

}  // namespace docmind::cache
