#include "agents/model_planner.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agents/impl/polarity.h"
#include "agents/structured_reply.h"
#include "base/json_members.h"
#include "base/utf8.h"
#include "text/normalise.h"
#include "text/terms.h"

namespace docmind::agents {
namespace {

constexpr std::string_view kSystem =
#include "agents/prompts/query_planner.v1.inc"
    ;
constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"parts":{"type":"array","minItems":1,"maxItems":5,)"
    R"("items":{"type":"string","minLength":1,"maxLength":1024}}},"required":["parts"],"additionalProperties":false})";
static_assert(kMostParts == 5 && kMostPartBytes == 1024, "the schema says so");
constexpr std::size_t kMostReply = 8U << 10U;
constexpr std::size_t kMostTurns = 6U << 10U;  // Bytes of the turns before that it is shown, the newest.
constexpr std::uint32_t kMostTokens = 512;

// The newest turns that there is room for.
std::span<const HistoryTurn> newest(std::span<const HistoryTurn> history) {
  std::size_t bytes = 0;
  std::size_t first = history.size();
  while (first > 0) {
    const HistoryTurn& turn = history[first - 1];
    bytes += turn.question.size() + turn.answer.size();
    if (bytes > kMostTurns) break;
    --first;
  }
  return history.subspan(first);
}

void add_terms(std::string_view text, std::set<std::string>& to) {
  for (text::Term& term : text::terms(text)) to.insert(std::move(term.text));
}

bool denies(std::string_view text) {
  const Polarity polarity = polarity_of(text);
  return polarity.negations + polarity.exceptions > 0;
}

Error refused(std::string what) { return {Code::kDataLoss, std::move(what), ""}; }

// The parts as they were asked for, in white space of ours, none twice.
Result<Plan> held(const boost::json::value& reply, std::string_view question, std::span<const HistoryTurn> history) {
  std::set<std::string> known;
  add_terms(question, known);
  for (const HistoryTurn& turn : history) {
    add_terms(turn.question, known);
    add_terms(turn.answer, known);
  }
  Plan out;
  std::set<std::string> asked;
  bool denied = false;
  for (const boost::json::value& one : json_list(json_member(reply, "parts"))) {
    std::string part = text::fold_space(json_text(one));
    if (part.empty() || part.size() > kMostPartBytes || !is_utf8(part)) return refused("a part of its plan is empty");
    for (const std::string& term : text::query_terms(part)) {
      if (!known.contains(term)) return refused("its plan has words that were not asked");
    }
    add_terms(part, asked);
    denied |= denies(part);
    const auto same = [&](const Part& other) { return other.asks == part; };
    if (std::ranges::none_of(out.parts, same)) out.parts.push_back(part_of(part, question));
  }
  const std::vector<std::string> wanted = text::query_terms(question);
  const auto kept = std::ranges::count_if(wanted, [&](const std::string& term) { return asked.contains(term); });
  if (static_cast<std::size_t>(kept) * 2 < wanted.size()) return refused("its plan leaves out what was asked");
  if (denied != denies(question)) return refused("its plan denies what was not denied, or the other way round");
  return out;
}

Result<Plan> asked_of(llm::ChatModel& model, const Routing& routing, std::span<const HistoryTurn> history,
                      Decided& decided, Deadline deadline, const std::stop_token& stop) {
  const ReplyForm form = DM_TRY(reply_form(std::string(kSchema), kMostReply));
  const llm::Capabilities can = DM_TRY(model.capabilities(deadline, stop));
  llm::ChatRequest request;
  request.messages.push_back({.role = llm::Role::kSystem, .content = std::string(kSystem)});
  request.messages.push_back({.role = llm::Role::kUser, .content = routing.question});
  const std::span<const HistoryTurn> turns = newest(history);
  add_history(turns, request);
  request.max_tokens = kMostTokens;
  request.priority = llm::ChatPriority::kHigh;
  const auto reply = DM_TRY(structured_reply(model, std::move(request), form, can, decided.usage, deadline, stop));
  return held(reply, routing.question, turns);
}

}  // namespace

Result<Plan> plan_by_model(const Routing& routing, std::span<const HistoryTurn> history, llm::ChatModel& model,
                           Deadline deadline, std::stop_token stop) {
  if (routing.route != Route::kHybrid) return plan(routing.question);
  Decided decided;
  Result<Plan> asked = asked_of(model, routing, history, decided, deadline, stop);
  if (!asked && stop.stop_requested()) return asked.error();
  if (!asked) decided.fallback = "The question was planned by rules: " + asked.error().message;
  Plan out = asked ? *std::move(asked) : plan(routing.question);
  out.model = std::move(decided);
  return out;
}

}  // namespace docmind::agents
