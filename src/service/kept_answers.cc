#include "service/kept_answers.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "agents/kept_answer.h"
#include "base/hash.h"
#include "base/json.h"
#include "cache/guard/normalised.h"

namespace docmind::service {
namespace {

namespace json = boost::json;

// Raised with every change of a prompt, a rule or a weight that makes other answers.
constexpr std::string_view kAnswering = DOCMIND_VERSION " 1";

std::string parameters_of(const ServiceOptions& o) {
  return to_text(json::array{o.threshold,
                             o.max_claims,
                             o.max_citations,
                             o.max_characters,
                             o.without,
                             o.generate,
                             o.max_tokens,
                             o.model_plans,
                             o.model_validates,
                             o.general_knowledge,
                             o.supervisor,
                             o.supervisor_calls,
                             o.supervisor_tokens,
                             o.supervisor_time.count(),
                             o.max_parallel,
                             o.bm25,
                             o.dense,
                             o.rrf_k,
                             o.chunk_tokens,
                             o.chunk_overlap});
}

std::string filter_of(const Filter& filter) {
  const auto sorted = [](std::vector<std::string> list) {
    std::ranges::sort(list);
    json::array out;
    for (std::string& one : list) out.emplace_back(std::move(one));
    return out;
  };
  const auto time = [](const std::optional<std::int64_t>& at) { return at ? json::value(*at) : json::value(); };
  return to_text(json::array{sorted(filter.documents), sorted(filter.types), time(filter.modified_from),
                             time(filter.modified_to)});
}

cache::Facts facts_of(const Answer& answer, const Question& question, const cache::Scope& scope) {
  cache::Facts out;
  out.from_memory = !question.history.empty();
  out.answered = answer.status == agents::AnswerStatus::kAnswered && !answer.claims.empty();
  out.grounded = answer.dropped.empty() && std::ranges::all_of(answer.claims, [](const agents::Claim& claim) {
                   return claim.supported && claim.origin == "documents" && !claim.citations.empty();
                 });
  const auto failed = [](const agents::AgentRun& run) { return run.status != "ok"; };
  out.degraded =
      !answer.fallbacks.empty() || !answer.partial_reason.empty() || std::ranges::any_of(answer.agents, failed);
  out.cut = answer.grounds.cut;
  out.other_model = answer.generated && !scope.model.starts_with(answer.model + "\n");
  return out;
}

cache::Manifest manifest_of(const Answer& answer) {
  cache::Manifest out;
  std::set<std::string> read(answer.grounds.documents.begin(), answer.grounds.documents.end());
  for (const agents::Claim& claim : answer.claims) {
    for (const agents::Citation& one : claim.citations) {
      out.cited.push_back({one.document_id, one.document, one.version, one.span, content_hash(one.quote)});
      read.insert(one.document_id);
    }
  }
  out.read.assign(read.begin(), read.end());
  if (const auto& best = answer.grounds.best) {
    out.renewal = cache::Renewal::kLookAgain;
    out.best = *best;
  }
  return out;
}

cache::Offered offered_of(const Answer& answer, const Question& question, const cache::Scope& scope) {
  return {.answer = agents::keep_answer(answer),
          .said = answer.text,
          .manifest = manifest_of(answer),
          .facts = facts_of(answer, question, scope),
          .seconds = answer.seconds,
          .tokens = answer.tokens.prompt + answer.tokens.completion,
          .trace_id = answer.trace_id,
          .user = question.user,
          .session = question.session};
}

// Keys of the documents that it quotes: its trace goes with them.
Result<std::vector<std::int64_t>> quoted_by(const Answer& answer, library::Snapshot& at) {
  std::set<std::int64_t> keys;
  for (const agents::Claim& claim : answer.claims) {
    for (const agents::Citation& one : claim.citations) keys.insert(DM_TRY(at.find(one.document_id)).key);
  }
  return std::vector<std::int64_t>(keys.begin(), keys.end());
}

std::string trace_of(const Question& question, const Answer& answer, const agents::GivenAgain& given) {
  return to_text(json::object{{"trace_id", answer.trace_id},
                              {"question", question.text},
                              {"query_used", answer.query_used},
                              {"route", answer.route},
                              {"route_reason", "A question that asks the same was answered before."},
                              {"status", name(answer.status)},
                              {"seconds", answer.seconds},
                              {"cache",
                               {{"layer", given.layer},
                                {"question", given.question},
                                {"distance", given.distance},
                                {"age", given.age},
                                {"trace_id", given.trace_id}}}});
}

}  // namespace

Result<std::unique_ptr<KeptAnswers>> KeptAnswers::open(const cache::AnswerCacheOptions& options,
                                                       const KeptAnswersDeps& deps, Deadline deadline,
                                                       std::stop_token stop) {
  std::unique_ptr<KeptAnswers> out(new KeptAnswers(deps));
  out->corpus_ = deps.library.identity();
  cache::AnswerCacheDeps its{.entries = deps.entries,
                             .library = deps.library,
                             .clock = deps.clock,
                             .metrics = deps.metrics,
                             .normalised = [](std::string_view text) { return cache::normalised(text); }};
  its.plain = [&guards = deps.guards](std::string_view text) { return guards.plain(guards.read(text)); };
  its.compare = [&guards = deps.guards](std::string_view asked) { return cache::compare_with(guards, asked); };
  its.shared = deps.questions;
  out->cache_ = DM_TRY(cache::AnswerCache::open(options, std::move(its), deadline, std::move(stop)));
  return out;
}

Result<cache::Scope> KeptAnswers::scope_of(const Question& question, const AnsweredBy& by, Deadline deadline,
                                           std::stop_token stop) {
  cache::Scope out;
  out.user = question.user;
  out.corpus = corpus_;
  out.filter = filter_of(question.filter);
  if (by.chat != nullptr) {
    const llm::Capabilities can = DM_TRY(by.chat->capabilities(deadline, stop));
    out.model = can.model + "\n" + can.hash + "\n" + can.server + "\n" + std::to_string(can.context);
  }
  out.prompts = kAnswering;
  out.parameters = parameters_of(by.options);
  out.embedder = DM_TRY(deps_.embedder.info(deadline, stop)).model_hash;
  out.schema = "answer 1";
  out.query_type = "ask";
  return out;
}

Result<Answer> KeptAnswers::answer(const Question& question, const AnsweredBy& by, const Make& make, const Best& best,
                                   Deadline deadline, std::stop_token stop) {
  const TimePoint start = deps_.clock.now();
  cache::Asked asked{.question = question.text, .use = question.cache};
  if (!question.history.empty()) asked.use = cache::Use::kBypass;
  if (asked.use != cache::Use::kBypass) {
    auto scope = scope_of(question, by, deadline, stop);
    if (!scope) return make();  // Nobody knows who would write it: what is wrong is told there.
    asked.scope = *std::move(scope);
  }
  asked.best = best;
  asked.vector = [this, &question](Deadline until, std::stop_token stopped) -> Result<std::vector<float>> {
    const llm::EmbedInput input{question.text, {}};
    auto vectors = DM_TRY(deps_.embedder.embed({&input, 1}, until, std::move(stopped)));
    if (vectors.size() != 1) return Error{Code::kDataLoss, "The embedding model gave no vector."};
    return std::move(vectors.front().vector);
  };
  auto looked = DM_TRY(cache_->look(asked, deadline, stop));
  if (const auto& hit = looked.hit) {
    Result<Answer> answer = again(question, *hit, start, deadline, stop);
    return answer ? answer : make();
  }
  Answer answer = DM_TRY(make());
  (void)cache_->offer(std::move(looked.ticket), offered_of(answer, question, asked.scope), deadline, stop);
  return answer;
}

Result<Answer> KeptAnswers::again(const Question& question, const cache::Hit& hit, TimePoint start, Deadline deadline,
                                  const std::stop_token& stop) {
  Answer answer = DM_TRY(agents::read_kept_answer(hit.answer));
  agents::GivenAgain given{.layer = std::string(name_of(hit.layer)),
                           .age = hit.age,
                           .question = hit.question,
                           .distance = hit.distance,
                           .trace_id = hit.trace_id};
  std::vector<std::int64_t> quoted;
  {
    library::Snapshot at = DM_TRY(deps_.library.read(deadline, stop));
    quoted = DM_TRY(quoted_by(answer, at));
  }
  answer.trace_id = new_id(deps_.clock, deps_.rng);
  answer.seconds = std::chrono::duration<double>(deps_.clock.now() - start).count();
  if (!deps_.library.put_trace(answer.trace_id, trace_of(question, answer, given), deadline, stop, quoted)) {
    answer.trace_id.clear();
  }
  answer.given_again = std::move(given);
  return answer;
}

}  // namespace docmind::service
