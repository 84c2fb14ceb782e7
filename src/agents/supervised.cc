#include "agents/supervised.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <limits>
#include <set>
#include <utility>

#include "agents/cited_sentences.h"
#include "agents/impl/cited_claim.h"
#include "agents/impl/supervised_run.h"
#include "agents/impl/supervised_team.h"
#include "agents/recorded_model.h"
#include "agents/support.h"
#include "graph/engine.h"
#include "supervisor/message.h"

namespace docmind::agents {
namespace {

using Run = std::shared_ptr<SupervisedRun>;

constexpr std::size_t kMostRowsCited = 3;  // Of one passage that a tool wrote.

Error no_good(std::string what) { return {Code::kDataLoss, std::move(what), ""}; }

// ---- what it is shown ----

Result<std::vector<NumberedPassage>> first_passages(const std::vector<Evidence>& evidence, std::size_t most,
                                                    library::Snapshot& at) {
  std::vector<NumberedPassage> out;
  for (const RankedHit& one : best_of_parts(evidence, most)) {
    const retrieval::Hit& hit = *one.hit;
    out.push_back({.document = hit.document,
                   .page = hit.page,
                   .heading = hit.heading,
                   .text = hit.text,
                   .places = {DM_TRY(place_in(hit.document_id, hit.span, at))}});
  }
  return out;
}

graph::Object input_of(std::string_view question, const std::vector<HistoryTurn>& history) {
  graph::Array messages;
  for (const HistoryTurn& turn : history) {
    messages.push_back(supervisor::user_message(turn.question));
    messages.push_back(supervisor::assistant_message(turn.answer));
  }
  messages.push_back(supervisor::user_message(question));
  return {{"messages", std::move(messages)}};
}

// The supervisor's last word.
Result<std::string> final_text(const graph::RunResult& result) {
  const graph::State state(result.values);
  if (state.has("stopped")) return no_good(std::string(state.text("stopped")));
  const graph::Array& messages = state.list("messages");
  if (messages.empty() || !supervisor::is_assistant(messages.back()) ||
      supervisor::name_of(messages.back()) != kSupervisor || !supervisor::calls_of(messages.back()).empty()) {
    return no_good("it ended without an answer");
  }
  return supervisor::text_of(messages.back());
}

// ---- what it wrote ----

// The units of a passage that a sentence is quoted from: the one with most of its words, or the first rows.
std::vector<std::int64_t> quoted(const NumberedPassage& passage, const Evidence& units,
                                 const std::vector<std::string>& terms) {
  std::vector<std::int64_t> out;
  std::size_t most = 0;
  for (const auto& [id, place] : units.found.units) {
    const library::Unit& unit = place.unit;
    const bool inside = std::ranges::any_of(passage.places, [&](const Place& one) {
      return one.document == unit.document && one.span.overlaps(unit.span);
    });
    if (!inside) continue;
    if (passage.wording == Wording::kOurs) {
      if (out.size() < kMostRowsCited) out.push_back(id);
      continue;
    }
    const std::size_t shared = terms_shared(unit.text, terms);
    if (shared <= most) continue;
    most = shared;
    out = {id};
  }
  return out;
}

bool borne_out(const DraftClaim& claim, const std::vector<ShownPassage>& shown) {
  std::vector<CitedPassage> passages;
  for (const ShownPassage& one : shown) {
    passages.push_back({.text = one.text, .document = one.document, .page = one.page});
  }
  return !claim.passages.empty() && check_sentence({.text = claim.said, .marks = claim.marks}, passages).supported();
}

// What it was shown; of the first passages, those that fitted.
std::vector<ShownPassage> shown_in(const SupervisedRun& run, const std::vector<NumberedPassage>& passages) {
  std::vector<ShownPassage> out;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const bool left_out = i >= run.first_shown() && i < run.parts().first.size();
    out.push_back(left_out ? ShownPassage{} : ShownPassage{passages[i].text, passages[i].document, passages[i].page});
  }
  return out;
}

// Errors: kDataLoss when no passage bears any of it.
Result<Draft> draft_of(const std::string& text, SupervisedRun& run, Draft draft, library::Snapshot& at) {
  const std::vector<NumberedPassage> passages = run.passages().all();
  const std::vector<CitedSentence> sentences = cited_sentences(text);
  std::vector<NumberedPassage> cited;
  std::set<std::uint32_t> seen;
  for (const CitedSentence& sentence : sentences) {
    for (const std::uint32_t mark : sentence.marks) {
      if (mark != 0 && mark <= passages.size() && seen.insert(mark).second) cited.push_back(passages[mark - 1]);
    }
  }
  const std::vector<Evidence> units{DM_TRY(units_of(cited, at))};
  draft.claims.clear();
  draft.unanswered.clear();
  Writing writing{.model = run.parts().can.model,
                  .context = run.report(),
                  .usage = run.record().usage,
                  .shown = shown_in(run, passages)};
  const auto from = [&](std::size_t passage, const std::vector<std::string>& terms) {
    return quoted(passages[passage], units.front(), terms);
  };
  for (const CitedSentence& sentence : sentences) {
    draft.claims.push_back(claim_of(sentence, passages.size(), units, from));
  }
  const bool good =
      std::ranges::any_of(draft.claims, [&](const DraftClaim& claim) { return borne_out(claim, writing.shown); });
  draft.writing = std::move(writing);
  if (!good) return no_good("no passage bears out what it wrote");
  return draft;
}

// ---- tools again ----

class Recorded {
 public:
  explicit Recorded(std::vector<ToolAnswered> answers) : answers_(std::move(answers)), given_(answers_.size()) {}

