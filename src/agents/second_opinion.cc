#include "agents/second_opinion.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agents/structured_reply.h"
#include "agents/support.h"
#include "base/json.h"
#include "base/json_members.h"
#include "exec/task_group.h"

namespace docmind::agents {
namespace {

constexpr std::string_view kSystem =
#include "agents/prompts/response_validator.v1.inc"
    ;
constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"verdict":{"enum":["supported","not_supported"]}},)"
    R"("required":["verdict"],"additionalProperties":false})";
constexpr std::size_t kMostReply = 256;
constexpr std::uint32_t kMostTokens = 64;
constexpr std::string_view kDoubt = "second_opinion: a chat model that was asked does not find it in what it cites";

// A sentence that the model is asked about, and what it says.
struct Asked {
  std::size_t claim = 0;
  std::optional<bool> supported{};
  std::optional<Error> error{};
  llm::ChatUsage usage{};
};

// Whether a hard fault stands, or there is nothing to read it against.
bool is_settled(const DraftClaim& drafted, const Claim& claim, const std::vector<CitedPassage>& shown) {
  if (claim.citations.empty()) return true;
  const Fault fault = check_sentence({.text = drafted.said, .marks = drafted.marks}, shown).fault;
  return fault != Fault::kNone && fault != Fault::kUnrelated;
}

std::vector<Asked> to_ask(const Draft& draft, const Writing& writing, const Validated& validated) {
  std::vector<CitedPassage> shown;
  for (const ShownPassage& one : writing.shown) {
    shown.push_back({.text = one.text, .document = one.document, .page = one.page});
  }
  std::vector<Asked> out;
  for (std::size_t i = 0; i < std::min(draft.claims.size(), validated.claims.size()); ++i) {
    if (!is_settled(draft.claims[i], validated.claims[i], shown)) out.push_back({.claim = i});
  }
  return out;
}

llm::ChatRequest request_of(const DraftClaim& claim, const Writing& writing) {
  llm::ChatRequest request;
  request.messages.push_back({.role = llm::Role::kSystem, .content = std::string(kSystem)});
  request.messages.push_back({.role = llm::Role::kUser, .content = "The sentence: " + json_quoted(claim.said)});
  for (const std::uint32_t mark : claim.marks) {
    const ShownPassage& shown = writing.shown.at(mark - 1);  // Marks that name nothing are a hard fault.
    const std::string name = shown.document.substr(shown.document.find_last_of('/') + 1);
    request.passages.push_back({.title = fmt::format("[{}] {}", mark, name), .text = shown.text});
  }
  request.max_tokens = kMostTokens;
  request.priority = llm::ChatPriority::kHigh;
  return request;
}

// Always asks, though the time be over: then the model says so, which a recording keeps.
void ask(const Draft& draft, const Writing& writing, const ReplyForm& form, const llm::Capabilities& can,
         const OpinionSeams& seams, Asked& one, Deadline deadline, const std::stop_token& stop) {
  auto reply =
      structured_reply(seams.model, request_of(draft.claims[one.claim], writing), form, can, one.usage, deadline, stop);
  if (reply) {
    one.supported = json_text(json_member(*reply, "verdict")) == "supported";
  } else {
    one.error = std::move(reply).error();
  }
}

void conclude(const std::vector<Asked>& asked, Validated& validated) {
  Decided decided;
  std::size_t silent = 0;
  const Error* why = nullptr;
  for (const Asked& one : asked) {
    decided.usage += one.usage;
    if (!one.supported) {
      ++silent;
      if (why == nullptr && one.error) why = &*one.error;
      continue;
    }
    Claim& claim = validated.claims[one.claim];
    if (claim.supported == *one.supported) continue;
    claim.supported = *one.supported;
    claim.doubt = *one.supported ? std::string() : std::string(kDoubt);
    ++decided.overruled;
  }
  if (silent > 0) {
    decided.fallback = fmt::format("{} of {} sentences were checked by rules alone: {}", silent, asked.size(),
                                   why != nullptr ? why->message : "there are too many");
  }
  validated.model = std::move(decided);
}

}  // namespace

Result<> add_second_opinion(const Draft& draft, const OpinionSeams& seams, Validated& validated, Deadline deadline,
                            std::stop_token stop) {
  if (!draft.writing) return {};
  const Writing& writing = *draft.writing;
  std::vector<Asked> asked = to_ask(draft, writing, validated);
  if (asked.empty()) return {};
  const ReplyForm form = DM_TRY(reply_form(std::string(kSchema), kMostReply));
  const llm::Capabilities can = DM_TRY(seams.model.capabilities(deadline, stop));
  const std::size_t count = std::min(asked.size(), kMostOpinions);
  std::atomic<std::size_t> next = 0;
  exec::TaskGroup askers(seams.pool, stop, exec::Lane::kInteractive);
  for (std::size_t i = 0; i < std::min<std::size_t>(seams.parallel, count); ++i) {
    askers.run([&](const std::stop_token& stopped) -> Result<> {
      for (std::size_t one = next++; one < count; one = next++) {
        ask(draft, writing, form, can, seams, asked[one], deadline, stopped);
      }
      return {};
    });
  }
  DM_TRY(askers.join());
  if (stop.stop_requested()) return Error{Code::kCancelled, "The question was cancelled."};
  conclude(asked, validated);
  return {};
}

}  // namespace docmind::agents
