#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <utility>

#include "agents/ask.h"
#include "agents/grounds.h"
#include "agents/verify.h"
#include "base/list.h"
#include "base/thread_annotations.h"
#include "context/token_counter.h"
#include "exec/pool.h"
#include "ingest/ingest.h"
#include "library/lexical_index.h"
#include "library/library.h"
#include "retrieval/index.h"
#include "service/agent_metrics.h"
#include "service/doctor.h"
#include "service/embedder_watch.h"
#include "service/idle_reading.h"
#include "service/kept_answers.h"
#include "service/originals.h"
#include "service/page_pictures.h"
#include "service/question_vectors.h"
#include "service/separate_answer.h"
#include "service/service.h"
#include "store/database.h"
#include "text/wordpiece.h"

namespace docmind::service {
namespace {

constexpr std::uint64_t kVocabularyBytes = 16U << 20U;
constexpr std::size_t kAgentThreads =
    16;  // They wait most of the time; one that is left by its question keeps its own.
constexpr auto kPreparing = std::chrono::minutes(30);
constexpr auto kLook = std::chrono::milliseconds(50);  // For the library to be there, in a report of 100 ms.
constexpr auto kTidying = std::chrono::seconds(5);     // An ingest that begins meanwhile waits so long at most.

DocumentInfo info_of(const library::Document& document) {
  return {document.path,       document.id,          document.version,     document.type,
          document.title,      document.size,        document.modified_ms, document.added_ms,
          document.page_count, document.chunk_count, document.warnings};
}

agents::Policy policy(bool by_model) { return by_model ? agents::Policy::kModel : agents::Policy::kRules; }

retrieval::Stage stage(bool on) { return on ? retrieval::Stage::kOn : retrieval::Stage::kOff; }

class Product final : public Service {
 public:
  Product(ServiceOptions options, ServiceDeps deps)
      : options_(std::move(options)),
        live_(std::make_shared<const ServiceOptions>(options_)),
        deps_(deps),
        embedder_(deps.embedder, deps.clock),
        originals_(options_.originals, options_.max_file_bytes, deps.files),
        agent_metrics_(deps.metrics) {}

  Result<> build() {
    vocabulary_text_ = DM_TRY(deps_.files.read(options_.vocabulary, kVocabularyBytes).with("the vocabulary"));
    wordpiece_ = DM_TRY(text::WordPiece::open(vocabulary_text_));
    library::LibraryOptions library;
    library.path = options_.library_path;
    library.after_commit = options_.after_commit;
    library_ = DM_TRY(library::Library::open(std::move(library), deps_.clock, deps_.rng));
    DM_TRY(show_size());
    performance_ = std::make_unique<PerformanceLog>(*library_, deps_.clock, deps_.log, deps_.metrics);
    if (deps_.chat != nullptr) deps_.chat = &measured_.emplace(*deps_.chat, deps_.clock, *performance_);
    lexical_ = library::fts5_index();
    if (deps_.renderer != nullptr) pictures_ = DM_TRY(PagePictures::open(*deps_.renderer, originals_, deps_.clock));
    pool_ = DM_TRY(exec::Pool::open({.threads = std::max(1U, options_.ingest_threads)}));
    agents_pool_ = DM_TRY(exec::Pool::open({.threads = kAgentThreads}));
    documents_pool_ = DM_TRY(exec::Pool::open({.threads = kAgentThreads}));
    if (deps_.chat != nullptr) {
      counter_ = std::make_unique<context::TokenCounter>(*deps_.chat);
      supervised_pool_ = DM_TRY(exec::Pool::open({.threads = kAgentThreads}));
    }
    ingest::IngestOptions ingest;
    ingest.max_file_bytes = options_.max_file_bytes;
    ingest.chunk_tokens = options_.chunk_tokens;
    ingest.chunk_overlap = options_.chunk_overlap;
    ingest.batch_chunks = options_.batch_chunks;
    ingest.hidden = options_.hidden_files ? sys::HiddenFiles::kTake : sys::HiddenFiles::kSkip;
    ingest_ = DM_TRY(ingest::Ingest::open(
        ingest, {*library_, deps_.parser, embedder_, *wordpiece_, deps_.files, *pool_, deps_.clock}));
    if (const Voice* voice = voice_of(options_); voice != nullptr && options_.prepare) {
      reading_.emplace([this, &writer = voice->writer](const std::string& id, const std::stop_token& stop) {
        Result<> done = prepare(id, writer, stop);
        if (!done && !stop.stop_requested()) {
          deps_.log.failure(obs::Level::kWarn, "prepare_failed", done.error());
        }
        return done;
      });
    }
    return {};
  }

