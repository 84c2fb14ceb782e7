#include "scheduler/scheduler.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <new>
#include <numeric>
#include <thread>
#include <utility>

#include "base/check.h"
#include "exec/pool.h"
#include "exec/wait.h"
#include "obs/log.h"
#include "scheduler/impl/generation.h"
#include "scheduler/impl/pace.h"
#include "scheduler/kv_files.h"
#include "scheduler/prefix_tree.h"

namespace docmind::scheduler {
namespace {

using Shared = std::shared_ptr<Generation>;

constexpr std::uint32_t kWorthReading = 64;  // Tokens that a saved beginning must spare to be read from disk.
constexpr std::uint32_t kToTheEnd = UINT32_MAX;

Error no_memory() {
  return {Code::kUnavailable, "The memory does not suffice to go on.",
          "Load the model with a smaller context, or free memory."};
}

// Nothing when there was no memory for it.
std::optional<Listen> take(const Scheduler::OnToken& on_token, const Sampled& sampled) {
  try {
    return on_token(sampled);
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

Error gone(std::string_view what) { return {Code::kCancelled, "The request was " + std::string(what) + "."}; }

}  // namespace

struct Scheduler::State {
  State(SchedulerOptions asked, Runner& run_with, KvFiles* kv, const Clock& time, const obs::Log& events)
      : options(asked), runner(run_with), files(kv), clock(time), log(events), pace(asked.gap, asked.chunk) {
    const RunnerFacts& facts = runner.facts();
    DM_CHECK(facts.sequences > options.running + 1 && facts.step_tokens >= options.chunk &&
             facts.step_outputs >= options.running);
    options.draft = std::min(options.draft, facts.step_outputs / options.running - 1);
    ids.resize(facts.sequences);
    std::iota(ids.rbegin(), ids.rend(), SequenceId{0});
    scratch = ids.front();  // Never given to a text: saving needs one when all others are taken.
    ids.erase(ids.begin());
  }

  // --- The caller's side -------------------------------------------------------------------------------------------
  Result<> check(const GenerateRequest& request) const;
  Result<Shared> enter(GenerateRequest request, Deadline deadline);
  Result<Generated> listen(const Shared& text, const OnToken& on_token, std::stop_token stop);
  void cancel(const Shared& text) DM_REQUIRES(mutex);

  // --- The owner thread --------------------------------------------------------------------------------------------
  void run(const std::stop_token& stop);
  void round(const std::stop_token& stop);
  void fall();
  void turn();
  void retire();
  void admit();
  enum class Admission : std::uint8_t { kBegun, kLater, kNoRoom };
  Admission try_begin(const Shared& text);
  void hasten(std::span<const TokenId> beginning, Priority priority);
  bool reads_from_disk(const Shared& text, const PrefixTree::Match& match);
  void begin(const Shared& text, const PrefixTree::Match& match);
  bool make_room(std::uint64_t cells);
  std::optional<SequenceId> free_sequence();
  void give_up(const PrefixTree::Cut& cut);
  std::uint64_t reserved() const;

  bool step();
  std::vector<Span> spans();
  void take_outputs(const std::vector<Span>& spans);
  std::size_t take_output(const Shared& text, const Span& span, std::size_t output);
  bool emit(const Shared& text, const Sampled& sampled);
  void end(SequenceId sequence, std::span<const TokenId> computed);
  void finish(const Shared& text, Result<FinishReason> how);
  void finish_all(const Error& error);

  using Cells = std::shared_ptr<Result<SavedCells>>;
  void loaded(const std::vector<TokenId>& tokens, const Cells& cells);
  struct Saved {
    std::vector<TokenId> tokens{};
    std::string cells{};
  };
  std::optional<Saved> take_unsaved();
  void write(const Saved& saved);
  bool has_fallen() const;
  void save_all();
  bool save_one();
  void count();

  SchedulerOptions options;
  Runner& runner;
  KvFiles* files;
  const Clock& clock;
  const obs::Log& log;

  // The owner thread's alone.
  Pace pace;
  PrefixTree tree;
  std::vector<Shared> queue;     // Waiting, in the order they will be tried.
  std::vector<Shared> running;   // In order of arrival.
  std::vector<Shared> stepping;  // Those of the current spans, in order.
  std::vector<SequenceId> ids;   // Free ones.
  SequenceId scratch = 0;
  std::vector<std::vector<TokenId>> loading;  // Beginnings on their way from disk.
  bool saving = false;
  std::uint64_t steps = 0;
  SchedulerCounts totals;

  mutable Mutex mutex;
  std::condition_variable_any changed;
  std::vector<Shared> incoming DM_GUARDED_BY(mutex);
  std::vector<std::function<void()>> finished_io DM_GUARDED_BY(mutex);  // To be run by the owner thread.
  std::vector<Shared> in_step DM_GUARDED_BY(mutex);
  std::uint32_t inside DM_GUARDED_BY(mutex) = 0;
  std::uint64_t arrivals DM_GUARDED_BY(mutex) = 0;
  bool news DM_GUARDED_BY(mutex) = false;  // Something to look at: new text, cancel, finished reading.
  bool quiet DM_GUARDED_BY(mutex) = true;  // Nothing runs, waits, loads or has to be saved.
  bool forget_kept DM_GUARDED_BY(mutex) = false;
  bool fallen DM_GUARDED_BY(mutex) = false;  // Memory did not suffice, and nothing here is to be trusted.
  SchedulerCounts shown DM_GUARDED_BY(mutex);
  std::atomic<bool> interrupt = false;

  std::unique_ptr<exec::Pool> io;  // One thread: reads and writes files.
  std::jthread owner;              // Last: it uses all of the above.
};

Result<> Scheduler::State::check(const GenerateRequest& request) const {
  const RunnerFacts& facts = runner.facts();
  if (request.prompt.empty() || request.max_tokens == 0) {
    return Error{Code::kInvalidArgument, "There is nothing to generate from.",
                 "Send a prompt and max_tokens of at least 1."};
  }
  const auto known = [&](TokenId token) { return token >= 0 && static_cast<std::uint32_t>(token) < facts.vocabulary; };
  if (!std::ranges::all_of(request.prompt, known) || request.shared > request.prompt.size()) {
    return Error{Code::kInvalidArgument, "The prompt has tokens that the model does not know.", "Send text instead."};
  }
  const std::uint64_t most = std::min(facts.window, facts.cells - std::min(facts.cells, options.draft));
  const std::uint64_t wanted = std::uint64_t{request.prompt.size()} + request.max_tokens;
  if (wanted > most) {
    return Error{Code::kInvalidArgument,
                 "The prompt has " + std::to_string(request.prompt.size()) + " tokens and max_tokens is " +
                     std::to_string(request.max_tokens) + ", together more than the context of " +
                     std::to_string(most) + ".",
                 "Shorten the prompt, ask for fewer tokens, or load the model with a larger context."};
  }
  return {};
}

Result<Shared> Scheduler::State::enter(GenerateRequest request, Deadline deadline) {
  DM_TRY(check(request));
  const MutexLock lock(mutex);
  if (fallen) return no_memory();
  if (inside >= options.running + options.waiting) {
    return Error{Code::kResourceExhausted, "Too many texts are being written.", "Try again in a few seconds."};
  }
  ++inside;
  auto text = std::make_shared<Generation>(std::move(request), deadline, options.draft, arrivals++, clock.now());
  incoming.push_back(text);
  news = true;
  quiet = false;
  changed.notify_all();
  return text;
}

// The step is cut short only when nobody in it wants its outcome.
void Scheduler::State::cancel(const Shared& text) {
  text->cancelled = true;
  news = true;
  interrupt = !in_step.empty() && std::ranges::all_of(in_step, &Generation::cancelled);
  changed.notify_all();
}

Result<Generated> Scheduler::State::listen(const Shared& text, const OnToken& on_token, std::stop_token stop) {
  MutexLock lock(mutex);
  std::uint32_t given = 0;
  const auto left = [&](Result<Generated> how) DM_REQUIRES(mutex) {
    if (!text->result) cancel(text);
    --inside;
    return how;
  };
  while (true) {
    const auto something = [&]() DM_REQUIRES(mutex) { return !text->out.empty() || text->result; };
    const exec::Waited waited = exec::wait_until(text->changed, lock, text->deadline, stop, something);
    if (waited != exec::Waited::kReady) return left(exec::error_of(waited, "writing the text took too long"));
    if (text->out.empty()) {
      const std::optional<Result<Generated>>& result = text->result;
      DM_CHECK(result.has_value());  // What else would it have waited for?
      return left(*result);
    }
    const Sampled sampled = std::move(text->out.front());
    text->out.pop_front();
    lock.unlock();
    const std::optional<Listen> more = take(on_token, sampled);
    lock.lock();
    if (!more) return left(no_memory());
    ++given;
    if (more == Listen::kStop) {
      Generated stopped{FinishReason::kStopped, text->usage};
      stopped.usage.completion = given;
      return left(stopped);
    }
  }
}

void Scheduler::State::run(const std::stop_token& stop) {
  try {
    while (!stop.stop_requested()) round(stop);
    finish_all(gone("ended with the engine"));
  } catch (const std::bad_alloc&) {  // Of the standard library, from anywhere below.
    fall();
  }
}

void Scheduler::State::round(const std::stop_token& stop) {
  std::vector<std::function<void()>> jobs;
  bool forget = false;
  {
    MutexLock lock(mutex);
    quiet = running.empty() && queue.empty() && incoming.empty() && loading.empty() && !saving && !news;
    if (quiet) changed.notify_all();
    const auto awake = [&]() DM_REQUIRES(mutex) { return news || !running.empty(); };
    (void)exec::wait_until(changed, lock, Deadline::never(), stop, awake);
    queue.insert(queue.end(), incoming.begin(), incoming.end());
    incoming.clear();
    jobs.swap(finished_io);
    forget = std::exchange(forget_kept, false);
    news = false;
  }
  for (const auto& job : jobs) job();
  while (forget) {
    const auto cut = tree.evict(clock.now());
    if (!cut) break;
    give_up(*cut);
  }
  turn();
}

// Every text gets its answer, and nothing is computed any more: cells and sequences may be counted wrongly.
void Scheduler::State::fall() {
  const MutexLock lock(mutex);
  fallen = quiet = true;
  for (const std::vector<Shared>* texts : {&running, &queue, &incoming}) {
    for (const Shared& text : *texts) {
      if (!text->result) text->result = no_memory();
      text->changed.notify_all();
    }
  }
  changed.notify_all();
}

void Scheduler::State::turn() {
  retire();
  admit();
  const bool worked = step() || (queue.empty() && save_one());
  count();
  if (!worked) return;
  const MutexLock lock(mutex);
  news = true;
}

// Takes out those that nobody waits for any more.
void Scheduler::State::retire() {
  const auto unwanted = [this](const Shared& text) {
    const MutexLock lock(mutex);
    return text->cancelled || text->deadline.expired();
  };
  std::erase_if(queue, [&](const Shared& text) {
    if (!unwanted(text)) return false;
    const MutexLock lock(mutex);
    text->result = gone("given up");
    text->changed.notify_all();
    return true;
  });
  std::vector<Shared> out;
  std::ranges::copy_if(running, std::back_inserter(out), unwanted);
  for (const Shared& text : out) finish(text, gone("given up"));
}

// The dearest first, then in order of arrival. One that finds no room holds up those behind it, so that it is not
// passed for ever; one that waits for another's cells does not.
void Scheduler::State::admit() {
  std::ranges::sort(queue, [](const Shared& a, const Shared& b) {
    return a->request.priority != b->request.priority ? a->request.priority > b->request.priority
                                                      : a->arrival < b->arrival;
  });
  for (std::size_t i = 0; i < queue.size() && running.size() < options.running;) {
    const Admission admission = try_begin(queue[i]);
    if (admission == Admission::kNoRoom) return;
    if (admission == Admission::kBegun) {
      queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

Scheduler::State::Admission Scheduler::State::try_begin(const Shared& text) {
  // The last token is always computed: its logits are what the text begins with.
  const auto prompt = std::span(text->request.prompt).first(text->prompt() - 1);
  while (true) {
    const PrefixTree::Match match = tree.match(prompt);
    if (match.length > match.ready) {  // Somebody is computing it.
      hasten(prompt.first(match.length), text->request.priority);
      return Admission::kLater;
    }
    if (reads_from_disk(text, match)) return Admission::kLater;
    const std::uint64_t wanted = text->prompt() - match.ready + text->request.max_tokens + options.draft;
    if (!make_room(wanted) || (ids.empty() && !free_sequence())) return Admission::kNoRoom;
    const PrefixTree::Match now = tree.match(prompt);
    if (now.ready != match.ready) continue;  // Room was made from what it would have taken.
    begin(text, now);
    return Admission::kBegun;
  }
}

// Whoever computes what a dearer text waits for is as dear itself.
void Scheduler::State::hasten(std::span<const TokenId> beginning, Priority priority) {
  for (const Shared& text : running) {
    const auto prompt = std::span(text->request.prompt);
    if (!text->reading() || prompt.size() < beginning.size() || text->urgency >= priority) continue;
    if (std::ranges::equal(prompt.first(beginning.size()), beginning)) text->urgency = priority;
  }
}

// Whether it has to wait for a beginning on its way from disk; sends for it where that is worth it.
bool Scheduler::State::reads_from_disk(const Shared& text, const PrefixTree::Match& match) {
  const auto prompt = std::span(text->request.prompt).first(text->prompt() - 1);
  for (const auto& beginning : loading) {
    if (beginning.size() > match.ready && beginning.size() <= prompt.size() &&
        std::ranges::equal(beginning, prompt.first(beginning.size()))) {
      return true;
    }
  }
  if (files == nullptr || std::exchange(text->looked_on_disk, true)) return false;
  const std::uint32_t length = files->longest(prompt);
  if (length < match.ready + kWorthReading) return false;
  std::vector<TokenId> beginning(prompt.begin(), prompt.begin() + length);
  const auto read = [this, beginning] {
    const auto cells = std::make_shared<Result<SavedCells>>(files->read(beginning));
    const MutexLock lock(mutex);
    finished_io.emplace_back([this, beginning, cells] { loaded(beginning, cells); });
    news = true;
    changed.notify_all();
  };
  if (!io->try_submit(read)) return false;
  text->from_disk = length - match.ready;
  loading.push_back(std::move(beginning));
  return true;
}

// A beginning has come from disk: it enters the tree as if a text had computed it and ended.
void Scheduler::State::loaded(const std::vector<TokenId>& tokens, const Cells& cells) {
  const auto length = static_cast<std::uint32_t>(tokens.size());
  if (const auto there = tree.match(tokens); there.length > there.ready) {  // A text computes a part of it: after that.
    const MutexLock lock(mutex);
    finished_io.emplace_back([this, tokens, cells] { loaded(tokens, cells); });
    return;
  }
  std::erase(loading, tokens);
  // Its cells all come anew; those that are here already are then taken from their holder.
  if (!*cells || !make_room(length) || (ids.empty() && !free_sequence())) return;
  const PrefixTree::Match match = tree.match(tokens);
  if (match.length == length) return;
  const SequenceId sequence = ids.back();
  const Result<> restored = runner.restore(sequence, (*cells)->bytes, length);
  if (!restored) {
    log.failure(obs::Level::kWarn, "kv_restore_failed", restored.error(), {{"tokens", length}});
    return;
  }
  ids.pop_back();
  if (match.holder) {
    runner.drop(sequence, 0, match.ready);
    runner.fork(*match.holder, sequence, 0, match.ready);
  }
  const auto begun = tree.begin(sequence, tokens, match.ready, length, clock.now());
  if (begun.passed) give_up({*begun.passed, 0});
  tree.computed(sequence, length);
  tree.mark_saved(tokens);
  end(sequence, tokens);
  totals.restored += length - match.ready;
}

void Scheduler::State::begin(const Shared& text, const PrefixTree::Match& match) {
  text->sequence = ids.back();
  ids.pop_back();
  text->computed = text->begun_at = match.ready;
  if (match.holder) runner.fork(*match.holder, text->sequence, 0, match.ready);
  const auto begun = tree.begin(text->sequence, text->request.prompt, match.ready, text->request.shared, clock.now());
  if (begun.passed) give_up({*begun.passed, 0});
  text->in_tree = begun.in_tree;
  running.push_back(text);
  const MutexLock lock(mutex);
  GenerateUsage& usage = text->usage;
  usage.prompt = text->prompt();
  usage.restored = std::min(text->from_disk, match.ready);
  usage.forked = match.ready - usage.restored;
  usage.computed = text->prompt() - match.ready;
  usage.waited = clock.now() - text->arrived;
  totals.forked += usage.forked;
}

// Promised to running texts beyond what the tree counts.
std::uint64_t Scheduler::State::reserved() const {
  std::uint64_t cells = 0;
  for (const Shared& text : running) cells += text->prompt() - text->in_tree + text->request.max_tokens + options.draft;
  return cells;
}

bool Scheduler::State::make_room(std::uint64_t cells) {
  while (tree.tokens() + reserved() + cells > runner.facts().cells) {
    const auto cut = tree.evict(clock.now());
    if (!cut) return false;
    give_up(*cut);
  }
  return true;
}

std::optional<SequenceId> Scheduler::State::free_sequence() {
  const auto cut = tree.evict_sequence(clock.now());
  if (!cut) return std::nullopt;
  give_up(*cut);
  return cut->sequence;
}

void Scheduler::State::give_up(const PrefixTree::Cut& cut) {
  runner.drop(cut.sequence, cut.keep, kToTheEnd);
  if (cut.keep == 0) ids.push_back(cut.sequence);
}

// The next tokens of all texts that are being written, and as much of the prompts as the pace allows.
std::vector<Span> Scheduler::State::spans() {
  const RunnerFacts& facts = runner.facts();
  std::vector<Span> out;
  stepping.clear();
  std::vector<Shared> reading;
  std::uint32_t room = facts.step_tokens;
  for (const Shared& text : running) {
    if (text->reading()) {
      reading.push_back(text);
      continue;
    }
    text->drafts = text->drafter.draft(text->tokens);
    const std::size_t left = text->request.max_tokens - (text->tokens.size() - text->prompt());
    text->drafts.resize(std::min<std::size_t>(text->drafts.size(), left > 0 ? left - 1 : 0));
    if (text->pending() + text->drafts.size() > room) text->drafts.clear();
    const auto drafts = static_cast<std::uint32_t>(text->drafts.size());
    text->tokens.insert(text->tokens.end(), text->drafts.begin(), text->drafts.end());
    out.push_back({text->sequence, text->computed, std::span(text->tokens).subspan(text->computed), 1 + drafts});
    room -= text->pending();
    stepping.push_back(text);
  }
  // Whoever has had least comes first: a short prompt does not wait behind a long one.
  std::ranges::sort(reading, [](const Shared& a, const Shared& b) {
    if (a->urgency != b->urgency) return a->urgency > b->urgency;
    const auto had = [](const Shared& text) { return text->computed - text->begun_at; };
    return had(a) != had(b) ? had(a) < had(b) : a->arrival < b->arrival;
  });
  // A step of a whole number of units, the texts' next tokens among them: a row beyond costs as much as a unit.
  const std::uint32_t over = (facts.step_tokens - room) % Pace::kUnit;
  std::uint32_t budget = std::min(room, pace.budget(!out.empty()) - over);
  for (const Shared& text : reading) {
    const std::uint32_t left = text->prompt() - text->computed;
    const std::uint32_t count = std::min(left, budget);
    if (count == 0) break;
    out.push_back({text->sequence, text->computed, std::span(text->tokens).subspan(text->computed, count),
                   count == left ? 1U : 0U});
    stepping.push_back(text);
    budget -= count;
  }
  return out;
}

bool Scheduler::State::step() {
  const std::vector<Span> batch = spans();
  if (batch.empty()) return false;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t texts = 0;
  std::uint32_t drafts = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const bool reading = stepping[i]->reading();
    if (reading) prompt_tokens += static_cast<std::uint32_t>(batch[i].tokens.size());
    texts += reading ? 0 : 1;
    drafts += static_cast<std::uint32_t>(stepping[i]->drafts.size());
  }
  {
    const MutexLock lock(mutex);
    in_step = stepping;
    interrupt = std::ranges::all_of(in_step, &Generation::cancelled);
  }
  const TimePoint start = clock.now();
  const Result<> stepped = runner.step(batch, interrupt);
  {
    const MutexLock lock(mutex);
    in_step.clear();
    interrupt = false;
  }
  ++totals.steps;
  if (!stepped) {
    for (const Shared& text : stepping)
      text->tokens.resize(text->tokens.size() - std::exchange(text->drafts, {}).size());
    if (stepped.error().code == Code::kCancelled) return true;
    log.failure(obs::Level::kError, "step_failed", stepped.error());
    for (const Shared& text : std::vector(stepping)) finish(text, stepped.error());
    return true;
  }
  pace.took(clock.now() - start, texts, drafts, prompt_tokens);
  totals.computed += prompt_tokens;
  take_outputs(batch);
  return true;
}

void Scheduler::State::take_outputs(const std::vector<Span>& batch) {
  std::size_t output = 0;
  const std::vector<Shared> texts = stepping;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Shared& text = texts[i];
    const bool was_reading = text->reading();
    text->computed += static_cast<std::uint32_t>(batch[i].tokens.size());
    if (was_reading) tree.computed(text->sequence, text->computed);
    output += batch[i].outputs > 0 ? take_output(text, batch[i], output) : 0;
  }
}

// Draws the next token from each output as long as the drafts turn out to be what is drawn. Returns the span's outputs.
std::size_t Scheduler::State::take_output(const Shared& text, const Span& span, std::size_t output) {
  const std::vector<TokenId> drafts = std::exchange(text->drafts, {});
  const auto before = static_cast<std::uint32_t>(text->tokens.size() - drafts.size());
  text->tokens.resize(before);
  std::uint32_t accepted = 0;
  bool going = true;
  while (true) {
    const Sampled sampled = text->sampler.sample(runner.logits(output + accepted), text->request.constraint.get());
    const bool stood = accepted < drafts.size() && sampled.token == drafts[accepted];
    if (stood) ++accepted;
    going = emit(text, sampled);
    if (!going || !stood || text->tokens.size() != before + accepted) break;
  }
  text->drafter.checked(static_cast<std::uint32_t>(drafts.size()), accepted, pace.draft_cost());
  {
    const MutexLock lock(mutex);
    text->usage.drafted += static_cast<std::uint32_t>(drafts.size());
    text->usage.accepted += accepted;
  }
  // Drafts that stood are tokens of the text whose cells are there; the cells of the others go.
  const auto good = std::min<std::uint32_t>(before + accepted, static_cast<std::uint32_t>(text->tokens.size()));
  if (text->computed > good) {
    runner.drop(text->sequence, good, kToTheEnd);
    text->computed = good;
  }
  if (!going) {
    const bool ended = text->tokens.size() - text->prompt() < text->request.max_tokens;
    finish(text, ended ? FinishReason::kEnd : FinishReason::kLength);
  }
  return span.outputs;
}

// The token becomes part of the text, with those that must follow it. False when the text ends here.
bool Scheduler::State::emit(const Shared& text, const Sampled& sampled) {
  const auto& ends = runner.facts().end_tokens;
  if (text->request.end_tokens == EndTokens::kObey && std::ranges::find(ends, sampled.token) != ends.end())
    return false;
  std::vector<Sampled> out{sampled};
  text->sampler.took(sampled.token);
  if (text->request.constraint) {
    text->request.constraint->advance(sampled.token);
    for (const TokenId token : text->request.constraint->forced()) {
      text->request.constraint->advance(token);
      text->sampler.took(token);
      out.push_back({token, 0, {}});
    }
  }
  const std::size_t left = text->request.max_tokens - (text->tokens.size() - text->prompt());
  if (out.size() > left) out.resize(left);
  const TimePoint now = clock.now();
  const MutexLock lock(mutex);
  GenerateUsage& usage = text->usage;
  if (usage.completion == 0) {
    text->first_token = now;
    usage.prompt_time = now - text->arrived;
    totals.prefill += usage.prompt_time - usage.waited;
  }
  totals.decode += now - text->first_token - usage.completion_time;
  usage.completion_time = now - text->first_token;
  for (Sampled& each : out) {
    text->tokens.push_back(each.token);
    text->out.push_back(std::move(each));
    ++usage.completion;
    ++totals.generated;
  }
  text->changed.notify_all();
  return text->tokens.size() - text->prompt() < text->request.max_tokens;
}

// The sequence stays for others as far as it has something of its own.
void Scheduler::State::end(SequenceId sequence, std::span<const TokenId> computed) {
  const PrefixTree::Ended ended = tree.end(sequence, computed, clock.now());
  give_up({sequence, ended.keep});
  if (ended.keep > 0 && ended.twice_begin < ended.twice_end) {
    runner.drop(sequence, ended.twice_begin, ended.twice_end);
    runner.fork(ended.holder, sequence, ended.twice_begin, ended.twice_end);
  }
  if (ended.passed) give_up({*ended.passed, 0});
}

void Scheduler::State::finish(const Shared& text, Result<FinishReason> how) {
  end(text->sequence, std::span(text->tokens).first(text->computed));
  if (text->request.keep == Keep::kNo) {
    if (const auto cut = tree.give_up(text->sequence)) give_up(*cut);
  }
  std::erase(running, text);
  const MutexLock lock(mutex);
  if (how) {
    text->result = Generated{*how, text->usage};
  } else {
    text->result = how.error();
  }
  text->changed.notify_all();
}

void Scheduler::State::finish_all(const Error& error) {
  while (!running.empty()) finish(running.front(), error);
  const MutexLock lock(mutex);
  for (const Shared& text : queue) text->result = error;
  for (const Shared& text : incoming) text->result = error;
  for (const Shared& text : queue) text->changed.notify_all();
  for (const Shared& text : incoming) text->changed.notify_all();
}

// A shared beginning that is not on disk yet, with its cells.
std::optional<Scheduler::State::Saved> Scheduler::State::take_unsaved() {
  if (files == nullptr) return std::nullopt;
  while (auto unsaved = tree.unsaved(options.save_from)) {
    tree.mark_saved(unsaved->tokens);  // Tried once, whatever comes of it.
    if (files->has(unsaved->tokens)) continue;
    runner.fork(unsaved->holder, scratch, 0, static_cast<std::uint32_t>(unsaved->tokens.size()));
    auto cells = runner.save(scratch);
    runner.drop(scratch, 0, kToTheEnd);
    if (cells) return Saved{std::move(unsaved->tokens), *std::move(cells)};
    log.failure(obs::Level::kWarn, "kv_save_failed", cells.error());
  }
  return std::nullopt;
}

bool Scheduler::State::has_fallen() const {
  const MutexLock lock(mutex);
  return fallen;
}

void Scheduler::State::save_all() {
  while (const auto unsaved = take_unsaved()) write(*unsaved);  // For want of an idle moment until now.
}

void Scheduler::State::write(const Saved& saved) {
  const Result<> written = files->write(saved.tokens, saved.cells);
  if (!written) log.failure(obs::Level::kWarn, "kv_save_failed", written.error());
}

// Saves one when there is nothing else to do. True when there was one.
bool Scheduler::State::save_one() {
  if (saving || !running.empty()) return false;
  auto unsaved = take_unsaved();
  if (!unsaved) return false;
  saving = static_cast<bool>(io->try_submit([this, saved = std::make_shared<Saved>(*std::move(unsaved))] {
    write(*saved);
    const MutexLock lock(mutex);
    finished_io.emplace_back([this] { saving = false; });
    news = true;
    changed.notify_all();
  }));
  return true;
}

void Scheduler::State::count() {
  SchedulerCounts now = totals;
  now.running = static_cast<std::uint32_t>(running.size());
  now.waiting = static_cast<std::uint32_t>(queue.size());
  now.cells_held = tree.ready();
  now.cells_kept = tree.kept();
  std::uint64_t promised = tree.tokens() - tree.ready();
  for (const Shared& text : running) {
    const std::uint32_t own = text->computed - std::min(text->computed, text->in_tree);
    now.cells_held += own;
    promised += text->prompt() - text->in_tree + text->request.max_tokens + options.draft - own;
  }
  now.cells_reserved = static_cast<std::uint32_t>(promised);
  now.sequences = runner.facts().sequences - 1 - static_cast<std::uint32_t>(ids.size());
  const MutexLock lock(mutex);
  shown = now;
}

Scheduler::Scheduler(SchedulerOptions options, Runner& runner, KvFiles* files, const Clock& clock, const obs::Log& log)
    : state_(std::make_unique<State>(options, runner, files, clock, log)) {
  State& state = *state_;
  auto io = exec::Pool::open({.threads = 1, .queue_bound = 16});
  DM_CHECK(io);
  state.io = *std::move(io);
  state.owner = std::jthread([&state](const std::stop_token& stop) { state.run(stop); });
}

Scheduler::~Scheduler() {
  State& state = *state_;
  state.owner.request_stop();
  state.owner.join();
  if (!state.has_fallen()) state.save_all();
  state.io.reset();
}

Result<Generated> Scheduler::generate(GenerateRequest request, const OnToken& on_token, Deadline deadline,
                                      std::stop_token stop) {
  const Shared text = DM_TRY(state_->enter(std::move(request), deadline));
  return state_->listen(text, on_token, std::move(stop));
}

Result<> Scheduler::idle(Deadline deadline, std::stop_token stop) {
  MutexLock lock(state_->mutex);
  const auto quiet = [&]() DM_REQUIRES(state_->mutex) { return state_->quiet; };
  const exec::Waited waited = exec::wait_until(state_->changed, lock, deadline, stop, quiet);
  if (waited != exec::Waited::kReady) return exec::error_of(waited, "the engine does not come to rest");
  return {};
}

void Scheduler::forget() {
  const MutexLock lock(state_->mutex);
  state_->forget_kept = state_->news = true;
  state_->quiet = false;
  state_->changed.notify_all();
}

SchedulerCounts Scheduler::counts() const {
  const MutexLock lock(state_->mutex);
  SchedulerCounts counts = state_->shown;
  counts.waiting += static_cast<std::uint32_t>(state_->incoming.size());
  return counts;
}

const RunnerFacts& Scheduler::facts() const { return state_->runner.facts(); }

}  // namespace docmind::scheduler
