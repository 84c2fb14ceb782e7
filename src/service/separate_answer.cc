#include "service/separate_answer.h"

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "base/json_members.h"
#include "base/thread_annotations.h"
#include "exec/task_group.h"

namespace docmind::service {
namespace {

namespace json = boost::json;
using agents::AnswerStatus;
using agents::DocumentPart;

constexpr std::uint32_t kPassages = 1000;  // Looked at for the order of the documents.
constexpr std::size_t kNearest = 3;        // Kept of a document that does not say.

struct Chosen {
  std::vector<library::Document> documents{};
  std::uint64_t total = 0;  // That match the filter.
};

// By their best passages; behind them, where there is room, those without one, in the order they were added.
Result<Chosen> choose(const Question& question, const SeparateDeps& deps, Deadline deadline,
                      const std::stop_token& stop) {
  const Filter& filter = question.filter;
  const SearchResult found = DM_TRY(deps.search({question.text, kPassages, filter}, deadline, stop));
  library::Snapshot at = DM_TRY(deps.library.read(deadline, stop));
  const std::vector<std::int64_t> keys =
      DM_TRY(at.matching({filter.documents, filter.types, filter.modified_from, filter.modified_to}));
  Chosen out{.total = keys.size()};
  std::set<std::string> ids;
  for (const retrieval::Hit& hit : found.hits) {
    if (ids.size() == kMostDocuments) break;
    if (!ids.insert(hit.document_id).second) continue;
    Result<library::Document> document = at.find(hit.document_id);
    if (document) out.documents.push_back(*std::move(document));
    if (!document && document.error().code != Code::kNotFound) return std::move(document).error();
  }
  for (const std::int64_t key : keys) {
    if (out.documents.size() >= kMostDocuments) break;
    library::Document document = DM_TRY(at.document(key));
    if (ids.insert(document.id).second) out.documents.push_back(std::move(document));
  }
  return out;
}

template <typename T>
void add_new(const std::vector<T>& from, std::vector<T>& to) {
  for (const T& one : from) {
    if (std::ranges::find(to, one) == to.end()) to.push_back(one);
  }
}

// The runs of an agent for all documents, as one.
void add_runs(const std::vector<agents::AgentRun>& runs, std::vector<agents::AgentRun>& to) {
  for (const agents::AgentRun& run : runs) {
    const auto same = std::ranges::find(to, run.name, &agents::AgentRun::name);
    if (same == to.end()) {
      to.push_back(run);
      continue;
    }
    same->seconds += run.seconds;
    if (run.status == "failed" || same->status == "skipped") same->status = run.status;
  }
}

void add_claims(Answer part, DocumentPart& of, Answer& whole) {
  of.status = name(part.status);
  of.trace_id = part.trace_id;
  of.count = part.claims.size();
  of.reason = part.partial_reason;
  if (part.claims.empty()) {
    if (of.reason.empty()) of.reason = part.text;  // Which place is not there.
    if (part.nearest.size() > kNearest) part.nearest.resize(kNearest);
    of.nearest = std::move(part.nearest);
  }
  std::ranges::move(part.claims, std::back_inserter(whole.claims));
}

void add_making(const Answer& part, Answer& whole) {
  add_new(part.fallbacks, whole.fallbacks);
  add_new(part.sends_text_to, whole.sends_text_to);
  whole.dropped.insert(whole.dropped.end(), part.dropped.begin(), part.dropped.end());
  whole.tokens.add(part.tokens);
  whole.generated = whole.generated || part.generated;
  whole.coordination_seconds += part.coordination_seconds;
  add_runs(part.agents, whole.agents);
  if (whole.model.empty()) whole.model = part.model;
  const bool trimmed = whole.context && whole.context->trimmed;
  if (part.context && (!whole.context || (part.context->trimmed && !trimmed))) whole.context = part.context;
}

// Whether all of it was given again: then as the oldest of its parts.
std::optional<agents::GivenAgain> given_again(const std::string& question, const std::vector<agents::GivenAgain>& given,
                                              std::size_t parts) {
  if (given.empty() || given.size() != parts) return std::nullopt;
  agents::GivenAgain out{.layer = "exact", .question = question};
  for (const agents::GivenAgain& one : given) {
    if (one.layer != out.layer) out.layer = "semantic";
    out.age = std::max(out.age, one.age);
    out.distance = std::max(out.distance, one.distance);
  }
  return out;
}

// Whose turn it is to be seen while it is made; outlives the answer with an agent that was left by it.
struct Shown {
  Mutex mutex{};
  std::size_t part DM_GUARDED_BY(mutex) = 0;
};

// The documents being asked, by several threads.
class Making {
 public:
  Making(const Question& question, const SeparateDeps& deps, const std::vector<library::Document>& documents,
         Deadline deadline)
      : question_(question), deps_(deps), documents_(documents), deadline_(deadline), made_(documents.size()) {
    whole_.separate = true;
    whole_.query_used = question.text;
    whole_.route = "separate";
  }