  Result<Summary> ingest(const std::vector<std::string>& paths, const OnProgress& progress, Deadline deadline,
                         std::stop_token stop) override {
    return ingest_and_tidy([&] { return ingest_->run({paths.begin(), paths.end()}, progress, deadline, stop); });
  }

  Result<Summary> upload(const std::string& name, std::string bytes, const OnProgress& progress, Deadline deadline,
                         std::stop_token stop) override {
    Summary summary =
        DM_TRY(ingest_and_tidy([&] { return ingest_->ingest_bytes(name, bytes, progress, deadline, stop); }));
    if (summary.cancelled || !summary.failed.empty()) return summary;
    DM_TRY(originals_.keep(bytes, [&]() -> Result<library::Document> {
      library::Snapshot at = DM_TRY(library_->read(Deadline::in(kTidying, deps_.clock), {}));
      return at.find(name);
    }));
    return summary;
  }

  Result<Answer> ask(const Question& question, Deadline deadline, std::stop_token stop) override {
    const IdleReading::Question first(reading_ ? &*reading_ : nullptr);
    const auto options = live();
    if (question.analysis == Analysis::kCombined) return counted(question, *options, deadline, std::move(stop));
    ServiceOptions of_one = *options;
    of_one.general_knowledge = false;  // What one document does not say is not said in its place.
    return answer_separately(
        question,
        {.library = *library_,
         .clock = deps_.clock,
         .rng = deps_.rng,
         .pool = *documents_pool_,
         .parallel = of_one.max_parallel,
         .search = [this](const Query& query, Deadline until,
                          std::stop_token stopped) { return search(query, until, std::move(stopped)); },
         .ask = [this, &of_one](const Question& one, Deadline until,
                                std::stop_token stopped) { return counted(one, of_one, until, std::move(stopped)); }},
        deadline, std::move(stop));
  }

  Result<SearchResult> search(const Query& query, Deadline deadline, std::stop_token stop) override {
    retrieval::Index& index = *DM_TRY(this->index());
    return index.search(query, deadline, stop);
  }

  std::uint64_t generation() const override { return library_->generation(); }

  Result<LibraryInfo> documents(Hashing hashing, Deadline deadline, std::stop_token stop) override {
    library::Snapshot at = DM_TRY(library_->read(deadline, stop));
    LibraryInfo info;
    info.generation = DM_TRY(at.generation());
    library::ListOptions page;
    for (;;) {
      const std::vector<library::Document> documents = DM_TRY(at.documents(page));
      for (const library::Document& document : documents) info.documents.push_back(info_of(document));
      if (documents.size() < page.limit) break;
      page.offset += page.limit;
    }
    if (hashing == Hashing::kContent) info.content_hash = DM_TRY(at.content_hash()).hex();
    return info;
  }

  Result<DocumentInfo> remove(std::string_view id_or_path, Deadline deadline, std::stop_token stop) override {
    // Before it goes: a delete that ends in between is repeated. And after it, what was answered from it meanwhile.
    DM_TRY(purge_document(id_or_path, deadline, stop));
    DM_TRY(forget_original(id_or_path, deadline, stop));
    const Result<library::Document> found = library_->remove_document(id_or_path, deadline, stop);
    if (found) {
      DM_TRY(purge(cache::PurgeBy::kDocument, found->id, deadline, stop));
      DM_TRY(originals_.forget(found->id));
      if (pictures_) pictures_->forget(found->version);
    }
    forget_unfinished();  // Of a document that never came to be, too: then it is not found, but leaves nothing.
    const library::Document removed = DM_TRY(found);
    DM_TRY(library_->wait_erased(deadline, stop));
    deps_.log.event(obs::Level::kInfo, "document_deleted", {{"document_id", removed.id}});
    return info_of(removed);
  }

  Result<Marks> marks(const PlaceAsked& asked, Deadline deadline, std::stop_token stop) override {
    library::Snapshot at = DM_TRY(library_->read(deadline, std::move(stop)));
    return marks_of(at, asked);
  }

