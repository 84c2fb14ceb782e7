#include "cache/entries/impl/plan.h"

#include <algorithm>

namespace docmind::cache {
namespace {

constexpr std::size_t kPurgesKnown = 1024;
constexpr std::uint64_t kRowBytes = 96;  // Of a row beside key, tags and value; measured.

bool has(const std::vector<std::uint64_t>& tags, std::uint64_t tag) {
  return tag == 0 || std::ranges::find(tags, tag) != tags.end();
}

}  // namespace

void Purges::add(std::uint64_t tag) {
  known_.emplace_back(++moment_, tag);
  if (known_.size() <= kPurgesKnown) return;
  forgotten_ = known_.front().first;
  known_.pop_front();
}

bool Purges::since(std::uint64_t moment, const std::vector<std::uint64_t>& tags) const {
  if (moment < forgotten_ || moment > moment_) return true;  // Of another life of the process, too.
  return std::any_of(known_.rbegin(), known_.rend(),
                     [&](const auto& purge) { return purge.first > moment && has(tags, purge.second); });
}

std::uint64_t charged(const RowHead& head) { return kRowBytes + head.key.size() + head.tags.size() + head.bytes; }

Known known_of(const RowHead& head, KeyHash hash, std::vector<std::uint64_t> tags) {
  return {.hash = hash,
          .id = head.id,
          .expires = head.expires,
          .bytes = charged(head),
          .size = head.size,
          .stored = head.bytes,
          .weight = weight_of(head.cost, charged(head)),
          .tags = std::move(tags)};
}

void Plan::take(Index::Place place) {
  removed_.add(index_.at(place));
  index_.remove(place);
}

std::uint64_t Plan::add(ReadyChange& change) {
  if (change.kind == ChangeKind::kPurge) {
    purged_ = true;
    return purge(change.tag);
  }
  const auto before = latest_.find(change.hash);
  const bool planned = before != latest_.end() && puts_[before->second] != nullptr;
  const Index::Place place = index_.find(change.hash);
  if (change.kind == ChangeKind::kPut) {
    ++counted_.puts;
    if (purges_.since(change.moment, change.tags)) {
      ++counted_.outrun;
      return 0;
    }
    if (planned) drop(before->second);
    if (change.stores) {
      change.head.id = next_id_++;
      latest_[change.hash] = puts_.size();
      puts_.push_back(&change);
      if (place != Index::kNone) index_.use(place);  // Not the one to go for its own successor.
      return 0;
    }
  } else if (planned) {
    drop(before->second);
  }
  erased_ = true;
  const bool there = planned || place != Index::kNone;
  if (place != Index::kNone) take(place);
  if (change.kind == ChangeKind::kPut || !there) return 0;
  ++counted_.erased;
  return 1;
}

std::uint64_t Plan::purge(std::uint64_t tag) {
  purges_.add(tag);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < puts_.size(); ++i) {
    if (puts_[i] == nullptr || !has(puts_[i]->tags, tag)) continue;
    const Index::Place before = index_.find(puts_[i]->hash);
    if (before != Index::kNone) take(before);  // What it has replaced does not come back.
    drop(i);
    ++count;
  }
  for (Index::Place place = 0; place < index_.end(); ++place) {
    if (!index_.used(place) || !has(index_.at(place).tags, tag)) continue;
    take(place);
    ++count;
  }
  counted_.purged += count;
  return count;
}

bool Plan::make_room(const Budget& budget) {
  std::uint64_t bytes = index_.bytes();
  std::uint64_t entries = index_.entries();
  const auto predecessor = [this](const ReadyChange& put) { return index_.find(put.hash); };
  for (const ReadyChange* put : puts_) {
    if (put == nullptr) continue;
    const Index::Place place = predecessor(*put);
    bytes += charged(put->head) - (place == Index::kNone ? 0 : index_.at(place).bytes);
    entries += place == Index::kNone ? 1 : 0;
  }
  bool had_to = false;
  const auto too_much = [&] { return bytes > budget.bytes || entries > budget.entries; };
  while (too_much()) {
    const Index::Place place = index_.next_to_go();
    if (place == Index::kNone) break;
    had_to = true;
    const auto planned = latest_.find(index_.at(place).hash);
    if (planned == latest_.end() || puts_[planned->second] == nullptr) {
      bytes -= index_.at(place).bytes;
      --entries;
      ++counted_.evicted;
    }  // Else its successor has been counted instead of it.
    removed_.add(index_.at(place));
    index_.gone(place);
  }
  for (std::size_t i = 0; i < puts_.size() && too_much(); ++i) {  // Itself more than there is room for.
    if (puts_[i] == nullptr) continue;
    bytes -= charged(puts_[i]->head);
    --entries;
    ++counted_.evicted;
    drop(i);
  }
  return had_to;
}

std::vector<ReadyChange*> Plan::puts() const {
  std::vector<ReadyChange*> out;
  std::ranges::copy_if(puts_, std::back_inserter(out), [](const ReadyChange* put) { return put != nullptr; });
  return out;
}

Garbage Plan::replaced() const {
  Garbage out;
  for (const ReadyChange* put : puts()) {
    if (const Index::Place old = index_.find(put->hash); old != Index::kNone) out.add(index_.at(old));
  }
  return out;
}

void Plan::install(Kept kept) {
  for (ReadyChange* put : puts()) {
    if (const Index::Place old = index_.find(put->hash); old != Index::kNone) index_.remove(old);
    if (kept == Kept::kMemory) put->head.id = 0;
    const Index::Place place = index_.add(known_of(put->head, put->hash, std::move(put->tags)));
    index_.warm(place, put->value);
  }
}

}  // namespace docmind::cache
