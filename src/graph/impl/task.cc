#include "graph/impl/task.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <exception>

#include "base/hash.h"
#include "base/json_members.h"
#include "graph/impl/channels.h"
#include "graph/impl/routing.h"
#include "graph/impl/subgraph.h"

namespace docmind::graph::impl {
namespace {

std::string short_hash(std::initializer_list<std::string_view> fields) {
  Hasher hasher;
  for (const std::string_view field : fields) hasher.field(field);
  return hasher.finish().hex().substr(0, 32);
}

class TaskContext final : public Context {
 public:
  TaskContext(const Task& task, Outcome& outcome, Deadline deadline, std::stop_token stop, std::uint32_t attempt)
      : task_(task), outcome_(outcome), deadline_(deadline), stop_(std::move(stop)), attempt_(attempt) {}

  Deadline deadline() const override { return deadline_; }
  std::stop_token stop() const override { return stop_; }
  std::string_view node() const override { return task_.name; }
  std::uint32_t attempt() const override { return attempt_; }
  std::uint32_t remaining_steps() const override { return task_.remaining; }
  std::string_view thread() const override { return task_.run->options().thread; }
  const Object& metadata() const override { return task_.run->options().metadata; }

  Result<Value> interrupt(Value question) override {
    const std::size_t n = asked_++;
    if (n < outcome_.answers.size()) return outcome_.answers[n];
    if (!task_.run->saving()) {
      return Error{Code::kInvalidArgument, "a node asks a person, but the run is not saved",
                   "Run it with a saver and a thread, so that it can wait for the answer."};
    }
    if (outcome_.interrupts.empty()) {
      std::string id = short_hash({task_.stable_id(), std::to_string(n)});
      if (const Value* answer = task_.run->answers().if_contains(id)) {
        outcome_.answers.push_back(*answer);
        return *answer;
      }
      outcome_.interrupts.push_back({std::move(id), task_.place.names, task_.name, std::move(question)});
    }
    return Error{Code::kCancelled, "waits for a person's answer", "Resume the thread with it."};
  }

  std::string idempotency_key(std::string_view effect) const override {
    return short_hash({thread(), task_.id(), effect});
  }

  void message(Value piece) override { say(Stream::kMessages, std::move(piece)); }
  void custom(Value piece) override { say(Stream::kCustom, std::move(piece)); }

 private:
  void say(Stream mode, Value piece) {
    task_.run->tell(mode, task_.place.names, task_.name, task_.step, [&] { return std::move(piece); }, task_.mute());
  }