  Result<PagePicture> page(const PageAsked& asked, Deadline deadline, std::stop_token stop) override {
    if (!pictures_) return Error{Code::kNotFound, "this server draws no pages", "Show the text instead."};
    library::Document document;
    {
      library::Snapshot at = DM_TRY(library_->read(deadline, stop));  // Not held while a page is drawn.
      document = DM_TRY(at.find(asked.document));
    }
    if (!asked.version.empty() && asked.version != document.version) {
      return Error{Code::kConflict, document.path + " has changed since", "Ask for its newest version."};
    }
    if (document.page_count == 0) {
      return Error{Code::kNotFound, document.path + " has no pages", "Show its text instead."};
    }
    if (asked.page < 1 || asked.page > document.page_count) {
      return Error{Code::kNotFound, "there is no page " + std::to_string(asked.page),
                   document.path + " has " + std::to_string(document.page_count) + "."};
    }
    if (asked.known == document.version) return PagePicture{document.version, nullptr};
    PagePictures::Png png = DM_TRY(pictures_->get(document, asked.page, asked.width, deadline, std::move(stop)));
    return PagePicture{document.version, std::move(png)};
  }

  Result<TextView> text(const PlaceAsked& asked, Deadline deadline, std::stop_token stop) override {
    library::Snapshot at = DM_TRY(library_->read(deadline, std::move(stop)));
    return text_of(at, asked);
  }

  Result<Removal> removal(std::string_view id_or_path, Deadline deadline, std::stop_token stop) override {
    library::Document document;
    {
      library::Snapshot at = DM_TRY(library_->read(deadline, stop));
      document = DM_TRY(at.find(id_or_path));
    }
    Removal out{document.id, document.page_count, document.chunk_count};
    out.bytes = document.text_bytes + originals_.kept_bytes(document);
    out.original_stays = !Originals::uploaded(document);
    if (deps_.answers != nullptr && deps_.guards != nullptr) {
      KeptAnswers* const kept = DM_TRY(kept_answers(deadline, std::move(stop)));
      out.cached_answers = kept->cache().count(cache::PurgeBy::kDocument, document.id);
    }
    return out;
  }

  Result<> forget_traces(std::span<const std::string> ids, Deadline deadline, std::stop_token stop) override {
    return library_->remove_traces(ids, deadline, stop);
  }

  Result<std::string> trace(std::string_view id, Deadline deadline, std::stop_token stop) override {
    library::Snapshot at = DM_TRY(library_->read(deadline, stop));
    return at.trace(id);
  }

  Result<cache::AnswerCacheStats> cache_stats() override {
    cache::AnswerCacheStats stats = DM_TRY(DM_TRY(kept_answers(Deadline::never(), {}))->cache().stats());
    const auto model = embedder_.info(Deadline::in(kTidying, deps_.clock), {});
    if (model) stats.calibration = cache::calibration_of(model->model_hash, stats.max_distance);
    return stats;
  }

  Result<std::uint64_t> purge_cache(cache::PurgeBy by, std::string_view name, Deadline deadline,
                                    std::stop_token stop) override {
    if (by == cache::PurgeBy::kDocument) return purge_document(name, deadline, stop);
    return purge(by, name, deadline, stop);
  }

  Result<Replay> replay(std::string_view id, Deadline deadline, std::stop_token stop) override {
    const std::string stored = DM_TRY(trace(id, deadline, stop));
    const std::vector<std::string> parts = traces_of_parts(stored);
    if (parts.empty()) return replayed(stored, deadline, std::move(stop));
    Replay whole;
    for (const std::string& part : parts) {
      std::string its = DM_TRY(trace(part, deadline, stop));
      if (const std::string made = made_in(its); !made.empty()) its = DM_TRY(trace(made, deadline, stop));
      std::ranges::move(DM_TRY(replayed(its, deadline, stop)).differences, std::back_inserter(whole.differences));
    }
    return whole;
  }

  Result<Verification> verify(const std::vector<agents::Citation>& citations, Deadline deadline,
                              std::stop_token stop) override {
    library::Snapshot at = DM_TRY(library_->read(deadline, stop));
    const std::vector<agents::CitationState> states = DM_TRY(agents::verify(citations, at));
    Verification verification{true, {}};
    for (std::size_t i = 0; i < citations.size(); ++i) {
      verification.holds = verification.holds && states[i] == agents::CitationState::kCurrent;
      verification.citations.push_back(
          {citations[i].document, citations[i].span, std::string(agents::name(states[i]))});
    }
    return verification;
  }

