#include "graph/engine.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <exception>
#include <set>

#include "base/hash.h"
#include "exec/wait.h"
#include "graph/impl/loop.h"
#include "graph/impl/routing.h"

namespace docmind::graph {
namespace {

Result<> wait_on(const Clock& clock, Duration how_long, const Deadline& deadline, std::stop_token stop) {
  const exec::Waited waited = exec::rest(deadline.sooner(how_long, clock), std::move(stop));
  if (waited == exec::Waited::kDeadline && !deadline.expired()) return {};
  return exec::error_of(waited, "the next attempt of a node");
}

Result<> check(const Graph& graph, const RunOptions& options) {
  if (options.recursion_limit == 0) {
    return Error{Code::kInvalidArgument, "a recursion limit of 0 lets nothing run", "Allow at least one superstep."};
  }
  for (const auto* names : {&options.pause_before, &options.pause_after}) {
    for (const std::string& name : *names) {
      if (graph.plan().nodes.contains(name)) continue;
      return Error{Code::kInvalidArgument, "the run shall pause at '" + name + "', which is not in the graph",
                   "Name a node of the graph."};
    }
  }
  return {};
}

// The answers by id, each to a question that is open.
Result<Object> answers_to(const std::vector<Interrupt>& open, const Input& input) {
  if (open.empty())
    return Error{Code::kConflict, "the thread waits for no answer", "Proceed with it, or give it input."};
  if (input.kind() == Input::Kind::kAnswers) {
    for (const auto& answer : input.content()) {
      const bool known = std::ranges::any_of(open, [&](const Interrupt& one) { return one.id == answer.key(); });
      if (known) continue;
      return Error{Code::kNotFound, "the thread does not ask '" + std::string(answer.key()) + "'",
                   "Answer by the ids of the interrupts that are open."};
    }
    if (input.content().empty()) return Error{Code::kInvalidArgument, "no answer was given", "Give at least one."};
    return input.content();
  }
  if (open.size() > 1) {
    return Error{Code::kInvalidArgument, "the thread waits for " + std::to_string(open.size()) + " answers",
                 "Say which question is answered: resume by the interrupts' ids."};
  }
  return Object{{open.front().id, input.content().at("answer")}};
}

struct Turns {
  std::vector<Interrupt> interrupts{};
  std::vector<std::string> errors{};
};

Turns turns_in(const std::vector<PendingWrite>& writes) {
  std::set<std::string> done;
  for (const PendingWrite& write : writes) {
    if (write.index == PendingWrite::kResult) done.insert(write.task);
  }
  Turns out;
  for (const PendingWrite& write : writes) {
    if (done.contains(write.task)) continue;
    if (write.index == PendingWrite::kInterrupt) {
      for (Interrupt& one : impl::Outcome::interrupts_from_json(write.value)) out.interrupts.push_back(std::move(one));
    }
    if (write.index != PendingWrite::kError || !write.value.is_object()) continue;
    const State error(write.value.get_object());
    out.errors.push_back("node '" + std::string(error.text("node")) + "': " + std::string(error.text("message")));
  }
  return out;
}

Result<SavedCheckpoint> saved_of(Saver* saver, const std::string& thread, const std::string& checkpoint,
                                 const Waiting& waiting) {
  if (saver == nullptr || thread.empty()) {
    return Error{Code::kInvalidArgument, "only a saved thread has checkpoints", "Name the thread, and use a saver."};
  }
  std::optional<SavedCheckpoint> saved = DM_TRY(saver->get({thread, ""}, checkpoint, waiting));
  if (saved) return *std::move(saved);
  return Error{Code::kNotFound, "there is no such thread or checkpoint: '" + thread + "'",
               "List the threads and their checkpoints."};
}

// What is due once `node` counts as having run: its followers instead of itself.
Result<impl::Frontier> after_node(const Graph& graph, const impl::Frontier& before, const Object& values,
                                  const Edit& edit) {
  const auto found = graph.plan().nodes.find(edit.as_node);
  if (found == graph.plan().nodes.end()) {
    return Error{Code::kInvalidArgument, "the edit is made as '" + edit.as_node + "', which is not in the graph",
                 "Name a node of the graph, or none."};
  }
  impl::Callers callers(graph.plan(), before);
  for (const impl::Due& due : before.due) {
    if (due.input || due.node != edit.as_node) callers.keep(due);
  }
  std::vector<std::string> next;
  std::vector<Send> sends;
  DM_TRY(impl::follow(graph.plan(), found->second, values, {}, next, sends));
  callers.ran(edit.as_node);
  callers.call(next, sends);
  return std::move(callers).take();
}

}  // namespace

Engine::Engine(Seams seams) : seams_(std::move(seams)) {
  if (seams_.pause) return;
  seams_.pause = [&clock = seams_.clock](Duration how_long, const Deadline& deadline, std::stop_token stop) {
    return wait_on(clock, how_long, deadline, std::move(stop));
  };
}

Result<RunResult> Engine::run(std::shared_ptr<const Graph> graph, const Input& input, RunOptions options) const {
  DM_TRY(check(*graph, options));
  Object answers;
  if (input.kind() == Input::Kind::kAnswer || input.kind() == Input::Kind::kAnswers) {
    const Waiting waiting{.deadline = options.deadline, .stop = options.stop};
    const SavedCheckpoint saved = DM_TRY(saved_of(seams_.saver, options.thread, "", waiting));
    if (!options.checkpoint.empty() && options.checkpoint != saved.checkpoint.id) {
      return Error{Code::kInvalidArgument, "an answer is for where the thread stands, not for an older checkpoint",
                   "Proceed from that checkpoint first: it asks again."};
    }
    options.checkpoint = saved.checkpoint.id;  // The answer is to what was asked there, whoever goes on meanwhile.
    answers = DM_TRY(answers_to(turns_in(saved.writes).interrupts, input));
  }
  impl::LoopPlace place;
  place.deadline = options.deadline;
  place.stop = options.stop;
  const auto shared = std::make_shared<impl::RunShared>(seams_, std::move(options), std::move(answers));
  impl::Loop loop(shared, std::move(graph), std::move(place));
  Result<impl::LoopEnd> end = input.kind() == Input::Kind::kValues ? loop.start(input.content()) : loop.proceed();
  shared->end();
  if (!end) return std::move(end).error();
  return std::move(end->result);
}

Result<std::optional<Snapshot>> Engine::state(const Graph& graph, std::string_view thread, std::string_view checkpoint,
                                              Waiting waiting) const {
  Result<SavedCheckpoint> saved = saved_of(seams_.saver, std::string(thread), std::string(checkpoint), waiting);
  if (!saved && saved.error().code == Code::kNotFound) return std::optional<Snapshot>();
  if (!saved) return std::move(saved).error();
  impl::Channels channels(graph.plan(), impl::Tracking::kOff);
  DM_TRY(channels.load(saved->channels));
  const impl::Frontier frontier = DM_TRY(impl::Frontier::from_json(graph.plan(), saved->checkpoint.frontier));
  Turns turns = turns_in(saved->writes);
  Snapshot out;
  out.values = *channels.values();
  out.next = frontier.next();
  out.interrupts = std::move(turns.interrupts);
  out.errors = std::move(turns.errors);
  out.paused = frontier.paused;
  out.checkpoint = std::move(saved->checkpoint);
  return std::optional(std::move(out));
}

Result<std::string> Engine::edit(const Graph& graph, const Edit& edit, Waiting waiting) const {
  const SavedCheckpoint saved = DM_TRY(saved_of(seams_.saver, edit.thread, edit.checkpoint, waiting));
  impl::Channels channels(graph.plan(), impl::Tracking::kOn);
  DM_TRY(channels.load(saved.channels));
  impl::Frontier frontier = DM_TRY(impl::Frontier::from_json(graph.plan(), saved.checkpoint.frontier));
  NewCheckpoint next;
  next.checkpoint.id = new_id(seams_.clock, seams_.rng);
  Update update = edit.update;
  DM_TRY(impl::prepare(graph.plan(), update, [&](std::size_t write, std::size_t message) {
    return "m" + next.checkpoint.id + "." + std::to_string(write) + "." + std::to_string(message);
  }));
  // What stays due has not read them yet.
  DM_TRY(channels.apply({&update}, edit.as_node.empty() ? impl::Ephemerals::kKeep : impl::Ephemerals::kEnd));
  if (!edit.as_node.empty()) frontier = DM_TRY(after_node(graph, frontier, *channels.values(), edit));
  frontier.origin.clear();
  next.place = {edit.thread, ""};
  next.checkpoint.parent = saved.checkpoint.id;
  next.checkpoint.run = next.checkpoint.id;
  next.checkpoint.source = Source::kUpdate;
  next.checkpoint.step = saved.checkpoint.step + 1;
  next.checkpoint.frontier = frontier.to_json(graph.plan());
  next.checkpoint.metadata = edit.metadata;
  next.removed = channels.take_removed();
  next.changed = channels.take_changes();
  next.inner = Inner::kDrop;
  if (edit.checkpoint.empty()) next.after = After::kLatest;
  DM_TRY(seams_.saver->put(next, waiting));
  return std::move(next.checkpoint.id);
}

}  // namespace docmind::graph
