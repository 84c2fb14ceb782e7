// One answer written under a supervisor (room supervisor): a chat model that is shown the question and the passages
// that retrieval has found, and either writes the answer at once, or first hands tasks to two agents who work at the
// same time, each a model with tools (toolbox.h):
//
//   retrieval_expert  search, exact_find, read_page, compare      where something stands
//   figures_expert    table_query, count, arithmetic              what comes out of rows and numbers
//
// Two, since these are the two kinds of work that one passage after the other does not do: other words or another page,
// and what no passage says by itself. Routing, planning and validating stay with the agents of question_graph.h: they
// are rules that need no model, and the first retrieval is an edge of the graph that no model can forget. Every passage
// that a tool shows gets a number like the first ones (numbered_passages.h), so that the answer can cite it, and
// response_validator holds each sentence against what it cites, as with any generated answer.
//
// Nothing is lost by it: evidence below the bar and counted sets are not shown to it at all, and whatever goes wrong
// (its calls, tokens or time used up, an error, the same task again and again, a text that no passage bears, an agent
// that hangs) leaves the answer to the plain path; record() says why.
//
// The prompts are src/agents/prompts/{supervisor,retrieval_expert,figures_expert}.v1.inc; a changed prompt is a new
// version. Thread safety: one write() at a time; record() from any thread.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "agents/answer_writer.h"
#include "agents/shown_by_tools.h"
#include "agents/supervised_record.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/thread_annotations.h"
#include "exec/pool.h"
#include "library/library.h"

namespace docmind::agents {

struct SupervisionOptions {
  std::uint32_t calls = 12;                  // Of the model, by all agents together.
  std::uint64_t tokens = 60'000;             // That these read and write.
  Duration time = std::chrono::seconds(90);  // Of all of it.
  std::uint32_t parallel = 3;                // Agents, and tools of one agent, at the same time.
  std::size_t passages = 32;                 // Of tools, at most.
};

// A tool as an agent calls it. Passages without a number get one.
using UseTool = std::function<Result<ToolShown>(std::string_view agent, const ToolUse& wanted, const Deadline& deadline,
                                                std::stop_token stop)>;

// The tools of the toolbox, which show nothing that the filter leaves out; toolbox and library outlive what is
// returned.
UseTool live_tools(const Toolbox& toolbox, library::Library& library, retrieval::Filter filter);
// What they answered when it was recorded, each answer once. kNotFound: they are asked something else.
UseTool recorded_tools(std::vector<ToolAnswered> answers);

// What all questions share. Everything outlives the pool.
struct Supervision {
  const Toolbox& toolbox;
  exec::Pool& pool;  // Not the one whose task calls write(): agents that wait for each other could fill it.
  SupervisionOptions options{};
};

struct SupervisedDeps {
  library::Library& library;
  const Clock& clock;
  Rng& rng;
  exec::Pool* pool = nullptr;           // Null: one after the other, and what hangs holds it up.
  std::shared_ptr<const void> keeps{};  // Lives until what was left to itself has returned: the writer's model, say.
};

class SupervisedRun;  // impl/supervised_run.h

class Supervised {
 public:
  Supervised(SupervisionOptions options, UseTool use, SupervisedDeps deps);
  // Of an answer that is replayed; one that did not come from the supervisor then does not again.
  Supervised(const SupervisedRecord& recorded, SupervisionOptions options, SupervisedDeps deps);

  // As AnswerWriter::write(); nothing: the plain path is to write, and record() says why. Errors: kCancelled.
  Result<std::optional<Draft>> write(const AnswerWriter& writer, std::string_view question,
                                     const std::vector<Evidence>& evidence, const SynthesisOptions& synthesis,
                                     const Before& before, Deadline deadline, std::stop_token stop);

  SupervisedRecord record() const DM_EXCLUDES(mutex_);  // Of the last write() that has returned.
  const SupervisionOptions& options() const { return options_; }

 private:
  Result<std::shared_ptr<SupervisedRun>> begin(const AnswerWriter& writer, std::string_view question,
                                               const std::vector<Evidence>& evidence, const Before& before,
                                               const llm::Capabilities& can, const Deadline& deadline,
                                               const std::stop_token& stop) const;
  // Nothing: it says that the documents do not answer.
  Result<std::optional<Draft>> lead(const std::shared_ptr<SupervisedRun>& run, const Before& before, Draft draft,
                                    const Deadline& deadline, const std::stop_token& stop) const;

  void keep(SupervisedRecord record) DM_EXCLUDES(mutex_);

  const SupervisionOptions options_;
  const UseTool use_;
  const SupervisedDeps deps_;
  const TimePoint asked_;
  const bool replays_end_ = false;  // record_ is how it ended then.
  mutable Mutex mutex_;
  SupervisedRecord record_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::agents