  // Asks the documents that nobody else has taken. kCancelled.
  Result<> work(const std::stop_token& stop) {
    for (;;) {
      if (stop.stop_requested()) return Error{Code::kCancelled, "The question was stopped."};
      std::size_t at = 0;
      {
        const MutexLock lock(shown_->mutex);
        if (next_ == documents_.size()) return {};
        at = next_++;
      }
      Result<Answer> answer = deps_.ask(asked_of(at), deadline_, stop);
      if (!answer && answer.error().code == Code::kCancelled) return answer.error();
      const MutexLock lock(shown_->mutex);
      made_[at] = std::move(answer);
      for (; shown_->part < made_.size() && made_[shown_->part]; ++shown_->part) add(shown_->part);
    }
  }

  // Once all have been asked. The error of the first one where none could be.
  Result<Answer> whole() {
    const MutexLock lock(shown_->mutex);
    if (first_failure_ && failed_ == documents_.size()) return *first_failure_;
    whole_.given_again = given_again(question_.text, given_, documents_.size());
    return std::move(whole_);
  }

 private:
  // The question for one document. Its draft is seen when all before it are done.
  Question asked_of(std::size_t at) const {
    Question out = question_;
    out.analysis = Analysis::kCombined;
    out.on_part = nullptr;
    out.filter = {.documents = {documents_[at].id}};
    if (const auto& step = question_.watch.step) {
      out.watch.step = [step, name = documents_[at].path](agents::WatchedStep one) {
        one.document = name;
        step(one);
      };
    }
    if (const auto& wrote = question_.watch.wrote) {
      out.watch.wrote = [wrote, at, shown = shown_](std::string_view text) {
        const MutexLock lock(shown->mutex);
        if (shown->part == at) wrote(text);
      };
    }
    return out;
  }

  void add(std::size_t at) {
    const library::Document& document = documents_[at];
    Result<Answer>& made = *made_[at];
    DocumentPart part{.document = document.path, .document_id = document.id, .title = document.title};
    part.first = whole_.claims.size();
    if (made) {
      add_making(*made, whole_);
      if (made->given_again) given_.push_back(*made->given_again);
      add_claims(*std::move(made), part, whole_);
    } else {
      part.status = "failed";
      part.reason = made.error().message;
      ++failed_;
      if (!first_failure_) first_failure_ = made.error();
    }
    whole_.by_document.push_back(std::move(part));
    if (question_.on_part) question_.on_part(whole_, documents_.size());
  }

