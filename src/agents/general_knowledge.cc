#include "agents/general_knowledge.h"

#include <algorithm>
#include <string>
#include <utility>

#include "agents/cited_sentences.h"
#include "agents/query_router.h"

namespace docmind::agents {
namespace {

constexpr std::string_view kSystem =
#include "agents/prompts/general_knowledge.v1.inc"
    ;
constexpr std::string_view kNotKnown = "NOT KNOWN";
constexpr std::size_t kMostBytes = 64U << 10U;

// A set of the documents as a whole, or a place in one.
bool asks_for_what_is_there(std::string_view question) {
  const auto routing = route(question);
  return !routing || routing->route == Route::kExhaustive || routing->route == Route::kDirect;
}

// What two prompts of one answer cost; the context is the last one's.
void add(Writing writing, std::optional<Writing>& to) {
  if (to) {
    writing.usage += to->usage;
  }
  to = std::move(writing);
}

}  // namespace

Result<> GeneralKnowledge::say(std::string_view question, Draft& draft, Deadline deadline, std::stop_token stop) const {
  const llm::Capabilities model = DM_TRY(model_.capabilities(deadline, stop));
  llm::ChatRequest request;
  request.messages.push_back({.role = llm::Role::kSystem, .content = std::string(kSystem)});
  request.messages.push_back({.role = llm::Role::kUser, .content = std::string(question)});
  request.max_tokens = options_.max_tokens;
  request.priority = llm::ChatPriority::kHigh;
  const context::Fitted fitted =
      DM_TRY(context::fit(std::move(request), model, counter_, options_.fit, deadline, stop));
  const llm::ChatReply reply = DM_TRY(model_.chat(fitted.request, nullptr, deadline, stop));
  add({.model = model.model, .context = fitted.report, .usage = reply.usage}, draft.writing);
  const std::string_view written = std::string_view(reply.content).substr(0, kMostBytes);
  if (written.find(kNotKnown) != std::string_view::npos) return {};
  for (CitedSentence& sentence : cited_sentences(written)) draft.general.push_back(std::move(sentence.text));
  return {};
}

bool may_be_general(std::string_view question, const retrieval::Filter& filter, std::span<const Evidence> evidence) {
  if (!filter.documents.empty() || !filter.types.empty() || filter.modified_from || filter.modified_to) return false;
  return !asks_for_what_is_there(question) && std::ranges::none_of(evidence, [](const Evidence& one) {
    return one.set.has_value() || asks_for_what_is_there(one.part.asks);
  });
}

}  // namespace docmind::agents
