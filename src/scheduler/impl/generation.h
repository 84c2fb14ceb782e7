// One text on its way: what was asked, how far it is, what the caller has not taken yet.
#pragma once
#include <condition_variable>
#include <deque>
#include <optional>
#include <vector>

#include "base/thread_annotations.h"
#include "scheduler/drafter.h"
#include "scheduler/sampler.h"
#include "scheduler/scheduler.h"

namespace docmind::scheduler {

struct Generation {
  Generation(GenerateRequest asked, Deadline until, std::uint32_t draft, std::uint64_t number, TimePoint now)
      : request(std::move(asked)),
        deadline(until),
        arrival(number),
        arrived(now),
        urgency(request.priority),
        tokens(request.prompt),
        sampler(request.sampling),
        drafter(request.drafting == Drafting::kLookup ? draft : 0) {}

  // Set once.
  GenerateRequest request;
  Deadline deadline;
  std::uint64_t arrival;
  TimePoint arrived;

  // The scheduler's thread alone.
  Priority urgency;             // Its own priority, or that of the dearest who waits for its cells.
  std::vector<TokenId> tokens;  // Prompt and text.
  std::uint32_t computed = 0;   // Of them, with cells.
  std::uint32_t in_tree = 0;    // Of them, in the prefix tree.
  std::uint32_t begun_at = 0;   // Computed when it began: taken from others.
  SequenceId sequence = 0;
  bool looked_on_disk = false;
  std::uint32_t from_disk = 0;    // Tokens read from disk on its behalf.
  std::vector<TokenId> drafts{};  // In the current step.
  Sampler sampler;
  Drafter drafter;
  TimePoint first_token{};

  std::uint32_t prompt() const { return static_cast<std::uint32_t>(request.prompt.size()); }
  std::uint32_t pending() const { return static_cast<std::uint32_t>(tokens.size()) - computed; }
  bool reading() const { return computed < prompt(); }

  // Shared with the caller, under the scheduler's mutex.
  std::deque<Sampled> out{};  // At most max_tokens.
  std::condition_variable_any changed{};
  bool cancelled = false;  // The caller wants no more.
  std::optional<Result<Generated>> result{};
  GenerateUsage usage{};
};

}  // namespace docmind::scheduler