  void use(const ServiceOptions& options) override {
    {
      const MutexLock lock(live_mutex_);
      live_ = std::make_shared<const ServiceOptions>(options);
    }
    if (retrieval::Index* const index = opened_) index->use(index_options());
  }

  Result<Performance> performance(Deadline deadline, std::stop_token stop) override {
    return performance_->summary(deadline, std::move(stop));
  }

  AgentTotals agent_totals() override { return agent_metrics_.totals(); }

  std::vector<Check> health() override {
    std::vector<Check> checks;
    auto at = library_->read(Deadline::in(kLook, deps_.clock), {});
    if (at) {
      checks.push_back({"library", CheckStatus::kOk, ""});
    } else {
      checks.push_back({.name = "library",
                        .status = CheckStatus::kFailed,
                        .message = at.error().message + "; " + at.error().hint,
                        .last = Failure{at.error(), deps_.clock.wall().time_since_epoch().count()}});
    }
    const EmbedderWatch::State embedder = embedder_.state();
    for (const std::string& where : options_.keeps_text_at) {
      checks.push_back({"shared", CheckStatus::kOk, "text goes to " + where});
    }
    Check embedding{.name = "embedder", .message = embedder.answered ? "" : "starts with the first question"};
    embedding.last = embedder.last;
    if (!embedder.error.empty()) {
      embedding.status = CheckStatus::kDegraded;
      embedding.message = embedder.error + "; search goes by keywords alone";
      embedding.fallback = "search by words alone";
    }
    checks.push_back(std::move(embedding));
    if (deps_.vectors.chunks != nullptr) checks.push_back(vectors_check());
    const std::string away = deps_.questions == nullptr ? "" : deps_.questions->trouble();
    if (!away.empty()) {
      checks.push_back({"questions", CheckStatus::kDegraded, away, "the questions kept on this machine"});
    }
    return checks;
  }

  bool ready() override { return embedder_.state().answered; }

  Result<> warm_up(Deadline deadline, std::stop_token stop) override {
    const llm::EmbedInput sample{"warm", {}};
    DM_TRY(embedder_.embed({&sample, 1}, deadline, stop));
    DM_TRY(this->index());
    return {};
  }

  std::vector<Check> doctor(Deadline deadline, std::stop_token stop) override {
    return examine({*library_, deps_.parser, embedder_, deps_.files, options_.library_path}, deadline, stop);
  }

 private:
  // Does not wait for an index that is being loaded.
  Check vectors_check() const {
    const std::string where = deps_.vectors.chunks->where();
    const retrieval::Index* const index = opened_;
    if (index == nullptr) return {"vectors", CheckStatus::kOk, where + ", from the first question on"};
    const retrieval::LibraryVectorsStats now = index->stats();
    if (now.outside) return {"vectors", CheckStatus::kOk, "searched in " + where};
    if (now.trouble.empty())
      return {"vectors", CheckStatus::kOk, "searched in memory until " + where + " holds them all"};
    return {"vectors", CheckStatus::kDegraded, now.trouble + " Search goes on in memory; start " + where + " again.",
            "exact search in this machine's memory"};
  }

  // What writes with the chat model. There is one for each pair of limits that was ever in force, since an agent that
  // its question has left may still use it.
  struct Voice {
    agents::AnswerWriter writer;
    agents::GeneralKnowledge general;
  };

  std::shared_ptr<const ServiceOptions> live() const {
    const MutexLock lock(live_mutex_);
    return live_;
  }

  // Null: answers are in the documents' own words.
  const Voice* voice_of(const ServiceOptions& options) {
    if (deps_.chat == nullptr || !options.generate) return nullptr;
    const MutexLock lock(live_mutex_);
    const auto found = voices_.find({options.max_parallel, options.max_tokens});
    if (found != voices_.end()) return &found->second;
    Voice voice{
        {*deps_.chat, *counter_, *agents_pool_, {.parallel = options.max_parallel, .max_tokens = options.max_tokens}},
        {*deps_.chat, *counter_, {.max_tokens = options.max_tokens}}};
    return &voices_.try_emplace({options.max_parallel, options.max_tokens}, std::move(voice)).first->second;
  }

  retrieval::IndexOptions index_options() const {
    const auto options = live();
    retrieval::IndexOptions out;
    out.bm25 = stage(options->bm25);
    out.dense = stage(options->dense);
    out.rank_constant = options->rrf_k;
    return out;
  }

