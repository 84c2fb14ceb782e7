#include "agents/ask.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "agents/asked_place.h"
#include "agents/grounds.h"
#include "agents/model_policies.h"
#include "agents/place_reading.h"
#include "agents/recording_writer.h"
#include "agents/trace.h"
#include "base/hash.h"

namespace docmind::agents {
namespace {

// Passages looked at, of all there are.
void add_coverage(const std::vector<Evidence>& evidence, Answer& answer) {
  std::set<std::int64_t> units;
  for (const Evidence& one : evidence) {
    for (const retrieval::Candidate& candidate : one.found.candidates) units.insert(candidate.unit);
    answer.units_total = std::max(answer.units_total, one.found.units_total);
  }
  answer.units_read = units.size();
  const auto unit = [](const Evidence& one) { return one.set ? one.set->unit : std::string(); };
  if (evidence.empty() || !std::ranges::all_of(evidence, [&](const Evidence& one) {
        return one.set && unit(one) == unit(evidence.front());
      })) {
    return;
  }
  answer.unit = unit(evidence.front());
  answer.units_read = answer.units_total = 0;
  for (const Evidence& one : evidence) {
    if (const auto& set = one.set) {
      answer.units_read += set->read;
      answer.units_total += set->total;
    }
  }
}

// The route that answered: a set is read only when the library holds one that fits.
std::string_view route_of(const Outcome& outcome) {
  const bool sets = std::ranges::any_of(outcome.evidence, [](const Evidence& one) { return one.set.has_value(); });
  return name(sets || outcome.routing.route != Route::kExhaustive ? outcome.routing.route : Route::kHybrid);
}

// The nearest passages of all parts, the best first, none twice.
std::vector<retrieval::Hit> nearest_of(const std::vector<Evidence>& evidence, std::size_t most) {
  std::vector<retrieval::Hit> hits;
  std::set<std::int64_t> seen;
  for (const Evidence& one : evidence) {
    for (const retrieval::Hit& hit : one.found.nearest) {
      if (seen.insert(hit.chunk_id).second) hits.push_back(hit);
    }
  }
  std::sort(hits.begin(), hits.end(), [](const retrieval::Hit& a, const retrieval::Hit& b) {
    return a.score != b.score ? a.score > b.score : a.chunk_id < b.chunk_id;
  });
  if (hits.size() > most) hits.resize(most);
  return hits;
}

// What was done in a lesser way, each way once.
std::vector<std::string> fallbacks_of(const Outcome& outcome) {
  std::vector<std::string> out;
  const auto add = [&out](std::string fallback) {
    if (std::ranges::find(out, fallback) == out.end()) out.push_back(std::move(fallback));
  };
  for (const Evidence& one : outcome.evidence) {
    if (!one.found.degraded.empty()) add("Searched by keywords alone: " + one.found.degraded);
  }
  for (const Replaced& one : outcome.replaced) add(one.agent + " failed: " + one.error.message);
  if (const std::string& why = outcome.draft.general_failure; !why.empty()) add("No general knowledge was had: " + why);
  return out;
}

// Why the answer was written without the supervisor; empty when it wrote it, or was not to.
std::string supervisor_failure(const Supervised* supervised, const Outcome& outcome) {
  if (supervised == nullptr) return {};
  const SupervisedRecord record = supervised->record();
  if (record.failure) return "supervisor: " + record.failure->message;
  const bool others_found = record.end == SupervisedEnd::kFoundNothing && !outcome.draft.claims.empty();
  return others_found ? "supervisor: it found no answer, and the passages have one" : std::string();
}

// That it cannot be is how it was set up, and costs no answer anything.
void tell_supervisor(const Supervised* supervised, const Outcome& outcome, Answer& answer) {
  if (supervised == nullptr) return;
  for (const std::string& why : supervised->record().fallbacks) {
    if (std::ranges::find(answer.fallbacks, why) == answer.fallbacks.end()) answer.fallbacks.push_back(why);
  }
  const std::string failure = supervisor_failure(supervised, outcome);
  if (failure.empty()) return;
  answer.fallbacks.push_back(failure);
  const SupervisedRecord record = supervised->record();
  if (record.end == SupervisedEnd::kCannot) return;
  if (answer.partial_reason.empty()) answer.partial_reason = "Written without the supervisor: " + failure;
  answer.status = AnswerStatus::kPartial;
  answer.tokens.add(record.usage);  // Spent all the same.
}

bool is_general(const Claim& claim) { return claim.origin == "general"; }

std::string joined(const std::vector<Claim>& claims) {
  std::string text(std::ranges::any_of(claims, is_general) ? kNotFromDocuments : std::string_view());
  for (const Claim& claim : claims) {
    if (claim.supported || is_general(claim)) text += (text.empty() ? "" : "\n\n") + claim.text;
  }
  return text;
}

// Why the answer is less than it could be; empty when it is not.
std::string reason_of(const Outcome& outcome, bool answered) {
  if (!outcome.replaced.empty()) {
    const Replaced& first = outcome.replaced.front();
    return first.agent + " failed, and the least took its place: " + first.error.message;
  }
  if (outcome.routing.route == Route::kGeneral) return "The documents do not answer; a chat model says what it knows.";
  if (!outcome.draft.unanswered.empty() && answered) {
    return "The documents do not answer: " + outcome.evidence[outcome.draft.unanswered.front()].part.asks;
  }
  for (const Evidence& one : outcome.evidence) {
    if (one.set && !one.set->partial_reason.empty()) return one.set->partial_reason;
    if (one.set && !one.set->missing.empty() && answered) return one.set->missing;
  }
  return {};
}

// Which place that the question names is not there: what an abstention says of itself.
std::string missing_in(const std::vector<Evidence>& evidence) {
  std::string out;
  for (const Evidence& one : evidence) {
    if (one.set && !one.set->missing.empty()) out += (out.empty() ? "" : " ") + one.set->missing;
  }
  return out;
}

void conclude(const Outcome& outcome, const RetrievalOptions& options, Answer& answer) {
  answer.partial_reason = reason_of(outcome, !answer.claims.empty());
  answer.status = answer.claims.empty() ? AnswerStatus::kAbstained : AnswerStatus::kAnswered;
  if (!answer.partial_reason.empty()) answer.status = AnswerStatus::kPartial;
  answer.text = answer.claims.empty() ? missing_in(outcome.evidence) : joined(answer.claims);
  const bool general = outcome.routing.route == Route::kGeneral;
  if (answer.claims.empty() || general) answer.nearest = nearest_of(outcome.evidence, options.nearest);
}

// Those whose words the trace holds: it goes when one of them is deleted.
std::vector<std::int64_t> documents_in(const std::vector<Evidence>& evidence) {
  std::set<std::int64_t> keys;
  for (const Evidence& part : evidence) {
    for (const auto& [id, place] : part.found.units) keys.insert(place.unit.document);
    if (part.set) keys.insert(part.set->documents.begin(), part.set->documents.end());
  }
  return {keys.begin(), keys.end()};
}

// Ids of those that are there.
Result<std::vector<std::string>> ids_of(const std::vector<std::int64_t>& keys, library::Library& library,
                                        Deadline deadline, const std::stop_token& stop) {
  library::Snapshot at = DM_TRY(library.read(deadline, stop));
  std::vector<std::string> ids;
  for (const std::int64_t key : keys) {
    Result<library::Document> document = at.document(key);
    if (!document && document.error().code != Code::kNotFound) return std::move(document).error();
    if (document) ids.push_back(std::move(document->id));
  }
  std::ranges::sort(ids);
  return ids;
}

// Those whose words the turns before hold: the question may have a name of theirs, and what a model wrote, too.
Result<> add_documents(const std::vector<HistoryTurn>& history, library::Library& library, Deadline deadline,
                       const std::stop_token& stop, std::vector<std::int64_t>& keys) {
  std::set<std::string> ids;
  for (const HistoryTurn& turn : history) ids.insert(turn.documents.begin(), turn.documents.end());
  if (ids.empty()) return {};
  library::Snapshot at = DM_TRY(library.read(deadline, stop));
  for (const std::string& id : ids) {
    const auto found = at.find(id);
    if (!found && found.error().code != Code::kNotFound) return found.error();
    if (found && std::ranges::find(keys, found->key) == keys.end()) keys.push_back(found->key);
  }
  return {};
}

Result<> check(const std::set<std::string>& off) {
  for (const std::string& name : off) {
    if (std::ranges::find(kAgentNames, name) == kAgentNames.end()) {
      return Error{
          Code::kInvalidArgument, "There is no agent called " + name + ".",
          "They are query_router, query_planner, retrieval_expert, result_synthesizer and response_validator."};
    }
  }
  return {};
}

void switch_off(const AskOptions& options, const Agents& last, Agents& agents) {
  const auto off = [&](const char* name) { return options.off.contains(name); };
  if (off("query_router")) agents.query_router = last.query_router;
  if (off("query_planner")) {
    agents.query_planner = [](const Routing& routing, const Call&) {
      return Result<Plan>(plan_of_one(routing.question));
    };
  }
  if (off("retrieval_expert")) {
    agents.retrieval_expert = [](const Part& part, Route, const Call&) { return Result<Evidence>(Evidence{part, {}}); };
  }
  if (off("result_synthesizer")) {
    agents.result_synthesizer = [synthesis = options.synthesis](const std::vector<Evidence>& evidence, const Call&) {
      return Result<Draft>(list_units(evidence, synthesis));
    };
  }
  if (off("response_validator")) {
    agents.response_validator = [](const Draft& draft, const Call&) { return Result<Validated>(believe(draft)); };
  }
}

// A model that wrote nothing its passages bear gives way to the documents' own words. One that found no answer does
// not.
Result<bool> extract_instead(const AskOptions& options, const AnswerDeps& deps, Deadline deadline,
                             const std::stop_token& stop, Outcome& outcome) {
  const bool wrote = outcome.draft.writing && !outcome.draft.claims.empty();
  if (!wrote || supports_any(outcome.validated)) return false;
  library::Snapshot at = DM_TRY(deps.library.read(deadline, stop));
  Draft plain = synthesize(outcome.evidence, options.synthesis);
  Validated validated = DM_TRY(validate(plain, at, options.validation));
  for (const Claim& claim : outcome.validated.claims) validated.dropped.push_back(claim.text);
  validated.model = std::move(outcome.validated.model);
  plain.writing = std::move(outcome.draft.writing);
  outcome.draft = std::move(plain);
  outcome.validated = std::move(validated);
  return true;
}

// Who did not work: those that are off, and a validator that had nothing to validate.
void tell_skipped(const AskOptions& options, Outcome& outcome) {
  const bool nothing = outcome.draft.claims.empty();
  const auto tell = [&](AgentRun& run) {
    const bool idle = nothing && run.name == "response_validator" && run.status == "ok";
    if (idle || options.off.contains(run.name)) run.status = "skipped";
  };
  for (AgentRun& run : outcome.runs) tell(run);
  for (TimedRun& one : outcome.timed) tell(one.run);
}

void tell_writing(const Writing& writing, Answer& answer) {
  answer.model = writing.model;
  answer.context = writing.context;
  answer.tokens.add(writing.usage);
  answer.fallbacks.insert(answer.fallbacks.end(), writing.fallbacks.begin(), writing.fallbacks.end());
}

// The one document that was asked about; nothing where it is another number of them, or too long, or a place in it is
// asked about: that is what the model is shown.
Result<std::optional<llm::ChatDocument>> whole_document(const Question& question, library::Library& library,
                                                        const Call& call) {
  const retrieval::Filter& filter = question.filter;
  std::optional<llm::ChatDocument> none;
  if (asked_place(question.text)) return none;
  if (filter.documents.size() != 1 || filter.documents.front().ends_with('/')) return none;
  library::Snapshot at = DM_TRY(library.read(call.deadline, call.stop));
  const Result<library::Document> document = at.find(filter.documents.front());
  if (!document || document->text_bytes > kMostWholeBytes) return none;
  return std::optional(DM_TRY(shown_whole(*document, at)));
}

// The documents do not answer: what the model knows of itself, where that may be asked. A model that fails leaves the
// abstention as it is.
Result<> add_general(const Question& question, const AnswerDeps& deps, const std::vector<Evidence>& evidence,
                     const Call& call, Draft& draft) {
  if (deps.general == nullptr || !draft.claims.empty()) return {};
  if (!may_be_general(question.text, question.filter, evidence)) return {};
  // Its time ends before the agent's, so that the abstention is still told.
  const Deadline saying = call.deadline.sooner(call.deadline.left() / 5 * 4, deps.clock);
  const auto said = deps.general->say(question.text, draft, saying, call.stop);
  if (!said && call.stop.stop_requested()) return said.error();
  if (!said) draft.general_failure = said.error().message;
  return {};
}

AnswerDeps without_index(const AskDeps& deps) {
  return {.library = deps.library,
          .clock = deps.clock,
          .rng = deps.rng,
          .writer = deps.writer,
          .pool = deps.pool,
          .general = deps.general,
          .watch = deps.watch};
}

// Keeps what the agent refers to until it returns: it may be left.
void keep_beside(std::vector<std::shared_ptr<const void>> what, Agents& agents) {
  agents.result_synthesizer = [kept = std::move(what), agent = std::move(agents.result_synthesizer)](
                                  const std::vector<Evidence>& evidence, const Call& call) {
    return agent(evidence, call);
  };
}

std::shared_ptr<Supervised> supervised_by(const Supervision& supervision, const retrieval::Filter& filter,
                                          const std::shared_ptr<RecordingWriter>& recording, const AnswerDeps& deps) {
  return std::make_shared<Supervised>(supervision.options, live_tools(supervision.toolbox, deps.library, filter),
                                      SupervisedDeps{.library = deps.library,
                                                     .clock = deps.clock,
                                                     .rng = deps.rng,
                                                     .pool = &supervision.pool,
                                                     .keeps = recording});
}

// Those whose words its tools showed.
void add_documents(const SupervisedRecord& record, std::vector<std::int64_t>& keys) {
  for (const std::int64_t key : documents_in(record)) {
    if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  }
}

Trace trace_of(const Question& question, const AskOptions& options, const RecordingWriter* recording,
               const Supervised* supervised, Answered answered) {
  Trace trace;
  trace.question = question;
  trace.options = options;
  if (recording != nullptr) {
    trace.writing = recording->writer.options();
    if (recording->general) trace.general = recording->general->options();
    trace.model = recording->model.record();
  }
  trace.planned = std::move(answered.outcome.plan.model);
  trace.validated = std::move(answered.outcome.validated.model);
  if (supervised != nullptr) trace.supervised = supervised->record();
  trace.routing = std::move(answered.outcome.routing);
  trace.evidence = std::move(answered.outcome.evidence);
  trace.draft = std::move(answered.outcome.draft);
  trace.asked = answered.outcome.asked;
  trace.runs = std::move(answered.outcome.timed);
  trace.dropped = answered.answer.dropped.size();
  trace.answer = digest_of(answered.answer);
  trace.seconds = answered.answer.seconds;
  return trace;
}

}  // namespace

Result<llm::ChatDocument> shown_whole(const library::Document& document, library::Snapshot& at) {
  return llm::ChatDocument{.title = document.path.substr(document.path.find_last_of('/') + 1),
                           .text = DM_TRY(at.text(document.key))};
}

Agents answering_agents(const Question& question, const AskOptions& options, const AnswerDeps& deps) {
  Agents out;
  out.result_synthesizer = [synthesis = options.synthesis](const std::vector<Evidence>& evidence, const Call&) {
    return Result<Draft>(synthesize(evidence, synthesis));
  };
  if (deps.writer != nullptr) {
    out.result_synthesizer = [deps, question, synthesis = options.synthesis](const std::vector<Evidence>& evidence,
                                                                             const Call& call) -> Result<Draft> {
      const Before before{.whole = DM_TRY(whole_document(question, deps.library, call)), .history = question.history};
      Draft draft = DM_TRY(deps.writer->write(question.text, evidence, synthesis, before, call.deadline, call.stop));
      DM_TRY(add_general(question, deps, evidence, call, draft));
      return draft;
    };
  }
  out.response_validator = [&library = deps.library, validation = options.validation](
                               const Draft& draft, const Call& call) -> Result<Validated> {
    library::Snapshot at = DM_TRY(library.read(call.deadline, call.stop));
    return validate(draft, at, validation);
  };
  validate_with_model(options, deps, out);
  return out;
}

void add_supervisor(const Question& question, const AskOptions& options, const AnswerDeps& deps, Supervised& supervised,
                    Agents& agents) {
  if (deps.writer == nullptr) return;
  agents.result_synthesizer = [deps, question, &supervised, synthesis = options.synthesis,
                               plain = std::move(agents.result_synthesizer)](const std::vector<Evidence>& evidence,
                                                                             const Call& call) -> Result<Draft> {
    const Before before{.whole = DM_TRY(whole_document(question, deps.library, call)), .history = question.history};
    std::optional<Draft> draft =
        DM_TRY(supervised.write(*deps.writer, question.text, evidence, synthesis, before, call.deadline, call.stop));
    if (draft) return *std::move(draft);
    return plain(evidence, call);
  };
}

Agents answering_agents_of_last_resort(const AskOptions& options, const AnswerDeps& deps) {
  Agents out;
  out.result_synthesizer = [writes = deps.writer != nullptr, synthesis = options.synthesis](
                               const std::vector<Evidence>& evidence, const Call&) {
    return Result<Draft>(writes ? synthesize(evidence, synthesis) : Draft());
  };
  out.response_validator = [](const Draft&, const Call&) { return Result<Validated>(Validated()); };
  put_rules_behind_validator(options, deps, out);
  return out;
}

Agents agents_for(const Question& question, const AskOptions& options, const AskDeps& deps) {
  Agents out = answering_agents(question, options, without_index(deps));
  out.query_router = [filter = question.filter, &library = deps.library](std::string_view text,
                                                                         const Call& call) -> Result<Routing> {
    library::Snapshot at = DM_TRY(library.read(call.deadline, call.stop));
    return route_in(text, filter, at);
  };
  out.query_planner = [](const Routing& routing, const Call&) { return Result<Plan>(plan(routing.question)); };
  plan_with_model(question, options, without_index(deps), out);
  out.retrieval_expert = [filter = question.filter, &index = deps.index, retrieval = options.retrieval,
                          &library = deps.library, exhaustive = options.exhaustive,
                          &clock = deps.clock](const Part& part, Route route, const Call& call) -> Result<Evidence> {
    if (route == Route::kExhaustive) {
      // What was read until then is told: so it ends before the agent is given up.
      const Deadline reading = call.deadline.sooner(call.deadline.left() / 5 * 4, clock);
      library::Snapshot at = DM_TRY(library.read(call.deadline, call.stop));
      auto set = DM_TRY(read_exhaustively(part.asks, filter, at, exhaustive, reading, call.stop));
      if (set) return Evidence{part, {}, std::move(set)};
    }
    if (route == Route::kDirect) {
      auto read = DM_TRY(read_place(part, filter, library, index, retrieval, call.deadline, call.stop));
      if (read) return *std::move(read);
    }
    return retrieve(part, route, filter, index, retrieval, call.deadline, call.stop);
  };
  return out;
}

Agents agents_of_last_resort(const Question& question, const AskOptions& options, const AskDeps& deps) {
  AskOptions least = options;
  least.retrieval.candidates.vectors = retrieval::Stage::kOff;
  Agents out = answering_agents_of_last_resort(options, without_index(deps));
  out.retrieval_expert = agents_for(question, least, deps).retrieval_expert;
  out.query_router = [](std::string_view text, const Call&) { return route_to_hybrid(text); };
  out.query_planner = [](const Routing& routing, const Call&) { return Result<Plan>(plan_of_one(routing.question)); };
  put_rules_behind_planner(options, without_index(deps), out);
  return out;
}

Result<Answered> answer_by(Agents agents, const Agents& last, const Question& question, const AskOptions& options,
                           const AnswerDeps& deps, Deadline deadline, std::stop_token stop) {
  const TimePoint start = deps.clock.now();
  switch_off(options, last, agents);
  Budgets budgets = budgets_with_policies(options, deps);
  if (deps.writer != nullptr) budgets.writing = budgets.generating;
  if (deps.supervised != nullptr) budgets.writing += deps.supervised->options().time;
  Answered out{.answer = {},
               .outcome = DM_TRY(run_agents(question.text, agents, last, budgets,
                                            {deps.clock, deps.rng, deps.pool, deps.watch}, deadline, stop))};
  auto& [answer, outcome] = out;
  answer.coordination_seconds = std::chrono::duration<double>(deps.clock.now() - start).count();
  for (const AgentRun& run : outcome.runs) answer.coordination_seconds -= run.seconds;
  const bool extracted = DM_TRY(extract_instead(options, deps, deadline, stop, outcome));
  answer.parts = static_cast<std::uint32_t>(outcome.evidence.size());
  answer.claims = std::move(outcome.validated.claims);
  answer.dropped = std::move(outcome.validated.dropped);
  tell_skipped(options, outcome);
  answer.agents = outcome.runs;
  if (std::ranges::any_of(answer.claims, is_general)) {
    outcome.routing.route = Route::kGeneral;
    outcome.routing.reason = "The documents do not answer, and general knowledge is allowed.";
  }
  answer.query_used = outcome.routing.question;
  answer.route = route_of(outcome);
  answer.fallbacks = fallbacks_of(outcome);
  answer.generated = outcome.draft.writing && !extracted;
  if (outcome.draft.writing) tell_writing(*outcome.draft.writing, answer);
  tell_policies(outcome, answer);
  if (extracted) {
    answer.fallbacks.emplace_back(
        "What the chat model wrote was not borne out by the passages: these are the documents' words.");
  }
  add_coverage(outcome.evidence, answer);
  conclude(outcome, options.retrieval, answer);
  tell_supervisor(deps.supervised, outcome, answer);
  answer.seconds = std::chrono::duration<double>(deps.clock.now() - start).count();
  return out;
}

Result<Answer> ask(const Question& question, const AskOptions& options, const AskDeps& deps, Deadline deadline,
                   std::stop_token stop) {
  DM_TRY(check(options.off));
  const TimePoint start = deps.clock.now();
  std::shared_ptr<RecordingWriter> recording;
  AskDeps own = deps;
  own.general = nullptr;  // Without a writer nothing is recorded, and nobody knows more.
  if (deps.writer != nullptr) {
    recording = std::make_shared<RecordingWriter>(*deps.writer, deps.general, deps.clock, deps.watch.wrote);
    own.writer = &recording->writer;
    if (auto& general = recording->general) own.general = &*general;
  }
  Agents agents = agents_for(question, options, own);
  AnswerDeps answering = without_index(own);
  std::shared_ptr<Supervised> supervised;
  if (recording && deps.supervision != nullptr) {
    supervised = supervised_by(*deps.supervision, question.filter, recording, answering);
    add_supervisor(question, options, answering, *supervised, agents);
    answering.supervised = supervised.get();
  }
  if (recording) keep_beside({recording, supervised}, agents);
  if (recording) keep_beside_deciding(recording, agents);
  Answered answered = DM_TRY(answer_by(std::move(agents), agents_of_last_resort(question, options, own), question,
                                       options, answering, deadline, stop));
  Answer answer = answered.answer;
  if (recording && !recording->model.record().calls.empty()) answer.sends_text_to = options.sends_text_to;
  std::vector<std::int64_t> quoted = documents_in(answered.outcome.evidence);
  if (supervised) add_documents(supervised->record(), quoted);
  DM_TRY(add_documents(question.history, deps.library, deadline, stop, quoted));
  answer.grounds = grounds_of(answered.outcome, options, supervised ? Led::kBySupervisor : Led::kByNobody);
  answer.grounds.documents = DM_TRY(ids_of(quoted, deps.library, deadline, stop));
  Trace trace = trace_of(question, options, recording.get(), supervised.get(), std::move(answered));
  if (deps.watch.made) deps.watch.made(trace);
  trace.id = new_id(deps.clock, deps.rng);
  if (deps.library.put_trace(trace.id, to_json(trace), deadline, stop, quoted)) answer.trace_id = trace.id;
  answer.seconds = std::chrono::duration<double>(deps.clock.now() - start).count();
  return answer;
}

}  // namespace docmind::agents