  const Question& question_;
  const SeparateDeps& deps_;
  const std::vector<library::Document>& documents_;
  const Deadline deadline_;
  const std::shared_ptr<Shown> shown_ = std::make_shared<Shown>();  // Its mutex is for all that follows.
  std::size_t next_ = 0;
  std::vector<std::optional<Result<Answer>>> made_;
  std::vector<agents::GivenAgain> given_{};
  std::size_t failed_ = 0;
  std::optional<Error> first_failure_{};
  Answer whole_{};
};

// Takes out what was said by documents that are gone. What was dropped tells no source, so all of it goes with them.
Result<bool> leave_out_deleted(library::Library& library, Deadline deadline, const std::stop_token& stop,
                               Answer& whole) {
  library::Snapshot at = DM_TRY(library.read(deadline, stop));
  std::vector<DocumentPart> parts;
  std::vector<agents::Claim> claims;
  for (DocumentPart& part : whole.by_document) {
    const Result<library::Document> document = at.find(part.document_id);
    if (!document && document.error().code != Code::kNotFound) return document.error();
    if (!document) continue;
    const auto first = whole.claims.begin() + static_cast<std::ptrdiff_t>(part.first);
    part.first = claims.size();
    std::move(first, first + static_cast<std::ptrdiff_t>(part.count), std::back_inserter(claims));
    parts.push_back(std::move(part));
  }
  const bool deleted = parts.size() < whole.by_document.size();
  if (deleted) whole.dropped.clear();
  whole.by_document = std::move(parts);
  whole.claims = std::move(claims);
  return deleted;
}

std::string file_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

// Each document's name with its sentences below.
std::string text_of(const Answer& whole) {
  std::string out;
  for (const DocumentPart& part : whole.by_document) {
    std::string said;
    for (std::size_t i = part.first; i < part.first + part.count; ++i) {
      if (whole.claims[i].supported) said += (said.empty() ? "" : "\n\n") + whole.claims[i].text;
    }
    if (!said.empty()) out += (out.empty() ? "" : "\n\n") + file_name(part.document) + ":\n" + said;
  }
  return out;
}

std::vector<retrieval::Hit> nearest_of(const std::vector<DocumentPart>& parts) {
  std::vector<retrieval::Hit> hits;
  for (const DocumentPart& part : parts) hits.insert(hits.end(), part.nearest.begin(), part.nearest.end());
  std::ranges::sort(hits, [](const retrieval::Hit& a, const retrieval::Hit& b) {
    return a.score != b.score ? a.score > b.score : a.chunk_id < b.chunk_id;
  });
  if (hits.size() > kNearest) hits.resize(kNearest);
  return hits;
}

void conclude(std::uint64_t total, bool deleted, Answer& whole) {
  whole.text = text_of(whole);
  whole.unit = "document";
  whole.units_total = total;
  for (const DocumentPart& part : whole.by_document) {
    if (part.status != "failed") ++whole.units_read;
    if (part.status != "failed" && part.status != "partial") continue;
    whole.partial_reason += (whole.partial_reason.empty() ? "" : " ") + file_name(part.document) + ": " + part.reason;
  }
  if (deleted) {
    whole.partial_reason +=
        std::string(whole.partial_reason.empty() ? "" : " ") + "A document that was read for it has been deleted.";
  }
  whole.status = whole.claims.empty() ? AnswerStatus::kAbstained : AnswerStatus::kAnswered;
  if (!whole.partial_reason.empty()) whole.status = AnswerStatus::kPartial;
  if (whole.claims.empty()) whole.nearest = nearest_of(whole.by_document);
}

std::string trace_of(const Question& question, const Answer& whole) {
  json::array documents;
  for (const DocumentPart& part : whole.by_document) {
    documents.push_back({{"document_id", part.document_id},
                         {"status", part.status},
                         {"trace_id", part.trace_id.empty() ? json::value(nullptr) : json::value(part.trace_id)}});
  }
  json::array agents;
  for (const agents::AgentRun& run : whole.agents) {
    agents.push_back({{"name", run.name}, {"seconds", run.seconds}, {"status", run.status}});
  }
  return to_text(json::object{{"trace_id", whole.trace_id},
                              {"question", question.text},
                              {"query_used", whole.query_used},
                              {"route", whole.route},
                              {"route_reason", "One answer a document was asked for."},
                              {"status", name(whole.status)},
                              {"seconds", whole.seconds},
                              {"parts", json::array()},
                              {"dropped", whole.dropped.size()},
                              {"agents", std::move(agents)},
                              {"documents", std::move(documents)}});
}

// Keys of the documents that it rests on, and of those that the turns before quote: it goes with each of them.
Result<std::vector<std::int64_t>> rests_on(const Question& question, const Answer& whole, library::Library& library,
                                           Deadline deadline, const std::stop_token& stop) {
  std::set<std::string> ids;
  for (const agents::HistoryTurn& turn : question.history) ids.insert(turn.documents.begin(), turn.documents.end());
  for (const DocumentPart& part : whole.by_document) ids.insert(part.document_id);
  library::Snapshot at = DM_TRY(library.read(deadline, stop));
  std::vector<std::int64_t> keys;
  for (const std::string& id : ids) {
    const Result<library::Document> document = at.find(id);
    if (!document && document.error().code != Code::kNotFound) return document.error();
    if (document) keys.push_back(document->key);
  }
  return keys;
}

}  // namespace

Result<Answer> answer_separately(const Question& question, const SeparateDeps& deps, Deadline deadline,
                                 std::stop_token stop) {
  const TimePoint start = deps.clock.now();
  const Chosen chosen = DM_TRY(choose(question, deps, deadline, stop));
  const Deadline asking =
      deadline.is_never() ? deadline : deadline.sooner(deadline.left() - deadline.left() / 20, deps.clock);
  Making making(question, deps, chosen.documents, asking);
  exec::TaskGroup group(deps.pool, stop, exec::Lane::kInteractive);
  for (std::size_t i = 0; i < std::min(std::max<std::size_t>(1, deps.parallel), chosen.documents.size()); ++i) {
    group.run([&making](const std::stop_token& stopped) { return making.work(stopped); });
  }
  DM_TRY(group.join());
  Answer whole = DM_TRY(making.whole());
  const bool deleted = DM_TRY(leave_out_deleted(deps.library, deadline, stop, whole));
  conclude(chosen.total, deleted, whole);
  const std::vector<std::int64_t> keys = DM_TRY(rests_on(question, whole, deps.library, deadline, stop));
  whole.seconds = std::chrono::duration<double>(deps.clock.now() - start).count();
  whole.trace_id = new_id(deps.clock, deps.rng);
  if (!deps.library.put_trace(whole.trace_id, trace_of(question, whole), deadline, stop, keys)) whole.trace_id.clear();
  return whole;
}

std::vector<std::string> traces_of_parts(std::string_view trace) {
  std::vector<std::string> ids;
  const Result<json::value> parsed = parse_json(trace);
  if (!parsed) return ids;
  for (const json::value& part : json_list(json_member(*parsed, "documents"))) {
    std::string id(json_text(json_member(part, "trace_id")));
    if (!id.empty()) ids.push_back(std::move(id));
  }
  return ids;
}

std::string made_in(std::string_view trace) {
  const Result<json::value> parsed = parse_json(trace);
  return parsed ? std::string(json_text(json_member(json_member(*parsed, "cache"), "trace_id"))) : std::string();
}

}  // namespace docmind::service