  Result<ToolShown> give(std::string_view agent, const ToolUse& wanted) DM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    for (std::size_t i = 0; i < answers_.size(); ++i) {
      const ToolAnswered& one = answers_[i];
      if (given_[i] || one.agent != agent || one.tool != wanted.tool || one.arguments != wanted.arguments) continue;
      given_[i] = true;
      if (!one.error.empty()) return Error{Code::kInvalidArgument, one.error, ""};
      return ToolShown{.note = one.note, .passages = one.passages};
    }
    return Error{Code::kNotFound, "This call of a tool is not recorded.", ""};
  }

 private:
  const std::vector<ToolAnswered> answers_;
  Mutex mutex_;
  std::vector<bool> given_ DM_GUARDED_BY(mutex_);
};

SupervisionOptions unbounded(SupervisionOptions options) {
  options.calls = kMostCalls;
  options.tokens = std::numeric_limits<std::uint64_t>::max();
  options.time = std::chrono::hours(1);
  return options;
}

}  // namespace

UseTool live_tools(const Toolbox& toolbox, library::Library& library, retrieval::Filter filter) {
  return [&toolbox, &library, filter = std::move(filter)](std::string_view, const ToolUse& wanted,
                                                          const Deadline& deadline, std::stop_token stop) {
    return use(wanted, filter, toolbox, library, deadline, std::move(stop));
  };
}

UseTool recorded_tools(std::vector<ToolAnswered> answers) {
  return [recorded = std::make_shared<Recorded>(std::move(answers))](std::string_view agent, const ToolUse& wanted,
                                                                     const Deadline&, std::stop_token) {
    return recorded->give(agent, wanted);
  };
}

Supervised::Supervised(SupervisionOptions options, UseTool use, SupervisedDeps deps)
    : options_(options), use_(std::move(use)), deps_(std::move(deps)), asked_(deps_.clock.now()) {}

Supervised::Supervised(const SupervisedRecord& recorded, SupervisionOptions options, SupervisedDeps deps)
    : options_(unbounded(options)),
      use_(recorded_tools(recorded.tools)),
      deps_(std::move(deps)),
      asked_(deps_.clock.now()),
      replays_end_(recorded.end != SupervisedEnd::kAnswered),
      record_(replays_end_ ? recorded : SupervisedRecord()) {}

