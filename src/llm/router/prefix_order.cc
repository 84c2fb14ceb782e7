#include "llm/router/prefix_order.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/hash.h"
#include "exec/wait.h"

namespace docmind::router {

PrefixOrder::Turn::~Turn() {
  if (order_ != nullptr) order_->leave(beginning_, leads_);
}

PrefixOrder::Turn::Turn(Turn&& other) noexcept
    : order_(std::exchange(other.order_, nullptr)), beginning_(other.beginning_), leads_(other.leads_) {}

void PrefixOrder::Turn::first_token() {
  if (std::exchange(leads_, false)) order_->computed(beginning_);
}

bool PrefixOrder::free_slot() const { return options_.slots == 0 || running_ < options_.slots; }

// Whether nobody else computes its beginning just now.
bool PrefixOrder::ready(const Waiting& one) const {
  const auto found = beginnings_.find(one.beginning);
  return found == beginnings_.end() || !found->second.led || clock_.now() >= one.until;
}

// Whether it is this one's turn: with any number of slots everybody's who is ready, else the earliest of those with the
// beginning that went last, else the earliest.
bool PrefixOrder::next(const Waiting& one) const {
  if (!free_slot() || !ready(one)) return false;
  if (options_.slots == 0) return true;
  const Waiting* first = nullptr;
  for (const Waiting& other : waiting_) {
    if (!ready(other)) continue;
    if (other.beginning == last_ && in_row_ < options_.run) return &other == &one;
    if (first == nullptr) first = &other;
  }
  return first == &one;
}

PrefixOrder::Turn PrefixOrder::begin(const Waiting& one) {
  ++running_;
  in_row_ = one.beginning == last_ ? in_row_ + 1 : 1;
  last_ = one.beginning;
  if (one.beginning == 0) return {*this, 0, false};
  Beginning& beginning = beginnings_[one.beginning];
  const bool leads = !beginning.computed && !beginning.led;
  beginning.led = beginning.led || leads;
  beginning.used = ++uses_;
  forget_oldest();
  return {*this, one.beginning, leads};
}

void PrefixOrder::forget_oldest() {
  if (beginnings_.size() <= options_.remembered) return;
  const auto oldest = std::ranges::min_element(beginnings_, {}, [](const auto& one) { return one.second.used; });
  if (!oldest->second.led) beginnings_.erase(oldest);
}

Result<PrefixOrder::Turn> PrefixOrder::enter(std::uint64_t beginning, Deadline deadline, std::stop_token stop) {
  MutexLock lock(mutex_);
  const auto until = clock_.now() + std::chrono::duration_cast<TimePoint::duration>(options_.patience);
  const auto me = waiting_.insert(waiting_.end(), Waiting{beginning, until});
  const auto my_turn = [&]() DM_REQUIRES(mutex_) { return next(*me); };
  exec::Waited waited = exec::wait_until(changed_, lock, deadline.sooner(options_.patience, clock_), stop, my_turn);
  // Its patience is over, and nobody tells it: from here it waits for a slot alone.
  if (waited == exec::Waited::kDeadline && !deadline.expired()) {
    waited = exec::wait_until(changed_, lock, deadline, std::move(stop), my_turn);
  }
  if (waited == exec::Waited::kReady) {
    Turn turn = begin(*me);
    waiting_.erase(me);
    changed_.notify_all();
    return turn;
  }
  waiting_.erase(me);
  changed_.notify_all();
  return exec::error_of(waited, "waiting for the backend");
}

std::size_t PrefixOrder::waiting() const {
  const MutexLock lock(mutex_);
  return waiting_.size();
}

void PrefixOrder::computed(std::uint64_t beginning) {
  const MutexLock lock(mutex_);
  Beginning& one = beginnings_[beginning];
  one.computed = true;
  one.led = false;
  changed_.notify_all();
}

void PrefixOrder::leave(std::uint64_t beginning, bool led) {
  const MutexLock lock(mutex_);
  --running_;
  // It ended before its first token: the next one computes the beginning.
  if (led) beginnings_[beginning].led = false;
  changed_.notify_all();
}

std::uint64_t beginning_of(const llm::ChatRequest& request) {
  if (request.documents.empty()) return 0;
  Hasher all;
  for (const llm::ChatMessage& message : request.messages) {
    if (message.role == llm::Role::kSystem) all.field(message.content);
  }
  for (const llm::ChatTool& tool : request.tools) all.field(tool.name);
  for (const llm::ChatDocument& document : request.documents) {
    all.field(document.title).field(document.text);
  }
  const ContentHash hash = all.finish();
  std::uint64_t key = 0;
  std::memcpy(&key, hash.bytes.data(), sizeof key);
  return std::max<std::uint64_t>(key, 1);
}

}  // namespace docmind::router
