#include "graph/impl/loop.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <exception>

#include "graph/impl/routing.h"

namespace docmind::graph::impl {
namespace {

Place place_in(const RunShared& run, const LoopPlace& place) { return {run.options().thread, place.space}; }

Error with_node(Error error, const std::string& node) {
  error.message.insert(0, "node '" + node + "': ");
  return error;
}

Command combined(const std::vector<Outcome>& outcomes) {
  Command out;
  for (const Outcome& outcome : outcomes) {
    if (outcome.scope != Scope::kParent) continue;
    for (const Write& write : outcome.update.writes()) out.update.set(write.channel, write.value, write.mode);
    out.next.insert(out.next.end(), outcome.next.begin(), outcome.next.end());
    out.sends.insert(out.sends.end(), outcome.sends.begin(), outcome.sends.end());
  }
  return out;
}

Result<Command> ask(const Fallback& fallback, const State& state, const Error& error) {
  try {
    return fallback(state, error);
  } catch (const std::exception& e) {
    return Error{Code::kInternal, std::string("its fallback threw: ") + e.what(), "This is a mistake in the graph."};
  }
}

}  // namespace

Loop::Loop(std::shared_ptr<RunShared> run, std::shared_ptr<const Graph> graph, LoopPlace place)
    : run_(std::move(run)),
      graph_(std::move(graph)),
      place_(std::move(place)),
      channels_(graph_->plan(), run_->saving() ? Tracking::kOn : Tracking::kOff) {}

Result<LoopEnd> Loop::run(const Object& input) {
  if (run_->saving()) {
    std::optional<SavedCheckpoint> saved = DM_TRY(
        run_->seams().saver->get(place_in(*run_, place_), "", {.deadline = place_.deadline, .stop = place_.stop}));
    if (saved) {
      DM_TRY(load(*std::move(saved)));
      return steps();
    }
  }
  DM_TRY(enter(input));
  return steps();
}

Result<LoopEnd> Loop::start(const Object& input) {
  if (run_->saving()) {
    std::optional<SavedCheckpoint> saved = DM_TRY(run_->seams().saver->get(
        place_in(*run_, place_), options().checkpoint, {.deadline = place_.deadline, .stop = place_.stop}));
    if (!saved && !options().checkpoint.empty()) {
      return Error{Code::kNotFound, "the thread has no checkpoint '" + options().checkpoint + "'",
                   "List the thread's checkpoints."};
    }
    if (saved) DM_TRY(load(*std::move(saved)));
  }
  if (!frontier_.due.empty() && options().unfinished == Unfinished::kRefuse) {
    return Error{Code::kConflict, "the thread has not finished: '" + frontier_.due.front().node + "' is due",
                 "Resume it, proceed with it, or say that what is due may be dropped."};
  }
  DM_TRY(enter(input));
  return steps();
}

Result<LoopEnd> Loop::proceed() {
  if (!run_->saving()) {
    return Error{Code::kInvalidArgument, "only a saved thread can go on", "Name the thread, and run with a saver."};
  }
  std::optional<SavedCheckpoint> saved = DM_TRY(run_->seams().saver->get(
      place_in(*run_, place_), options().checkpoint, {.deadline = place_.deadline, .stop = place_.stop}));
  if (!saved) {
    return Error{Code::kNotFound, "there is no such thread or checkpoint: '" + options().thread + "'",
                 "List the threads and their checkpoints."};
  }
  DM_TRY(load(*std::move(saved)));
  const bool replays = !options().checkpoint.empty() && run_->answers().empty();
  if (replays && !frontier_.due.empty()) DM_TRY(branch());
  return steps();
}

Result<> Loop::load(SavedCheckpoint saved) {
  DM_TRY(channels_.load(saved.channels));
  frontier_ = DM_TRY(Frontier::from_json(plan(), saved.checkpoint.frontier));
  frontier_.paused = false;  // Whoever goes on has seen that it had paused.
  for (const std::string& name : frontier_.touched) channels_.touch(name);
  checkpoint_ = saved.checkpoint.id;
  step_ = saved.checkpoint.step;
  for (const PendingWrite& write : saved.writes) {
    Turn& turn = turns_[write.task];
    if (write.index == PendingWrite::kResult) turn.result = DM_TRY(Outcome::from_result_json(write.value));
    if (write.index == PendingWrite::kInterrupt) turn.interrupts = Outcome::interrupts_from_json(write.value);
    if (write.index == PendingWrite::kResume && write.value.is_array()) turn.answers = write.value.get_array();
  }
  return {};
}

// A replay goes on from a copy of its checkpoint: the thread then stands there, and a crash cannot mix two branches.
Result<> Loop::branch() {
  turns_.clear();
  if (frontier_.origin.empty()) frontier_.origin = checkpoint_;
  --step_;  // The copy stands at the same step.
  return save(Source::kFork);
}

Result<> Loop::enter(const Object& input) {
  frontier_ = {};
  turns_.clear();
  Task start;
  start.graph = graph_, start.run = run_, start.place = place_, start.node = &plan().start;
  start.path = "start", start.name = std::string(kStart), start.step = step_ + 1;
  start.values = channels_.values();
  Command command;
  for (const auto& [name, value] : input) command.update.set(std::string(name), value);
  Outcome outcome = DM_TRY(settle(start, std::move(command)).with("the input"));
  start.values.reset();
  DM_TRY(channels_.apply({&outcome.update}).with("the input"));
  channels_.forget_touched();
  Callers callers(plan(), frontier_);
  callers.call(plan().start.edges, {});
  callers.call(outcome.next, outcome.sends);
  Frontier coming = std::move(callers).take();
  coming.paused = pauses(coming);
  frontier_ = std::move(coming);
  DM_TRY(save(Source::kInput));
  tell_values();
  return {};
}

Result<LoopEnd> Loop::steps() {
  while (!frontier_.due.empty() && !frontier_.paused) {
    DM_TRY(within_limits());
    if (std::optional<LoopEnd> done = DM_TRY(superstep())) return *std::move(done);
  }
  return end();
}

bool Loop::within_time() const { return !place_.stop.stop_requested() && !place_.dead() && !place_.deadline.expired(); }

Result<> Loop::within_limits() const {
  if (place_.stop.stop_requested() || place_.dead()) {
    return Error{Code::kCancelled, "the run was cancelled", "It can go on from where it stands, if it was saved."};
  }
  if (place_.deadline.expired()) {
    return Error{Code::kDeadlineExceeded, "the run ran out of time",
                 "It can go on from where it stands, if it was saved."};
  }
  if (steps_ < options().recursion_limit) return {};
  return Error{Code::kResourceExhausted,
               "the graph did not come to its end within " + std::to_string(options().recursion_limit) +
                   " supersteps; due next: '" + frontier_.due.front().node + "'",
               "Look for a loop that never ends, or raise the recursion limit."};
}

std::vector<std::shared_ptr<Task>> Loop::tasks() const {
  std::vector<std::shared_ptr<Task>> out;
  for (std::size_t i = 0; i < frontier_.due.size(); ++i) {
    const Due& due = frontier_.due[i];
    auto task = std::make_shared<Task>();
    task->graph = graph_, task->run = run_, task->place = place_;
    task->node = &plan().nodes.find(due.node)->second;
    task->name = due.node, task->path = frontier_.path(i);
    task->checkpoint = checkpoint_;
    // In a subgraph the place says it all: a replay of its parent has other checkpoints there, but the same steps.
    if (place_.outermost()) task->origin = frontier_.origin.empty() ? checkpoint_ : frontier_.origin;
    task->step = step_ + 1, task->remaining = options().recursion_limit - steps_ - 1;
    task->values = channels_.values(), task->input = due.input;
    out.push_back(std::move(task));
  }
  return out;
}

// Somebody was asked, the run brings answers, and none is for this task.
bool Loop::open(const Turn& turn) const {
  if (turn.result || turn.interrupts.empty() || run_->answers().empty()) return false;
  return std::ranges::none_of(turn.interrupts, [&](const Interrupt& one) { return run_->answers().contains(one.id); });
}

std::vector<Outcome> Loop::run_tasks(const std::vector<std::shared_ptr<Task>>& tasks) {
  std::vector<Outcome> outcomes(tasks.size());
  std::vector<std::shared_ptr<Task>> waiting;
  std::vector<std::size_t> slots;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto found = turns_.empty() ? turns_.end() : turns_.find(tasks[i]->id());
    const std::optional<Outcome> done = found == turns_.end() ? std::nullopt : std::move(found->second.result);
    if (done) {
      outcomes[i] = *done;
    } else if (found != turns_.end() && open(found->second)) {
      outcomes[i] = {.interrupts = found->second.interrupts, .answers = found->second.answers};
    } else {
      if (found != turns_.end()) tasks[i]->answers = found->second.answers;
      waiting.push_back(tasks[i]);
      slots.push_back(i);
    }
  }
  turns_.clear();
  if (waiting.empty()) return outcomes;
  tell_start(waiting);
  StepOutcomes ran = run_step(waiting);
  if (ran.abandoned) channels_.copy_before_next_change();
  for (std::size_t i = 0; i < slots.size(); ++i) outcomes[slots[i]] = std::move(ran.outcomes[i]);
  stand_in(tasks, outcomes);
  tell_end(tasks, outcomes);
  return outcomes;
}

