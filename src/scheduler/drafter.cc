#include "scheduler/drafter.h"

#include <algorithm>

namespace docmind::scheduler {
namespace {

// Collisions only make a guess worse.
std::uint64_t key_of(std::span<const TokenId> tokens) {
  std::uint64_t key = 0;
  for (const TokenId token : tokens) key = (key ^ static_cast<std::uint32_t>(token)) * 0x9e3779b97f4a7c15U;
  return key;
}

}  // namespace

// Every key but the one at the very end, which nothing follows yet.
void Drafter::read(std::span<const TokenId> text) {
  for (std::size_t end = std::max<std::size_t>(seen_, kKey); end < text.size(); ++end) {
    last_[key_of(text.subspan(end - kKey, kKey))] = static_cast<std::uint32_t>(end);
  }
  seen_ = text.size();
}

std::vector<TokenId> Drafter::draft(std::span<const TokenId> text) {
  if (most_ == 0 || text.size() <= kKey) return {};
  if (pause_ > 0) {
    --pause_;
    return {};
  }
  read(text);
  const auto at = last_.find(key_of(text.last(kKey)));
  if (at == last_.end()) return {};
  const std::size_t count = std::min<std::size_t>({next_, most_, text.size() - at->second});
  const auto follow = text.subspan(at->second, count);
  return {follow.begin(), follow.end()};
}

void Drafter::checked(std::uint32_t drafted, std::uint32_t accepted, double cost) {
  if (drafted == 0) return;
  constexpr double kWeight = 0.25;
  share_ += kWeight * (static_cast<double>(accepted) / drafted - share_);
  next_ = accepted == drafted ? std::min(next_ * 2, most_) : std::max(kLeast, std::min(next_, accepted + 1));
  if (share_ >= kMargin * cost) {
    if (accepted == drafted) pauses_ = kPause;
    return;
  }
  pause_ = pauses_;
  pauses_ = std::min(pauses_ * 2, kLongest);
  share_ = 0.5;
  next_ = kLeast;
}

}  // namespace docmind::scheduler
