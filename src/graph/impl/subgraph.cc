#include "graph/impl/subgraph.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <exception>
#include <map>

#include "base/json_members.h"
#include "graph/impl/loop.h"

namespace docmind::graph::impl {
namespace {

// Shared channels by name. A folded value stays outside: the subgraph starts from the initial one, and what it folded
// is folded into the parent's, so nothing counts twice.
Object shared_input(const Plan& inner, const State& parent) {
  Object out;
  for (const auto& [name, channel] : inner.channels) {
    if (channel.reducer != Reducer::kFold && parent.has(name)) out[name] = parent[name];
  }
  return out;
}

Update appended(const std::string& name, const Array& before, const Array& after) {
  Update update;
  const bool grown = after.size() >= before.size() && std::equal(before.begin(), before.end(), after.begin());
  if (!grown) return update.set(name, after, Mode::kOverwrite);
  if (after.size() == before.size()) return update;
  return update.set(name, Array(after.begin() + static_cast<std::ptrdiff_t>(before.size()), after.end()));
}

std::string_view id_of(const Value& message) { return json_text(json_member(message, "id")); }

// What stands in another order than before is removed and added anew.
Update merged(const std::string& name, const Array& before, const Array& after) {
  std::map<std::string_view, std::size_t> old;
  for (std::size_t i = 0; i < before.size(); ++i) old[id_of(before[i])] = i;
  Array changed;
  std::size_t next = 0;
  for (const Value& message : after) {
    const auto found = old.find(id_of(message));
    const bool in_place = found != old.end() && found->second >= next;
    next = in_place ? found->second + 1 : before.size();
    if (!in_place || before[found->second] != message) changed.push_back(message);
    if (in_place) old.erase(found);
  }
  Array writes;
  for (const auto& [id, place] : old) writes.push_back(remove_message(id));
  for (Value& message : changed) writes.push_back(std::move(message));
  Update update;
  return writes.empty() ? update : update.set(name, std::move(writes));
}

Update shared_output(const Task& task, const Object& given, const LoopEnd& end) {
  Update out;
  const auto& outer = task.graph->plan().channels;
  for (const std::string& name : end.touched) {
    const auto found = outer.find(name);
    if (found == outer.end()) continue;
    const Value& after = State(end.result.values)[name];
    Update one;
    const bool list = after.is_array();
    if (found->second.reducer == Reducer::kAppend && list) {
      one = appended(name, State(given).list(name), after.get_array());
    } else if (found->second.reducer == Reducer::kMessages && list) {
      one = merged(name, State(given).list(name), after.get_array());
    } else {
      one.set(name, after);
    }
    for (const Write& write : one.writes()) out.set(write.channel, write.value, write.mode);
  }
  return out;
}

LoopPlace inside(const std::shared_ptr<Task>& task, const Deadline& deadline, const std::stop_token& stop) {
  const LoopPlace& outer = task->place;
  const auto joined = [](const std::string& above, char mark, const std::string& name) {
    return above.empty() ? name : above + mark + name;
  };
  LoopPlace place;
  place.space = joined(outer.space, '|', task->name + ":" + task->id());
  place.names = joined(outer.names, '/', task->name);
  place.stable = joined(outer.stable, '|', task->name + ":" + task->stable_id());
  place.deadline = deadline;
  place.stop = stop;
  // Only the outermost loop abandons; the flag lives in its task.
  place.abandoned =
      outer.outermost() ? std::shared_ptr<const std::atomic<bool>>(task, &task->abandoned) : outer.abandoned;
  return place;
}

Result<Object> input_of(const Task& task) {
  const SubgraphOptions& how = task.node->how;
  Object by_name = shared_input(task.node->inner->plan(), task.state());
  if (!how.input) return by_name;
  return how.input(task.state(), std::move(by_name));
}

Result<Command> run_inside(const std::shared_ptr<Task>& task, const Deadline& deadline, const std::stop_token& stop,
                           Outcome& outcome) {
  const Object given = DM_TRY(input_of(*task));
  Loop loop(task->run, task->node->inner, inside(task, deadline, stop));
  LoopEnd end = DM_TRY(loop.run(given));
  outcome.interrupts = std::move(end.result.interrupts);
  if (!outcome.interrupts.empty()) return Command{};
  if (end.for_parent) return *std::move(end.for_parent);
  const SubgraphOptions& how = task->node->how;
  Update by_name = shared_output(*task, given, end);
  if (!how.output) return Command(std::move(by_name));
  return Command(DM_TRY(how.output(State(end.result.values), std::move(by_name))));
}

}  // namespace

Result<Command> run_subgraph(const std::shared_ptr<Task>& task, const Deadline& deadline, const std::stop_token& stop,
                             Outcome& outcome) {
  try {
    return run_inside(task, deadline, stop, outcome);
  } catch (const std::exception& e) {
    return Error{Code::kInternal, std::string("its input or output function threw: ") + e.what(),
                 "This is a mistake in the graph: report it."};
  }
}

}  // namespace docmind::graph::impl