void Loop::stand_in(const std::vector<std::shared_ptr<Task>>& tasks, std::vector<Outcome>& outcomes) const {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const Fallback& fallback = tasks[i]->node->options.fallback;
    const auto& error = outcomes[i].error;
    if (!error || !fallback || !within_time()) continue;
    Result<Command> command = ask(fallback, tasks[i]->state(), *error);
    Result<Outcome> settled = command ? settle(*tasks[i], *std::move(command)) : Result<Outcome>(command.error());
    if (settled) {
      outcomes[i] = *std::move(settled);
    } else {
      outcomes[i].error = settled.error();
    }
  }
}

Result<std::optional<LoopEnd>> Loop::superstep() {
  const std::vector<std::shared_ptr<Task>> tasks = this->tasks();
  const std::vector<Outcome> outcomes = run_tasks(tasks);
  ++steps_;
  const bool failed = std::ranges::any_of(outcomes, [](const Outcome& o) { return o.error.has_value(); });
  const bool asks = std::ranges::any_of(outcomes, [](const Outcome& o) { return !o.interrupts.empty(); });
  if (failed || asks) DM_TRY(keep_unfinished(tasks, outcomes));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (const auto& error = outcomes[i].error) return with_node(*error, tasks[i]->name);
  }
  if (asks) {
    LoopEnd waits = end();
    for (const Outcome& outcome : outcomes) {
      waits.result.interrupts.insert(waits.result.interrupts.end(), outcome.interrupts.begin(),
                                     outcome.interrupts.end());
    }
    return std::optional(std::move(waits));
  }
  if (std::ranges::any_of(outcomes, [](const Outcome& o) { return o.scope == Scope::kParent; })) {
    if (place_.outermost()) {
      return Error{Code::kInvalidArgument, "a node calls for its graph's parent, but there is none",
                   "Correct the node, or run the graph as a subgraph."};
    }
    LoopEnd leaves = end();
    leaves.for_parent = combined(outcomes);
    return std::optional(std::move(leaves));
  }
  DM_TRY(apply(outcomes));
  return std::optional<LoopEnd>();
}

