// Continuous batching over one runner: many texts are generated at once, shared beginnings are computed once.
//
// One owner thread drives the runner step by step. A step holds the next token of every running text (and drafts), and
// a piece of the prompts that still have to be read, small enough that running texts go on within `gap`.
// A prompt's beginning that another text has computed, or is computing just now, is forked from it (prefix_tree.h); one
// that was saved beside the data is restored (kv_files.h). Room for a whole text is reserved before it starts, so a
// running text is never ended for a new one.
//
// Thread safety: every method from any thread. Bounded: `waiting` generations beside the running ones; more get
// kResourceExhausted with the time after which it makes sense to come back.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "scheduler/constraint.h"
#include "scheduler/runner.h"
#include "scheduler/sampler.h"

namespace docmind::obs {
class Log;
}

namespace docmind::scheduler {

class KvFiles;

enum class Priority : std::uint8_t { kBackground, kNormal, kHigh };
enum class Drafting : std::uint8_t { kOff, kLookup };  // kLookup: drafts from the text so far, where they pay.
enum class Keep : std::uint8_t { kYes, kNo };          // kNo: its cells go when it ends, but for those others have.
enum class EndTokens : std::uint8_t { kObey, kIgnore };

struct GenerateRequest {
  std::vector<TokenId> prompt{};  // At least one token.
  // The first so many tokens are a beginning that others will share (system message, documents): kept longest, saved.
  std::uint32_t shared = 0;
  std::uint32_t max_tokens = 256;
  SamplingOptions sampling{};
  std::unique_ptr<Constraint> constraint{};  // Empty: anything goes.
  Priority priority = Priority::kNormal;
  Drafting drafting = Drafting::kLookup;
  EndTokens end_tokens = EndTokens::kObey;
  Keep keep = Keep::kYes;
};

enum class FinishReason : std::uint8_t { kEnd, kLength, kStopped };  // kStopped: the listener said so.

// Where the prompt's tokens came from, and what the text took.
struct GenerateUsage {
  std::uint32_t prompt = 0;
  std::uint32_t computed = 0;    // Of the prompt, by this request.
  std::uint32_t forked = 0;      // Taken from another sequence.
  std::uint32_t restored = 0;    // Read from disk.
  std::uint32_t completion = 0;  // Tokens given to the listener, the end token not counted.
  std::uint32_t drafted = 0;     // Draft tokens that were checked,
  std::uint32_t accepted = 0;    // and those that stood.
  Duration waited{};             // For room and for a leader's cells.
  Duration prompt_time{};        // From the start to the first token.
  Duration completion_time{};    // From the first token to the last.
};

struct Generated {
  FinishReason reason = FinishReason::kEnd;
  GenerateUsage usage{};
};

enum class Listen : std::uint8_t { kMore, kStop };

struct SchedulerOptions {
  std::uint32_t running = 16;                     // Generations at once.
  std::uint32_t waiting = 64;                     // Generations that may wait beside them.
  Duration gap = std::chrono::milliseconds(500);  // A step aims at this when texts are running.
  std::uint32_t chunk = 512;      // Prompt tokens in one step at most, when nobody waits for the next token.
  std::uint32_t draft = 7;        // Draft tokens of one text in one step at most.
  std::uint32_t save_from = 256;  // A shared beginning of at least so many tokens is saved to disk.
};

// For health, tests and the memory ledger: cells and sequences as the scheduler counts them.
struct SchedulerCounts {
  std::uint32_t running = 0;
  std::uint32_t waiting = 0;
  std::uint32_t cells_held = 0;      // Computed tokens in the cache, running and kept.
  std::uint32_t cells_reserved = 0;  // Promised to running texts, not yet computed.
  std::uint32_t cells_kept = 0;      // Of those held: no running text has them.
  std::uint32_t sequences = 0;       // In use.
  std::uint64_t computed = 0;        // Since the start: prompt tokens,
  std::uint64_t forked = 0;
  std::uint64_t restored = 0;
  std::uint64_t generated = 0;
  std::uint64_t steps = 0;
  Duration prefill{};  // Of all texts: from the start to the first token, less what they waited,
  Duration decode{};   // and from it to the last.
};

class Scheduler {
 public:
  // `files` may be null: nothing is saved. The runner is used by the scheduler's own thread alone from here on.
  Scheduler(SchedulerOptions options, Runner& runner, KvFiles* files, const Clock& clock, const obs::Log& log);
  ~Scheduler();  // Nobody may be in generate() any more. Saves shared beginnings that are not saved yet.
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Generates a text; on_token is called on the caller's thread for each token, in order.
  // Errors: kInvalidArgument (empty prompt, tokens out of range, prompt and max_tokens beyond the window, with the
  // counts), kResourceExhausted (too many wait), kDeadlineExceeded, kCancelled (within one step), kInternal;
  // kUnavailable when memory did not suffice, from then on for every text.
  using OnToken = std::function<Listen(const Sampled&)>;
  Result<Generated> generate(GenerateRequest request, const OnToken& on_token, Deadline deadline, std::stop_token stop);

  // Waits until nothing runs, waits or has to be saved. For tests and for a clean end.
  Result<> idle(Deadline deadline, std::stop_token stop);

  // Gives up everything that is kept and not running.
  void forget();

  SchedulerCounts counts() const;
  const RunnerFacts& facts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace docmind::scheduler