  const Task& task_;
  Outcome& outcome_;
  const Deadline deadline_;
  const std::stop_token stop_;
  const std::uint32_t attempt_;
  std::size_t asked_ = 0;
};

Result<Command> call(const Task& task, TaskContext& context) {
  try {
    return task.node->run(task.state(), context);
  } catch (const std::exception& e) {
    return Error{Code::kInternal, std::string("threw: ") + e.what(), "This is a mistake in the node: report it."};
  }
}

Result<> attempt(const std::shared_ptr<Task>& task, std::uint32_t n, const Deadline& deadline,
                 const std::stop_token& stop, Outcome& outcome) {
  outcome = {.answers = outcome.answers};
  TaskContext context(*task, outcome, deadline, stop, n);
  Result<Command> answer =
      task->node->inner != nullptr ? run_subgraph(task, deadline, stop, outcome) : call(*task, context);
  if (!outcome.interrupts.empty()) return {};  // Whatever it answered: it waits.
  Outcome settled = DM_TRY(settle(*task, DM_TRY(std::move(answer))));
  settled.answers = std::move(outcome.answers);
  outcome = std::move(settled);
  return {};
}

bool worth_another(const Retry& retry, const Error& error) {
  return retry.when ? retry.when(error) : retryable(error.code);
}

Duration wait_before(const Retry& retry, std::uint32_t failed, RunShared& run) {
  const double grown = static_cast<double>(retry.first_wait.count()) * std::pow(retry.factor, failed - 1);
  const double full = std::min(grown, static_cast<double>(retry.longest_wait.count()));
  return Duration(static_cast<Duration::rep>(full * (1 - retry.jitter * run.chance_in_01())));
}

}  // namespace

std::string Task::id() const {
  // Not by the thread: in a copy of it the same task goes on.
  // Without checkpoints a run has nothing but itself to be named by.
  const std::string_view from = checkpoint.empty() ? std::string_view(run->id()) : std::string_view(checkpoint);
  return short_hash({place.space, from, std::to_string(step), path});
}

std::string Task::stable_id() const { return short_hash({place.stable, origin, std::to_string(step), path}); }

Result<Outcome> settle(const Task& task, Command command) {
  Outcome out;
  out.scope = command.scope;
  out.update = std::move(command.update);
  out.next = std::move(command.next);
  out.sends = std::move(command.sends);
  out.finished = true;
  if (out.scope == Scope::kParent) return out;  // Checked by the parent, whose channels and nodes they are.
  const Plan& plan = task.graph->plan();
  // What a run without checkpoints has named may be the input of another.
  const std::string& whose = task.run->saving() ? task.run->options().thread : task.run->id();
  DM_TRY(prepare(plan, out.update, [&](std::size_t write, std::size_t message) {
    return "m" + short_hash({whose, task.place.stable, std::to_string(task.step), task.path, std::to_string(write),
                             std::to_string(message)});
  }));
  DM_TRY(follow(plan, *task.node, *task.values, out.update, out.next, out.sends));
  return out;
}

Outcome execute(const std::shared_ptr<Task>& task, const std::stop_token& stop,
                const std::function<void(const Deadline&)>& limit) {
  const NodeOptions& options = task->node->options;
  const Clock& clock = task->run->seams().clock;
  Outcome outcome{.answers = task->answers};
  for (std::uint32_t n = 1;; ++n) {
    if (stop.stop_requested())
      return {.error = Error{Code::kCancelled, "stopped before it ran"}, .answers = task->answers};
    const bool timed = options.timeout > Duration::zero();
    const Deadline deadline = timed ? task->place.deadline.sooner(options.timeout, clock) : task->place.deadline;
    limit(deadline);
    Result<> done = attempt(task, n, deadline, stop, outcome);
    if (done) return outcome;
    Error why = std::move(done).error();
    // Told to stop because its time was over, it ran out of time, whatever it calls that itself.
    const bool over = timed && deadline.expired() && !task->place.stop.stop_requested();
    if (over && why.code == Code::kCancelled) why.code = Code::kDeadlineExceeded;
    outcome = {.error = std::move(why), .answers = std::move(outcome.answers)};
    if (n >= options.retry.attempts || !worth_another(options.retry, *outcome.error)) return outcome;
    limit(task->place.deadline);
    const Duration wait = wait_before(options.retry, n, *task->run);
    if (!task->run->seams().pause(wait, task->place.deadline, stop)) return outcome;
  }
}

Object Outcome::result_json() const {
  Array writes;
  for (const Write& write : update.writes()) {
    Object json{{"channel", write.channel}, {"value", write.value}};
    if (write.mode == Mode::kOverwrite) json["overwrite"] = true;
    writes.push_back(std::move(json));
  }
  Array sent;
  for (const Send& send : sends) sent.push_back(Object{{"node", send.node}, {"input", send.input}});
  return {{"writes", std::move(writes)},
          {"next", Array(next.begin(), next.end())},
          {"sends", std::move(sent)},
          {"parent", scope == Scope::kParent}};
}

namespace {

std::string text(const Value& whole, std::string_view key) { return std::string(json_text(json_member(whole, key))); }

}  // namespace

Result<Outcome> Outcome::from_result_json(const Value& json) {
  if (!json.is_object()) return Error{Code::kDataLoss, "a stored result of a task cannot be read"};
  Outcome out;
  out.finished = true;
  for (const Value& write : json_list(json_member(json, "writes"))) {
    const bool overwrite = json_member(write, "overwrite").is_bool();
    out.update.set(text(write, "channel"), json_member(write, "value"), overwrite ? Mode::kOverwrite : Mode::kReduce);
  }
  for (const Value& name : json_list(json_member(json, "next"))) out.next.emplace_back(json_text(name));
  for (const Value& send : json_list(json_member(json, "sends"))) {
    out.sends.push_back({text(send, "node"), json_object(json_member(send, "input"))});
  }
  out.scope = json_flag(json_member(json, "parent")) ? Scope::kParent : Scope::kHere;
  return out;
}

Value Outcome::interrupts_json() const {
  Array out;
  for (const Interrupt& one : interrupts) {
    out.push_back(Object{{"id", one.id}, {"space", one.space}, {"node", one.node}, {"question", one.question}});
  }
  return out;
}

std::vector<Interrupt> Outcome::interrupts_from_json(const Value& json) {
  std::vector<Interrupt> out;
  for (const Value& one : json_list(json)) {
    out.push_back({text(one, "id"), text(one, "space"), text(one, "node"), json_member(one, "question")});
  }
  return out;
}

}  // namespace docmind::graph::impl
