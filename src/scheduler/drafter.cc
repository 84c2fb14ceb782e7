#include "scheduler/drafter.h"

#include <algorithm>
#include <cmath>
#include <utility>

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
  source_ = at != last_.end() ? at->second : std::exchange(goes_on_, 0);
  if (source_ == 0 || source_ >= text.size()) return {};
  // The n-th token is worth it as long as chance^n >= cost.
  const double pays = std::log(std::min(0.99, kMargin * cost_)) / std::log(std::min(chance_, 0.99));
  const auto count = static_cast<std::size_t>(std::clamp(pays, 1.0, static_cast<double>(most_)));
  const auto follow = text.subspan(source_, std::min(count, text.size() - source_));
  return {follow.begin(), follow.end()};
}

void Drafter::checked(std::uint32_t drafted, std::uint32_t accepted, double cost) {
  if (drafted == 0) return;
  cost_ = cost;
  const bool strayed = accepted < drafted;
  const std::uint32_t trials = accepted + (strayed ? 1 : 0);
  const double kept = std::pow(kMemory, trials);
  chance_ = kept * chance_ + (1 - kept) * accepted / trials;
  strays_ = accepted == 0 ? strays_ + 1 : 0;
  goes_on_ = strays_ < kStrays ? source_ + accepted + 1 : 0;
  if (!strayed) pauses_ = kPause;
  if (chance_ >= kMargin * cost) return;
  pause_ = pauses_;
  pauses_ = std::min(pauses_ * 2, kLongest);
  chance_ = kHope;
  goes_on_ = 0;
}

}  // namespace docmind::scheduler