Result<> Loop::keep_unfinished(const std::vector<std::shared_ptr<Task>>& tasks, const std::vector<Outcome>& outcomes) {
  if (!run_->saving() || place_.dead()) return {};
  std::vector<PendingWrite> writes;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const Outcome& outcome = outcomes[i];
    const auto add = [&](std::int64_t index, Value value) {
      writes.push_back({.task = tasks[i]->id(), .index = index, .path = tasks[i]->path, .value = std::move(value)});
    };
    if (outcome.finished) add(PendingWrite::kResult, outcome.result_json());
    if (outcome.error) {
      add(PendingWrite::kError,
          Object{{"node", tasks[i]->name}, {"code", name(outcome.error->code)}, {"message", outcome.error->message}});
    }
    if (!outcome.interrupts.empty()) add(PendingWrite::kInterrupt, outcome.interrupts_json());
    if (!outcome.answers.empty()) add(PendingWrite::kResume, outcome.answers);
  }
  // The run's own time may be over: what was computed is saved all the same, within the store's own limits.
  return run_->seams().saver->put_writes(place_in(*run_, place_), checkpoint_, writes, {});
}

Result<> Loop::apply(const std::vector<Outcome>& outcomes) {
  std::vector<const Update*> updates;
  Callers callers(plan(), frontier_);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    updates.push_back(&outcomes[i].update);
    callers.ran(frontier_.due[i].node);
    callers.call(outcomes[i].next, outcomes[i].sends);
  }
  DM_TRY(channels_.apply(updates));
  Frontier coming = std::move(callers).take();
  coming.paused = pauses(coming);
  frontier_ = std::move(coming);
  DM_TRY(save(Source::kLoop));
  tell_values();
  return {};
}