  Result<Replay> replayed(std::string_view trace, Deadline deadline, std::stop_token stop) {
    const agents::AnswerDeps deps{.library = *library_, .clock = deps_.clock, .rng = deps_.rng};
    return agents::replay(trace, deps, deadline, std::move(stop));
  }

  Result<Answer> counted(const Question& question, const ServiceOptions& options, Deadline deadline,
                         std::stop_token stop) {
    const TimePoint start = deps_.clock.now();
    Result<Answer> answer = kept_or_answered(question, options, deadline, std::move(stop));
    if (answer) performance_->add(*answer, std::chrono::duration<double>(deps_.clock.now() - start).count());
    if (!answer || !answer->given_again) agent_metrics_.count(answer);  // The agents had no part in that.
    return answer;
  }

  Result<Answer> kept_or_answered(const Question& question, const ServiceOptions& options, Deadline deadline,
                                  std::stop_token stop) {
    if (deps_.answers == nullptr) return answered(question, options, deadline, stop);
    KeptAnswers& kept = *DM_TRY(kept_answers(deadline, stop));
    const auto best = [&](const std::string& text, Deadline until, std::stop_token stopped) -> Result<ContentHash> {
      retrieval::Index& index = *DM_TRY(this->index());
      return agents::best_now({text, question.filter}, asking(options),
                              {.library = *library_, .index = index, .clock = deps_.clock, .rng = deps_.rng}, until,
                              std::move(stopped));
    };
    const AnsweredBy by{options, options.generate ? deps_.chat : nullptr};
    Result<Answer> answer =
        kept.answer(question, by, [&] { return answered(question, options, deadline, stop); }, best, deadline, stop);
    const bool asked = question.cache != cache::Use::kBypass && question.history.empty();
    if (answer && asked) {
      answer->sends_text_to.insert(answer->sends_text_to.end(), options_.keeps_text_at.begin(),
                                   options_.keeps_text_at.end());
    }
    return answer;
  }

  // The words of an upload lie in it, too.
  Result<> forget_original(std::string_view id_or_path, Deadline deadline, std::stop_token stop) {
    library::Snapshot at = DM_TRY(library_->read(deadline, std::move(stop)));
    const auto found = at.find(id_or_path);
    if (!found) return found.error().code == Code::kNotFound ? Result<>() : Result<>(found.error());
    return originals_.forget(found->id);
  }

  // What it says of a document by its id, or by its path.
  Result<std::uint64_t> purge_document(std::string_view id_or_path, Deadline deadline, std::stop_token stop) {
    if (deps_.answers == nullptr) return std::uint64_t{0};
    std::string id(id_or_path);
    {
      library::Snapshot at = DM_TRY(library_->read(deadline, stop));
      auto found = at.find(id_or_path);
      if (!found && found.error().code != Code::kNotFound) return std::move(found).error();
      if (found) id = found->id;
    }
    return purge(cache::PurgeBy::kDocument, id, deadline, stop);
  }

  Result<std::uint64_t> purge(cache::PurgeBy by, std::string_view name, Deadline deadline, std::stop_token stop) {
    if (deps_.answers == nullptr) return std::uint64_t{0};
    KeptAnswers* kept = open_kept_answers();
    if (kept == nullptr && by == cache::PurgeBy::kAll) kept = DM_TRY(kept_answers(deadline, stop));
    if (kept != nullptr) return kept->cache().purge(by, name, deadline, stop);
    // Not worth loading the index for.
    if (deps_.questions != nullptr) DM_TRY(deps_.questions->purge(cache::tag_of(by, name), deadline, stop));
    return deps_.answers->purge(cache::tag_of(by, name), deadline, std::move(stop));
  }

  agents::AskOptions asking(const ServiceOptions& by) const {
    agents::AskOptions options;
    options.synthesis.tau = by.threshold;
    options.synthesis.claims = by.max_claims;
    options.synthesis.citations = by.max_citations;
    options.synthesis.characters = by.max_characters;
    const std::vector<std::string> without = words_between_commas(by.without);
    options.off = {without.begin(), without.end()};
    options.policies = {.planner = policy(by.model_plans), .validator = policy(by.model_validates)};
    options.budgets.parallel = by.max_parallel;
    options.sends_text_to = options_.sends_text_to;
    return options;
  }

