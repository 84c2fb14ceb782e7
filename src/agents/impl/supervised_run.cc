#include "agents/impl/supervised_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace docmind::agents {
namespace {

constexpr std::size_t kMostText = 64U << 10U;       // Of one reply.
constexpr std::size_t kMostCallsAtOnce = 16;        // Tool calls of one reply,
constexpr std::size_t kMostArguments = 16U << 10U;  // and bytes of each.

Error used_up(std::string what) { return {Code::kResourceExhausted, std::move(what), ""}; }

Result<> check(const llm::ChatReply& reply) {
  const Error too_much{Code::kDataLoss, "it wrote more than anybody reads", ""};
  if (reply.content.size() > kMostText || reply.tool_calls.size() > kMostCallsAtOnce) return too_much;
  for (const llm::ToolCall& call : reply.tool_calls) {
    if (call.arguments.size() > kMostArguments || call.name.size() > kMostArguments) return too_much;
  }
  return {};
}

void add(const llm::ChatUsage& usage, llm::ChatUsage& to) {
  to.prompt += usage.prompt;
  to.cached += usage.cached;
  to.completion += usage.completion;
}

std::vector<llm::ChatDocument> passages_of(const std::vector<NumberedPassage>& first) {
  std::vector<llm::ChatDocument> out;
  for (std::size_t i = 0; i < first.size(); ++i) {
    NumberedPassage one = first[i];
    one.number = static_cast<std::uint32_t>(i + 1);
    out.push_back({.title = title_of(one), .text = (one.heading.empty() ? "" : one.heading + "\n") + one.text});
  }
  return out;
}

std::string text_of(const std::string& note, const std::vector<NumberedPassage>& passages) {
  std::string out = note;
  for (const NumberedPassage& one : passages) out += "\n\n" + shown(one);
  return out;
}

}  // namespace

// ---- one agent's model ----

Result<llm::Capabilities> AgentModel::capabilities(Deadline /*deadline*/, std::stop_token /*stop*/) {
  return run_.parts().can;
}

Result<std::vector<std::uint32_t>> AgentModel::count(std::span<const std::string> texts, Deadline deadline,
                                                     std::stop_token stop) {
  return run_.parts().model.count(texts, deadline, std::move(stop));
}

Result<llm::ChatReply> AgentModel::chat(const llm::ChatRequest& request, llm::TokenStream* /*stream*/,
                                        Deadline deadline, std::stop_token stop) {
  llm::ChatReply reply = DM_TRY(run_.chat(agent_, request, deadline, std::move(stop)));
  const MutexLock lock(mutex_);
  for (llm::ToolCall& call : reply.tool_calls) call.id = fmt::format("{}_{}", agent_, ++named_);
  return reply;
}

// ---- what they share ----

SupervisedRun::SupervisedRun(SupervisedRunParts parts)
    : parts_(std::move(parts)), passages_(parts_.first, parts_.options.passages) {
  for (const std::string_view agent : kTeam) models_.push_back(std::make_unique<AgentModel>(*this, agent));
}

llm::ChatModel& SupervisedRun::model(std::string_view agent) {
  const auto at = std::ranges::find(kTeam, agent) - kTeam.begin();
  return *models_.at(static_cast<std::size_t>(at));
}

double SupervisedRun::since(TimePoint at) const {
  return std::chrono::duration<double>(parts_.clock.now() - at).count();
}

Result<> SupervisedRun::begin_call() {
  const MutexLock lock(mutex_);
  if (calls_ >= parts_.options.calls) return used_up(fmt::format("its {} calls of the model are used up", calls_));
  if (const std::uint64_t used = std::uint64_t{record_.usage.prompt} + record_.usage.completion;
      used >= parts_.options.tokens) {
    return used_up(fmt::format("its {} tokens are used up", parts_.options.tokens));
  }
  ++calls_;
  return {};
}

void SupervisedRun::note_fit(const context::Fitted& fitted) {
  const MutexLock lock(mutex_);
  first_shown_ = std::max(first_shown_, fitted.request.passages.size());
  if (fitted.report.original_tokens >= report_.original_tokens) report_ = fitted.report;
}

void SupervisedRun::note_fallbacks(const std::vector<std::string>& fallbacks) {
  const MutexLock lock(mutex_);
  for (const std::string& why : fallbacks) {
    if (std::ranges::find(record_.fallbacks, why) == record_.fallbacks.end()) record_.fallbacks.push_back(why);
  }
}

void SupervisedRun::note_step(SupervisedStep step) {
  const MutexLock lock(mutex_);
  add(step.usage, record_.usage);
  record_.steps.push_back(std::move(step));
}

void SupervisedRun::note_tool(ToolAnswered answered) {
  const MutexLock lock(mutex_);
  record_.tools.push_back(std::move(answered));
}

Result<llm::ChatReply> SupervisedRun::chat(const std::string& agent, llm::ChatRequest request, Deadline deadline,
                                           std::stop_token stop) {
  DM_TRY(begin_call());
  request.documents = parts_.documents;
  request.passages = passages_of(parts_.first);
  context::Fitted fitted =
      DM_TRY(context::fit(std::move(request), parts_.can, parts_.counter, parts_.writing.fit, deadline, stop));
  note_fit(fitted);
  const TimePoint began = parts_.clock.now();
  Result<llm::ChatReply> reply = parts_.model.chat(fitted.request, nullptr, deadline, std::move(stop));
  SupervisedStep step{
      .agent = agent, .began = std::chrono::duration<double>(began - parts_.asked).count(), .seconds = since(began)};
  if (reply) {
    step.usage = reply->usage;
    note_fallbacks(reply->fallbacks);
    if (const Result<> readable = check(*reply); !readable) reply = readable.error();
  }
  if (!reply) step.error = reply.error().message;
  note_step(std::move(step));
  return reply;
}

Result<std::string> SupervisedRun::use_tool(std::string_view agent, std::string_view tool, const std::string& arguments,
                                            Deadline deadline, std::stop_token stop) {
  const TimePoint began = parts_.clock.now();
  const std::vector<NumberedPassage> so_far = passages_.all();
  Result<ToolShown> said =
      parts_.use(agent, {.tool = tool, .arguments = arguments, .passages = so_far}, deadline, std::move(stop));
  ToolAnswered answered{.agent = std::string(agent), .tool = std::string(tool), .arguments = arguments};
  if (said) {
    answered.note = said->note;
    for (NumberedPassage& one : said->passages) {
      if (one.number != 0) {
        passages_.put(one);
        answered.passages.push_back(std::move(one));
      } else if (auto numbered = passages_.add(std::move(one))) {
        answered.passages.push_back(*std::move(numbered));
      } else {
        answered.note = "No more passages can be shown: answer from those that were.";
      }
    }
  } else {
    answered.error = said.error().message;
  }
  const std::string text = text_of(answered.note, answered.passages);
  note_step({.agent = std::string(agent),
             .tool = std::string(tool),
             .began = std::chrono::duration<double>(began - parts_.asked).count(),
             .seconds = since(began),
             .error = answered.error});
  note_tool(std::move(answered));
  if (!said) return said.error();
  return text;
}

SupervisedRecord SupervisedRun::record() const {
  const MutexLock lock(mutex_);
  return record_;
}

context::Report SupervisedRun::report() const {
  const MutexLock lock(mutex_);
  return report_;
}

std::size_t SupervisedRun::first_shown() const {
  const MutexLock lock(mutex_);
  return first_shown_;
}

}  // namespace docmind::agents