// frontier_ is still the step that has run; for the input it is empty.
bool Loop::pauses(const Frontier& coming) const {
  if (!place_.outermost() || coming.due.empty()) return false;
  const auto among = [](const std::vector<Due>& due, const std::vector<std::string>& names) {
    return std::ranges::any_of(due,
                               [&](const Due& task) { return std::ranges::find(names, task.node) != names.end(); });
  };
  return among(coming.due, options().pause_before) || among(frontier_.due, options().pause_after);
}

Result<> Loop::save(Source source) {
  ++step_;
  if (!run_->saving()) return {};
  if (place_.dead()) return Error{Code::kCancelled, "the run has gone on without this subgraph"};
  NewCheckpoint next;
  next.place = place_in(*run_, place_);
  next.checkpoint.id = run_->fresh_id();
  next.checkpoint.parent = checkpoint_;
  next.checkpoint.run = run_->id();
  next.checkpoint.source = source;
  next.checkpoint.step = step_;
  if (!place_.outermost()) frontier_.touched = {channels_.touched().begin(), channels_.touched().end()};
  next.checkpoint.frontier = frontier_.to_json(plan());
  next.checkpoint.metadata = options().metadata;
  next.removed = channels_.take_removed();
  next.changed = channels_.take_changes();
  next.inner = Inner::kDrop;
  // A replay, or an input after an older checkpoint, goes beside what is there; all else only on from it.
  const bool branches = source == Source::kInput && place_.outermost() && !options().checkpoint.empty();
  if (source != Source::kFork && !branches) next.after = After::kLatest;
  // A step that is done is saved even if the run's time is over: else its side effects would be repeated for nothing.
  DM_TRY(run_->seams().saver->put(next, {}));
  run_->tell(Stream::kDebug, place_.names, "", step_, [&] {
    Array due;
    for (const Due& task : frontier_.due) due.push_back(Value(task.node));
    return Object{{"event", "checkpoint"},
                  {"id", next.checkpoint.id},
                  {"parent", next.checkpoint.parent},
                  {"source", name(source)},
                  {"next", std::move(due)}};
  });
  checkpoint_ = std::move(next.checkpoint.id);
  return {};
}

LoopEnd Loop::end() const {
  LoopEnd out;
  out.result.values = *channels_.values();
  out.result.next = frontier_.next();
  out.result.checkpoint = checkpoint_;
  out.result.steps = steps_;
  out.touched = channels_.touched();
  return out;
}

}  // namespace docmind::graph::impl
