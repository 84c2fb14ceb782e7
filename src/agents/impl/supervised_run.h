// What the agents of one supervised answer share: the model behind its budgets, the numbered passages, the tools and
// the record of what was done. Held by everything of the graph, and so by what was left to itself as well.
//
// Thread safety: any method from any thread.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/supervised.h"
#include "base/thread_annotations.h"
#include "context/fit.h"
#include "llm/chat_model.h"

namespace docmind::agents {

inline constexpr std::string_view kSupervisor = "supervisor";
inline constexpr std::string_view kRetrievalExpert = "retrieval_expert";
inline constexpr std::string_view kFiguresExpert = "figures_expert";
inline constexpr std::array<std::string_view, 3> kTeam = {kSupervisor, kRetrievalExpert, kFiguresExpert};

class SupervisedRun;

// The chat model as one of the agents has it: with the passages before the question, fitted to its window, within the
// budgets, and with ids of its tool calls that are the same whenever it says the same.
class AgentModel final : public llm::ChatModel {
 public:
  AgentModel(SupervisedRun& run, std::string_view agent) : run_(run), agent_(agent) {}

  Result<llm::Capabilities> capabilities(Deadline deadline, std::stop_token stop) override;
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline deadline,
                                           std::stop_token stop) override;
  // kResourceExhausted: a budget is used up; kDataLoss: it wrote more than anybody reads.
  Result<llm::ChatReply> chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline deadline,
                              std::stop_token stop) override;

 private:
  SupervisedRun& run_;
  const std::string agent_;
  Mutex mutex_;
  std::uint32_t named_ DM_GUARDED_BY(mutex_) = 0;  // Tool calls so far.
};

struct SupervisedRunParts {
  SupervisionOptions options;
  UseTool use;
  const Clock& clock;
  TimePoint asked;  // When the question came.
  llm::ChatModel& model;
  context::TokenCounter& counter;
  llm::Capabilities can;
  WriteOptions writing;
  std::string question;
  std::vector<llm::ChatDocument> documents{};
  std::vector<NumberedPassage> first{};
  std::shared_ptr<const void> keeps{};
};

class SupervisedRun {
 public:
  explicit SupervisedRun(SupervisedRunParts parts);

  const SupervisedRunParts& parts() const { return parts_; }
  NumberedPassages& passages() { return passages_; }
  llm::ChatModel& model(std::string_view agent);  // One of kTeam.

  Result<llm::ChatReply> chat(const std::string& agent, llm::ChatRequest request, Deadline deadline,
                              std::stop_token stop);
  // As a model is to read it.
  Result<std::string> use_tool(std::string_view agent, std::string_view tool, const std::string& arguments,
                               Deadline deadline, std::stop_token stop);

  SupervisedRecord record() const DM_EXCLUDES(mutex_);  // Without its end.
  context::Report report() const DM_EXCLUDES(mutex_);   // Of the fullest prompt.
  std::size_t first_shown() const DM_EXCLUDES(mutex_);  // Of the first passages: those that fitted any prompt.

 private:
  Result<> begin_call() DM_EXCLUDES(mutex_);
  void note_fit(const context::Fitted& fitted) DM_EXCLUDES(mutex_);
  void note_fallbacks(const std::vector<std::string>& fallbacks) DM_EXCLUDES(mutex_);
  void note_step(SupervisedStep step) DM_EXCLUDES(mutex_);
  void note_tool(ToolAnswered answered) DM_EXCLUDES(mutex_);
  double since(TimePoint at) const;

  const SupervisedRunParts parts_;
  NumberedPassages passages_;
  std::vector<std::unique_ptr<AgentModel>> models_;  // As kTeam.
  mutable Mutex mutex_;
  std::uint32_t calls_ DM_GUARDED_BY(mutex_) = 0;
  std::size_t first_shown_ DM_GUARDED_BY(mutex_) = 0;
  context::Report report_ DM_GUARDED_BY(mutex_);
  SupervisedRecord record_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::agents