  Result<Answer> answered(const Question& question, const ServiceOptions& by, Deadline deadline, std::stop_token stop) {
    retrieval::Index& index = *DM_TRY(this->index());
    const Voice* const voice = voice_of(by);
    std::optional<agents::Supervision> supervision;
    if (voice != nullptr && by.supervisor) {
      supervision.emplace(agents::Supervision{.toolbox = *DM_TRY(toolbox(index)),
                                              .pool = *supervised_pool_,
                                              .options = {.calls = by.supervisor_calls,
                                                          .tokens = by.supervisor_tokens,
                                                          .time = by.supervisor_time,
                                                          .parallel = by.max_parallel}});
    }
    return agents::ask({question.text, question.filter, question.history}, asking(by),
                       {*library_, index, deps_.clock, deps_.rng, voice == nullptr ? nullptr : &voice->writer,
                        agents_pool_.get(), voice != nullptr && by.general_knowledge ? &voice->general : nullptr,
                        supervision ? &*supervision : nullptr, question.watch},
                       deadline, stop);
  }

  Result<agents::Toolbox*> toolbox(retrieval::Index& index) {
    const MutexLock lock(index_mutex_);
    if (!toolbox_) toolbox_ = DM_TRY(agents::Toolbox::create(*library_, index));
    return toolbox_.get();
  }

  // From now on the metrics tell how large the library is.
  Result<> show_size() {
    obs::Gauge& documents = deps_.metrics.gauge("docmind_library_documents", "Documents in the library.");
    obs::Gauge& passages = deps_.metrics.gauge("docmind_library_passages", "Passages of all its documents.");
    const auto show = [&documents, &passages](const library::Size& size) {
      documents.set(static_cast<double>(size.documents));
      passages.set(static_cast<double>(size.chunks));
    };
    counting_ = library_->listen([show](const library::Change& change) { show(change.size); });
    show(DM_TRY(DM_TRY(library_->read(Deadline::in(kTidying, deps_.clock), {})).size()));
    return {};
  }

  // The search index, loaded when it is first wanted: an ingest that changes nothing never pays for it.
  Result<retrieval::Index*> index() {
    const MutexLock lock(index_mutex_);
    if (!index_) {
      index_ = DM_TRY(
          retrieval::Index::open(index_options(), *library_, *lexical_, question_vectors_, deps_.clock, deps_.vectors));
      opened_ = index_.get();
      index_->use(index_options());  // They may have changed while it loaded.
    }
    return index_.get();
  }

  // After the index, which hears of every change before it.
  Result<KeptAnswers*> kept_answers(Deadline deadline, std::stop_token stop) {
    if (deps_.answers == nullptr || deps_.guards == nullptr) {
      return Error{Code::kNotFound, "no answers are kept", "Set cache.enabled to true."};
    }
    DM_TRY(this->index());
    const MutexLock lock(index_mutex_);
    if (!kept_) {
      kept_ = DM_TRY(KeptAnswers::open(options_.cache,
                                       {*library_, deps_.clock, deps_.rng, deps_.metrics, question_vectors_,
                                        *deps_.answers, *deps_.guards, deps_.questions},
                                       deadline, std::move(stop)));
    }
    return kept_.get();
  }

  KeptAnswers* open_kept_answers() {  // Null: nobody has asked yet.
    const MutexLock lock(index_mutex_);
    return kept_.get();
  }

  // What rested on documents that are others now. Until it was done, none of it is given all the same.
  void sweep_kept() {
    KeptAnswers* const kept = open_kept_answers();
    if (kept == nullptr) return;  // Its start does it.
    const auto swept = kept->cache().sweep(Deadline::in(kTidying, deps_.clock), {});
    if (!swept) deps_.log.failure(obs::Level::kWarn, "cache_sweep_failed", swept.error());
  }

  template <typename Run>
  Result<Summary> ingest_and_tidy(Run run) {
    Summary summary;
    {
      const std::shared_lock lock(ingesting_);
      summary = DM_TRY(run());
    }
    note(summary);
    sweep_kept();
    // One that ended early is to be resumed, and finds its vectors.
    const bool whole = !summary.cancelled && summary.failed.empty();
    if (whole && summary.added + summary.updated > 0) forget_unfinished();
    if (reading_ && summary.added + summary.updated > 0) read_when_idle(*reading_);
    return summary;
  }

