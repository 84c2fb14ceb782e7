#include "agents/answer_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "agents/cited_sentences.h"
#include "text/terms.h"

namespace docmind::agents {
namespace {

constexpr std::string_view kSystem =
#include "agents/prompts/result_synthesizer.v2.inc"
    ;
constexpr std::string_view kNoAnswer = "NOT IN THE DOCUMENTS";

// A passage as the model is shown it, and where it came from.
struct Shown {
  const retrieval::Hit* hit = nullptr;
  const Evidence* evidence = nullptr;
};

// The best of every part in turn, none twice.
std::vector<Shown> shown_of(const std::vector<Evidence>& evidence, std::size_t most) {
  std::vector<Shown> out;
  std::set<std::int64_t> seen;
  for (std::size_t rank = 0; out.size() < most; ++rank) {
    bool any = false;
    for (const Evidence& one : evidence) {
      if (rank >= one.found.nearest.size()) continue;
      any = true;
      const retrieval::Hit& hit = one.found.nearest[rank];
      if (out.size() < most && seen.insert(hit.chunk_id).second) out.push_back({&hit, &one});
    }
    if (!any) break;
  }
  return out;
}

std::string title_of(const retrieval::Hit& hit, std::size_t number) {
  const std::string name = hit.document.substr(hit.document.find_last_of('/') + 1);
  return hit.page ? fmt::format("[{}] {}, page {}", number, name, *hit.page) : fmt::format("[{}] {}", number, name);
}

llm::ChatRequest request_of(std::string_view question, const std::vector<Shown>& shown, std::uint32_t max_tokens) {
  llm::ChatRequest request;
  request.messages.push_back({.role = llm::Role::kSystem, .content = std::string(kSystem)});
  request.messages.push_back({.role = llm::Role::kUser, .content = std::string(question)});
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const retrieval::Hit& hit = *shown[i].hit;
    const std::string heading = hit.heading.empty() ? std::string() : hit.heading + "\n";
    request.passages.push_back({.title = title_of(hit, i + 1), .text = heading + hit.text});
  }
  request.max_tokens = max_tokens;
  request.priority = llm::ChatPriority::kHigh;
  return request;
}

// The sentence of the passage that has most of what was written; nothing when none has any of it.
std::optional<std::int64_t> nearest_unit(const Shown& passage, const std::vector<std::string>& terms) {
  std::optional<std::int64_t> best;
  std::size_t most = 0;
  for (const auto& [id, place] : passage.evidence->found.units) {
    const library::Unit& unit = place.unit;
    const auto document = passage.evidence->found.documents.find(unit.document);
    const bool inside = unit.span.start >= passage.hit->span.start && unit.span.end <= passage.hit->span.end &&
                        document != passage.evidence->found.documents.end() &&
                        document->second == passage.hit->document_id;
    if (!inside) continue;
    const std::vector<std::string> has = text::query_terms(unit.text);
    const auto shared = static_cast<std::size_t>(std::ranges::count_if(
        terms, [&](const std::string& term) { return std::ranges::find(has, term) != has.end(); }));
    if (shared > most) {
      most = shared;
      best = id;
    }
  }
  return best;
}

DraftClaim claim_of(const CitedSentence& sentence, const std::vector<Shown>& shown,
                    const std::vector<Evidence>& evidence) {
  DraftClaim claim;
  claim.said = sentence.text;
  claim.marks = sentence.marks;
  const std::vector<std::string> terms = text::query_terms(sentence.text);
  for (const std::uint32_t mark : sentence.marks) {
    if (mark == 0 || mark > shown.size()) continue;  // Names nothing; the validator will say so.
    if (const auto unit = nearest_unit(shown[mark - 1], terms)) {
      claim.passages.push_back(passage_of(evidence, *unit, *unit));
    }
  }
  return claim;
}

}  // namespace

Result<Draft> AnswerWriter::write(std::string_view question, const std::vector<Evidence>& evidence,
                                  const SynthesisOptions& synthesis, const std::optional<llm::ChatDocument>& whole,
                                  Deadline deadline, std::stop_token stop) const {
  Draft draft = synthesize(evidence, synthesis);
  const bool counted = std::ranges::any_of(evidence, [](const Evidence& one) { return one.set.has_value(); });
  if (draft.claims.empty() || counted) return draft;  // What is counted is not left to a model.
  std::vector<Shown> shown = shown_of(evidence, options_.passages);
  const llm::Capabilities model = DM_TRY(model_.capabilities(deadline, stop));
  llm::ChatRequest request = request_of(question, shown, options_.max_tokens);
  if (whole) request.documents.push_back(*whole);
  const context::Fitted fitted =
      DM_TRY(context::fit(std::move(request), model, counter_, options_.fit, deadline, stop));
  const llm::ChatReply reply = DM_TRY(model_.chat(fitted.request, nullptr, deadline, stop));
  shown.resize(std::min(shown.size(), fitted.request.passages.size()));  // Where they did not all fit, the last went.
  draft.claims.clear();
  draft.writing = Writing{.model = model.model, .context = fitted.report, .usage = reply.usage};
  for (const Shown& one : shown) draft.writing->shown.push_back({one.hit->text, one.hit->document, one.hit->page});
  if (reply.content.find(kNoAnswer) != std::string::npos) return draft;
  for (const CitedSentence& sentence : cited_sentences(reply.content)) {
    draft.claims.push_back(claim_of(sentence, shown, evidence));
  }
  return draft;
}

Result<bool> AnswerWriter::prepare(llm::ChatDocument document, Deadline deadline, std::stop_token stop) const {
  const llm::Capabilities model = DM_TRY(model_.capabilities(deadline, stop));
  llm::ChatRequest request = request_of("?", {}, options_.max_tokens);  // Room is left as for an answer.
  request.documents.push_back(std::move(document));
  context::Fitted fitted = DM_TRY(context::fit(std::move(request), model, counter_, options_.fit, deadline, stop));
  if (fitted.request.documents.empty()) return false;
  fitted.request.max_tokens = 1;
  fitted.request.priority = llm::ChatPriority::kBackground;
  DM_TRY(model_.chat(fitted.request, nullptr, deadline, stop));
  return true;
}

}  // namespace docmind::agents
