// What the loop tells its listener; see graph/stream.h.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "graph/impl/loop.h"

namespace docmind::graph::impl {

void Loop::tell_start(const std::vector<std::shared_ptr<Task>>& tasks) const {
  for (const std::shared_ptr<Task>& task : tasks) {
    for (const Stream mode : {Stream::kTasks, Stream::kDebug}) {
      run_->tell(mode, place_.names, task->name, task->step,
                 [&] { return Object{{"event", "start"}, {"path", task->path}}; });
    }
  }
}

void Loop::tell_end(const std::vector<std::shared_ptr<Task>>& tasks, const std::vector<Outcome>& outcomes) const {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const Outcome& outcome = outcomes[i];
    for (const Stream mode : {Stream::kTasks, Stream::kDebug}) {
      run_->tell(mode, place_.names, tasks[i]->name, tasks[i]->step, [&] {
        Object data{{"event", "end"}, {"path", tasks[i]->path}};
        if (outcome.error) data["error"] = outcome.error->message;
        if (!outcome.interrupts.empty()) data["interrupts"] = outcome.interrupts_json();
        return data;
      });
    }
    if (outcome.error) continue;
    run_->tell(Stream::kUpdates, place_.names, tasks[i]->name, tasks[i]->step, [&] {
      Object data;
      for (const Write& write : outcome.update.writes()) data[write.channel] = write.value;
      if (!outcome.interrupts.empty()) data["interrupts"] = outcome.interrupts_json();
      return data;
    });
  }
}

void Loop::tell_values() const {
  run_->tell(Stream::kValues, place_.names, "", step_, [&] { return Value(*channels_.values()); });
}

}  // namespace docmind::graph::impl
