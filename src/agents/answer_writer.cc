#include "agents/answer_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>

#include "agents/cited_sentences.h"
#include "agents/impl/cited_claim.h"
#include "agents/place_reading.h"
#include "exec/task_group.h"

namespace docmind::agents {
namespace {

constexpr std::string_view kSystem =
#include "agents/prompts/result_synthesizer.v3.inc"
    ;

// A place that is read is shown whole.
std::size_t passages_for(const std::vector<Evidence>& evidence, std::size_t most) {
  for (const Evidence& one : evidence) {
    if (one.set) most = std::max(most, one.found.nearest.size());
  }
  return most;
}

std::string title_of(const retrieval::Hit& hit, std::size_t number) {
  const std::string name = hit.document.substr(hit.document.find_last_of('/') + 1);
  return hit.page ? fmt::format("[{}] {}, page {}", number, name, *hit.page) : fmt::format("[{}] {}", number, name);
}

llm::ChatRequest request_of(std::string_view question, const std::vector<RankedHit>& shown, std::uint32_t max_tokens) {
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
std::vector<std::int64_t> nearest_unit(const RankedHit& passage, const std::vector<std::string>& terms) {
  std::vector<std::int64_t> best;
  std::size_t most = 0;
  for (const auto& [id, place] : passage.evidence->found.units) {
    const library::Unit& unit = place.unit;
    const auto document = passage.evidence->found.documents.find(unit.document);
    const bool inside = unit.span.start >= passage.hit->span.start && unit.span.end <= passage.hit->span.end &&
                        document != passage.evidence->found.documents.end() &&
                        document->second == passage.hit->document_id;
    if (!inside) continue;
    const std::size_t shared = terms_shared(unit.text, terms);
    if (shared > most) {
      most = shared;
      best = {id};
    }
  }
  return best;
}

// What is asked of the model, for each part of the plan.
std::vector<std::string> asked(std::string_view question, const std::vector<Evidence>& parts) {
  if (parts.size() < 2) return {std::string(question)};
  std::vector<std::string> out;
  for (const Evidence& one : parts) {
    out.push_back(fmt::format("{}\n\nAnswer only this part of the question: {}", question, one.part.asks));
  }
  return out;
}

struct Reply {
  context::Report report{};
  std::size_t passages = 0;  // Shown: where they did not all fit, the last went.
  llm::ChatReply reply{};
};

// Whole prompts are counted together; of the fits, the fullest is told.
Writing writing_of(const std::vector<Reply>& replies, const std::vector<RankedHit>& shown, std::string model) {
  const auto full = [](const Reply& one) { return one.report.original_tokens; };
  const auto passages = [](const Reply& one) { return one.passages; };
  Writing out{.model = std::move(model), .context = std::ranges::max_element(replies, {}, full)->report};
  for (const Reply& one : replies) {
    out.usage += one.reply.usage;
    out.cut = out.cut || one.reply.finish == llm::ChatFinish::kLength;
    for (const std::string& why : one.reply.fallbacks) {
      if (std::ranges::find(out.fallbacks, why) == out.fallbacks.end()) out.fallbacks.push_back(why);
    }
  }
  const std::size_t most = std::ranges::max_element(replies, {}, passages)->passages;
  for (std::size_t i = 0; i < std::min(shown.size(), most); ++i) {
    out.shown.push_back({shown[i].hit->text, shown[i].hit->document, shown[i].hit->page});
  }
  return out;
}

// The sentences of one part's reply; what an earlier part has said in the same words is not said again.
void add_claims(const Reply& reply, std::uint32_t part, const std::vector<RankedHit>& all,
                const std::vector<Evidence>& evidence, Draft& draft) {
  const std::vector<RankedHit> shown(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(reply.passages));
  const auto quoted = [&](std::size_t passage, const std::vector<std::string>& terms) {
    return nearest_unit(shown[passage], terms);
  };
  for (const CitedSentence& sentence : cited_sentences(reply.reply.content)) {
    const auto same = [&](const DraftClaim& claim) { return claim.part != part && claim.said == sentence.text; };
    if (std::ranges::any_of(draft.claims, same)) continue;
    draft.claims.push_back(claim_of(sentence, shown.size(), evidence, quoted));
    draft.claims.back().part = part;
  }
}

class Watched final : public llm::TokenStream {
 public:
  explicit Watched(const Wrote& wrote) : wrote_(wrote) {}
  Result<> text(std::string_view piece) override {
    text_ += piece;
    wrote_(text_);
    return {};
  }
  bool began() const { return !text_.empty(); }

 private:
  const Wrote& wrote_;
  std::string text_;
};

// A text that has begun cannot be gone on with by another backend: it is written anew then, unwatched.
Result<llm::ChatReply> chat_watched(llm::ChatModel& model, const llm::ChatRequest& request, const Wrote& wrote,
                                    Deadline deadline, const std::stop_token& stop) {
  if (!wrote) return model.chat(request, nullptr, deadline, stop);
  Watched watched(wrote);
  Result<llm::ChatReply> reply = model.chat(request, &watched, deadline, stop);
  if (reply || !watched.began() || stop.stop_requested() || deadline.expired()) return reply;
  wrote("");
  return model.chat(request, nullptr, deadline, stop);
}

}  // namespace

bool is_counted(const std::vector<Evidence>& evidence) {
  return std::ranges::any_of(evidence, [](const Evidence& one) { return one.set && one.set->operation != kReading; });
}

std::vector<RankedHit> best_of_parts(const std::vector<Evidence>& evidence, std::size_t most) {
  const std::size_t all = passages_for(evidence, most);
  std::vector<RankedHit> out;
  std::set<std::int64_t> seen;
  for (std::size_t rank = 0; out.size() < all; ++rank) {
    bool any = false;
    for (const Evidence& one : evidence) {
      if (rank >= one.found.nearest.size()) continue;
      any = true;
      const retrieval::Hit& hit = one.found.nearest[rank];
      if (out.size() < all && seen.insert(hit.chunk_id).second) out.push_back({&hit, &one});
    }
    if (!any) break;
  }
  return out;
}

Result<Draft> AnswerWriter::write(std::string_view question, const std::vector<Evidence>& evidence,
                                  const SynthesisOptions& synthesis, const Before& before, Deadline deadline,
                                  std::stop_token stop) const {
  Draft draft = synthesize(evidence, synthesis);
  if (draft.claims.empty() || is_counted(evidence)) return draft;  // What is counted is not left to a model.
  const std::vector<RankedHit> shown = best_of_parts(evidence, options_.passages);
  const llm::Capabilities model = DM_TRY(model_.capabilities(deadline, stop));
  const std::vector<std::string> questions = asked(question, evidence);
  std::vector<Reply> replies(questions.size());
  const auto write_part = [&](std::size_t part, const std::stop_token& stopped) -> Result<> {
    llm::ChatRequest request = request_of(questions[part], shown, options_.max_tokens);
    if (before.whole) request.documents.push_back(*before.whole);
    add_history(before.history, request);
    const Wrote& wrote = questions.size() == 1 ? wrote_ : Wrote();
    Fitted fitted = DM_TRY(fit_and_chat(std::move(request), model, wrote, deadline, stopped));
    replies[part].reply = std::move(fitted.reply);
    replies[part].passages = std::min(shown.size(), fitted.fitted.request.passages.size());
    replies[part].report = std::move(fitted.fitted.report);
    return {};
  };
  std::atomic<std::size_t> next = 0;
  exec::TaskGroup writers(pool_, stop, exec::Lane::kInteractive);
  for (std::size_t i = 0; i < std::min<std::size_t>(options_.parallel, questions.size()); ++i) {
    writers.run([&](const std::stop_token& stopped) -> Result<> {
      for (std::size_t part = next++; part < questions.size(); part = next++) DM_TRY(write_part(part, stopped));
      return {};
    });
  }
  DM_TRY(writers.join());
  draft.claims.clear();
  draft.unanswered.clear();
  draft.writing = writing_of(replies, shown, model.model);
  std::size_t silent = 0;
  for (std::uint32_t part = 0; part < replies.size(); ++part) {
    const std::string& content = replies[part].reply.content;
    const bool blank = content.find_first_not_of(" \t\r\n") == std::string::npos;
    if (blank) ++silent;
    if (blank || content.find(kNoAnswer) != std::string::npos) {
      draft.unanswered.push_back(part);
    } else {
      add_claims(replies[part], part, shown, evidence, draft);
    }
  }
  if (silent == replies.size()) {  // No word on the documents: they speak for themselves.
    return Error{Code::kDataLoss, "The chat model wrote nothing.", "Ask again, or use another model."};
  }
  return draft;
}

Result<AnswerWriter::Fitted> AnswerWriter::fit_and_chat(llm::ChatRequest request, const llm::Capabilities& model,
                                                        const Wrote& wrote, Deadline deadline,
                                                        const std::stop_token& stop) const {
  const llm::ChatRequest whole = request;
  Fitted out{DM_TRY(context::fit(std::move(request), model, counter_, options_.fit, deadline, stop)), {}};
  out.fitted.request.window = model.context;
  Result<llm::ChatReply> reply = chat_watched(model_, out.fitted.request, wrote, deadline, stop);
  if (!reply && reply.error().code == Code::kUnavailable && !stop.stop_requested()) {
    // Another backend may stand in by now whose window is smaller: the request is made to fit that one.
    const auto other = model_.capabilities(deadline, stop);
    if (!other || other->context == 0 || other->context >= model.context) return reply.error();
    out.fitted = DM_TRY(context::fit(whole, *other, counter_, options_.fit, deadline, stop));
    out.fitted.request.window = other->context;
    reply = model_.chat(out.fitted.request, nullptr, deadline, stop);
  }
  out.reply = DM_TRY(std::move(reply));
  return out;
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