SupervisedRecord Supervised::record() const {
  const MutexLock lock(mutex_);
  return record_;
}

void Supervised::keep(SupervisedRecord record) {
  const MutexLock lock(mutex_);
  record_ = std::move(record);
}

Result<std::optional<Draft>> Supervised::write(const AnswerWriter& writer, std::string_view question,
                                               const std::vector<Evidence>& evidence, const SynthesisOptions& synthesis,
                                               const Before& before, Deadline deadline, std::stop_token stop) {
  std::optional<Draft> none;
  if (replays_end_) return none;
  Draft draft = synthesize(evidence, synthesis);
  if (draft.claims.empty() || is_counted(evidence)) return none;
  // Half of the time is left to the plain path.
  const Deadline own = deadline.sooner(std::min(options_.time, deadline.left() / 2), deps_.clock);
  const Result<llm::Capabilities> can = writer.model().capabilities(own, stop);
  if (can && !can->tools) {
    keep({.end = SupervisedEnd::kCannot,
          .failure = Error{Code::kInvalidArgument, "the chat model's template knows no tools", ""}});
    return none;
  }
  const Result<Run> run = can ? begin(writer, question, evidence, before, *can, own, stop) : can.error();
  Result<std::optional<Draft>> written = run ? lead(*run, before, std::move(draft), own, stop) : run.error();
  if (!written && stop.stop_requested()) return written.error();
  SupervisedRecord record = run ? (*run)->record() : SupervisedRecord();
  if (written) {
    record.end = *written ? SupervisedEnd::kAnswered : SupervisedEnd::kFoundNothing;
  } else {
    record.end = SupervisedEnd::kFailed;
    record.failure = written.error();
  }
  keep(std::move(record));
  return written ? std::move(written) : none;
}

Result<std::shared_ptr<SupervisedRun>> Supervised::begin(const AnswerWriter& writer, std::string_view question,
                                                         const std::vector<Evidence>& evidence, const Before& before,
                                                         const llm::Capabilities& can, const Deadline& deadline,
                                                         const std::stop_token& stop) const {
  library::Snapshot at = DM_TRY(deps_.library.read(deadline, stop));
  SupervisedRunParts parts{.options = options_,
                           .use = use_,
                           .clock = deps_.clock,
                           .asked = asked_,
                           .model = writer.model(),
                           .counter = writer.counter(),
                           .can = can,
                           .writing = writer.options(),
                           .question = std::string(question),
                           .first = DM_TRY(first_passages(evidence, writer.options().passages, at)),
                           .keeps = deps_.keeps};
  if (before.whole) parts.documents.push_back(*before.whole);
  return std::make_shared<SupervisedRun>(std::move(parts));
}

Result<std::optional<Draft>> Supervised::lead(const Run& run, const Before& before, Draft draft,
                                              const Deadline& deadline, const std::stop_token& stop) const {
  const graph::Engine engine({.clock = deps_.clock, .rng = deps_.rng, .pool = deps_.pool});
  graph::RunOptions options;
  options.recursion_limit = 8 * options_.calls + 25;  // Its calls end it before.
  options.max_concurrency = options_.parallel;
  options.deadline = deadline;
  options.stop = stop;
  const graph::RunResult result = DM_TRY(engine.run(
      DM_TRY(team_of(run)), graph::Input::values(input_of(run->parts().question, before.history)), std::move(options)));
  const std::string text = DM_TRY(final_text(result));
  if (text.find(kNoAnswer) != std::string::npos) return std::optional<Draft>();
  library::Snapshot at = DM_TRY(deps_.library.read(deadline, stop));
  return std::optional(DM_TRY(draft_of(text, *run, std::move(draft), at)));
}

}  // namespace docmind::agents