  void read_when_idle(IdleReading& reading) {
    const auto all = documents(Hashing::kSkip, Deadline::in(kTidying, deps_.clock), {});
    if (!all) return deps_.log.failure(obs::Level::kWarn, "prepare_failed", all.error());
    for (const DocumentInfo& one : all->documents) reading.add(one.document_id, one.version);
  }

  // Has the chat model read one document whole.
  Result<> prepare(const std::string& id, const agents::AnswerWriter& writer, const std::stop_token& stop) {
    const Deadline deadline = Deadline::in(kPreparing, deps_.clock);
    llm::ChatDocument shown;
    {
      library::Snapshot at = DM_TRY(library_->read(deadline, stop));  // Not held while the model reads.
      const library::Document document = DM_TRY(at.find(id));
      if (document.text_bytes > agents::kMostWholeBytes) return {};
      shown = DM_TRY(agents::shown_whole(document, at));
    }
    const bool read = DM_TRY(writer.prepare(std::move(shown), deadline, stop));
    deps_.log.event(obs::Level::kInfo, "document_prepared", {{"document_id", id}, {"read", read}});
    return {};
  }

  // Takes the vectors that ingests left which never ended. Not while one runs: they may be its own.
  void forget_unfinished() {
    const std::unique_lock lock(ingesting_, std::try_to_lock);
    if (!lock) return;  // Its end will do it.
    const auto forgotten = library_->prune_embeddings(Deadline::in(kTidying, deps_.clock), {});
    if (!forgotten) deps_.log.failure(obs::Level::kWarn, "forget_unfinished_failed", forgotten.error());
  }

  void note(const Summary& summary) {
    deps_.log.event(obs::Level::kInfo, "ingest_done",
                    {{"added", summary.added},
                     {"updated", summary.updated},
                     {"unchanged", summary.unchanged},
                     {"failed", summary.failed.size()},
                     {"embedded", summary.embedded},
                     {"seconds", summary.seconds}});
  }

  const ServiceOptions options_;  // As it was opened.
  mutable Mutex live_mutex_;
  std::shared_ptr<const ServiceOptions> live_ DM_GUARDED_BY(live_mutex_);  // Of it what use() says counts.
  ServiceDeps deps_;
  EmbedderWatch embedder_;
  QuestionVectors question_vectors_{embedder_};
  std::string vocabulary_text_;
  std::unique_ptr<text::WordPiece> wordpiece_;
  std::unique_ptr<library::Library> library_;
  std::unique_ptr<PerformanceLog> performance_;
  std::optional<MeasuredModel> measured_;  // The chat model, where there is one.
  std::shared_ptr<void> counting_;
  std::unique_ptr<library::LexicalIndex> lexical_;
  std::unique_ptr<exec::Pool> pool_;
  std::unique_ptr<ingest::Ingest> ingest_;
  Originals originals_;
  std::unique_ptr<PagePictures> pictures_;  // Null without a renderer.
  std::shared_mutex ingesting_;             // Shared by ingests.
  Mutex index_mutex_;                       // Held while the index loads: questions wait for it, health does not.
  std::unique_ptr<retrieval::Index> index_ DM_GUARDED_BY(index_mutex_);
  std::atomic<retrieval::Index*> opened_ = nullptr;                       // The same, once it is there.
  std::unique_ptr<KeptAnswers> kept_ DM_GUARDED_BY(index_mutex_);         // Once it is there it stays.
  std::unique_ptr<agents::Toolbox> toolbox_ DM_GUARDED_BY(index_mutex_);  // Where answers are supervised.
  AgentMetrics agent_metrics_;
  std::unique_ptr<context::TokenCounter> counter_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Voice> voices_ DM_GUARDED_BY(live_mutex_);
  std::unique_ptr<exec::Pool> supervised_pool_;  // Of agents that a supervisor leads, each while another waits for it.
  std::unique_ptr<exec::Pool> agents_pool_;  // Behind what agents use: it waits for those that their question has left.
  std::unique_ptr<exec::Pool> documents_pool_;  // Of documents that are asked each by itself.
  std::optional<IdleReading> reading_;          // Last: it uses everything.
};

}  // namespace

Result<std::unique_ptr<Service>> Service::open(ServiceOptions options, ServiceDeps deps) {
  auto product = std::make_unique<Product>(std::move(options), deps);
  DM_TRY(product->build());
  return std::unique_ptr<Service>(std::move(product));
}

}  // namespace docmind::service
