// The product as plain C++ calls: what the server's routes and, through them, every command do.
//
// Opening it opens the library; the engine and the search index start when they are first needed.
// Thread safety: every method from any thread; several ingests and questions at once.
// Errors are the rooms' own, each with a hint for the person.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "agents/answer.h"
#include "agents/history.h"
#include "agents/replay.h"
#include "agents/watch.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/failure.h"
#include "base/result.h"
#include "base/rng.h"
#include "cache/answer_cache.h"
#include "cache/guard/guards.h"
#include "cache/shared_questions.h"
#include "doc/page_renderer.h"
#include "doc/parser.h"
#include "ingest/summary.h"
#include "library/records.h"
#include "llm/chat_model.h"
#include "llm/embedder.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "retrieval/library_vectors.h"
#include "retrieval/search.h"
#include "service/agent_metrics.h"
#include "service/document_view.h"
#include "service/performance_log.h"
#include "sys/files.h"

namespace docmind::service {

using agents::Answer;
using agents::Replay;
using ingest::OnProgress;
using ingest::Progress;
using ingest::Summary;
using retrieval::Filter;
using retrieval::Query;
using retrieval::SearchResult;

struct ServiceOptions {
  std::string library_path;  // library.db
  std::string originals{};   // Folder of the files that were uploaded; empty: none is kept.
  std::string vocabulary;    // Path of the WordPiece vocabulary that chunks are counted with.
  // Ingest.
  std::uint64_t max_file_bytes = 256ULL << 20U;
  std::uint32_t chunk_tokens = 512;
  std::uint32_t chunk_overlap = 50;
  std::uint32_t batch_chunks = 8;  // Committed together.
  std::uint32_t ingest_threads = 2;
  bool hidden_files = false;
  // Search.
  bool bm25 = true;
  bool dense = true;
  std::uint32_t rrf_k = 60;
  // Ask.
  double threshold = 1.62;  // Below it the answer abstains; belongs to embedder and weights (docs/measurements.md).
  std::uint32_t max_claims = 5;
  std::uint32_t max_citations = 2;
  std::uint32_t max_characters = 900;
  std::string without;             // Agents that do not work, separated by commas.
  bool generate = true;            // Answers are written by the chat model, where there is one.
  std::uint32_t max_tokens = 512;  // Of what it writes.
  bool model_plans = false;        // The chat model cuts questions into their parts, rules stand behind it.
  bool model_validates = false;    // It gives a second opinion on what was written.
  bool general_knowledge = false;  // What the documents do not answer the model may, marked as its own knowledge.
  std::vector<std::string> sends_text_to{};  // Other machines on which the chat model's backends run.
  std::vector<std::string> keeps_text_at{};  // Other machines on which answers or vectors are kept.
  std::uint32_t max_parallel = 3;            // Parts of a question at the same time.
  bool supervisor = false;                   // The chat model leads agents with tools before it writes.
  std::uint32_t supervisor_calls = 12;       // Of the model, by all of them;
  std::uint64_t supervisor_tokens = 60'000;
  Duration supervisor_time = std::chrono::seconds(90);
  bool prepare = false;               // The chat model reads whole documents after they were ingested, in idle time.
  cache::AnswerCacheOptions cache{};  // Of answers; see ServiceDeps::answers.
  std::function<void(std::uint64_t commits)> after_commit{};  // For the crash test.
};

struct ServiceDeps {
  const Clock& clock;
  Rng& rng;
  sys::Files& files;
  const obs::Log& log;
  obs::Metrics& metrics;
  doc::Parser& parser;
  llm::Embedder& embedder;
  llm::ChatModel* chat = nullptr;  // Null: answers are in the documents' own words.
  // Where answers are kept to be given again, and who tells questions apart; null: every question is answered anew.
  cache::Entries* answers = nullptr;
  const cache::Guards* guards = nullptr;
  retrieval::OutsideVectors vectors{};          // Where search looks for vectors; without: in this process.
  cache::SharedQuestions* questions = nullptr;  // Of all machines that share these answers; null: this one's alone.
  doc::PageRenderer* renderer = nullptr;        // Of pages; null: they are not shown.
};

enum class Analysis : std::uint8_t {
  kCombined,  // One answer from all documents.
  kSeparate,  // One answer a document (separate.h).
};

// A document of a separate answer has been asked: its part, whose claims are the last of `so_far`, of `parts` in all.
// One after the other, in the order of the answer.
using OnPart = std::function<void(const Answer& so_far, std::size_t parts)>;

struct Question {
  std::string text;
  Filter filter;
  std::vector<agents::HistoryTurn> history{};  // Of its session, for a chat model that writes.
  cache::Use cache = cache::Use::kUse;         // A question with a history passes the cache by.
  std::string user{};                          // Who asks: answers are given again to nobody else. May be empty.
  std::string session{};                       // That it was asked in; an answer that is kept can be purged by it.
  agents::Watch watch{};                       // Of an answer that is made, not of one that is given again.
  Analysis analysis = Analysis::kCombined;
  OnPart on_part{};  // Of a separate answer; called from several threads.
};

struct PageAsked {
  std::string document{};   // Id or path.
  std::string version{};    // Empty: the one that is stored. Of another there is no picture.
  std::uint32_t page = 1;   // From 1.
  std::uint32_t width = 0;  // Pixels, within doc::kLeastWidth and doc::kMostWidth.
  std::string known{};      // A version of which the caller has this picture.
};

struct PagePicture {
  std::string version;
  std::shared_ptr<const std::string> png;  // Null: the caller knows it.
};

// What a delete would take away.
struct Removal {
  std::string document_id;
  std::uint32_t pages = 0;
  std::uint32_t chunks = 0;
  std::uint64_t bytes = 0;  // Of the stored text, and of an upload's original.
  std::uint64_t cached_answers = 0;
  bool original_stays = false;  // A file of this machine is left alone; of an upload there is no other copy here.
};

struct DocumentInfo {
  std::string document;
  std::string document_id;
  std::string version;
  std::string type;
  std::string title;
  std::uint64_t size = 0;
  std::int64_t modified_ms = 0;
  std::int64_t added_ms = 0;
  std::uint32_t pages = 0;
  std::uint32_t chunks = 0;
  std::vector<std::string> warnings;
};

struct LibraryInfo {
  std::vector<DocumentInfo> documents;  // By path.
  std::uint64_t generation = 0;
  std::optional<std::string> content_hash;  // When asked for: one hash over the content of all documents.
};

// One citation of an answer compared with what is stored now.
struct CitationCheck {
  std::string document;
  doc::Span span;
  std::string state;  // current: the quote stands there | changed | deleted | forged: it never stood in this version
};

struct Verification {
  bool holds = false;  // Every citation is current.
  std::vector<CitationCheck> citations;
};

enum class CheckStatus : std::uint8_t { kOk, kDegraded, kFailed };

struct Check {
  std::string name;
  CheckStatus status = CheckStatus::kOk;
  std::string message;            // What was found; for anything but ok also what to do.
  std::string fallback{};         // What stands in for it just now; empty: nothing has to.
  std::optional<Failure> last{};  // What it failed with last, though it may be well again.
  std::int64_t since_ms = 0;      // UTC, of the status; 0: nobody has noted it.
};

enum class Hashing : std::uint8_t { kSkip, kContent };

class Service {
 public:
  static Result<std::unique_ptr<Service>> open(ServiceOptions options, ServiceDeps deps);
  virtual ~Service() = default;

  virtual Result<Summary> ingest(const std::vector<std::string>& paths, const OnProgress& progress, Deadline deadline,
                                 std::stop_token stop) = 0;
  virtual Result<Summary> upload(const std::string& name, std::string bytes, const OnProgress& progress,
                                 Deadline deadline, std::stop_token stop) = 0;
  virtual Result<Answer> ask(const Question& question, Deadline deadline, std::stop_token stop) = 0;
  virtual Result<SearchResult> search(const Query& query, Deadline deadline, std::stop_token stop) = 0;
  virtual Result<LibraryInfo> documents(Hashing hashing, Deadline deadline, std::stop_token stop) = 0;
  virtual std::uint64_t generation() const = 0;  // Of the library: higher after each change.
  // By id or path; kNotFound. Returns what was deleted.
  virtual Result<DocumentInfo> remove(std::string_view id_or_path, Deadline deadline, std::stop_token stop) = 0;
  // A document's place, as document_view.h has it.
  virtual Result<Marks> marks(const PlaceAsked& asked, Deadline deadline, std::stop_token stop) = 0;
  // A page as it is printed, from the file it was read from. Errors: those of PagePictures::get; kNotFound (no such
  // page, a format without pages), kConflict (another version).
  virtual Result<PagePicture> page(const PageAsked& asked, Deadline deadline, std::stop_token stop) = 0;
  virtual Result<TextView> text(const PlaceAsked& asked, Deadline deadline, std::stop_token stop) = 0;
  virtual Result<Removal> removal(std::string_view id_or_path, Deadline deadline, std::stop_token stop) = 0;
  virtual Result<std::string> trace(std::string_view id, Deadline deadline, std::stop_token stop) = 0;  // JSON text.
  // Those of them that are kept are deleted.
  virtual Result<> forget_traces(std::span<const std::string> ids, Deadline deadline, std::stop_token stop) = 0;
  // Answers that are kept to be given again: kNotFound where none are.
  virtual Result<cache::AnswerCacheStats> cache_stats() = 0;
  // How many were. `name`: of a user, a session, a document (its id or path); all: empty.
  virtual Result<std::uint64_t> purge_cache(cache::PurgeBy by, std::string_view name, Deadline deadline,
                                            std::stop_token stop) = 0;
  // Answers the trace's question again from what was recorded. Errors: those of agents::replay, kNotFound.
  virtual Result<Replay> replay(std::string_view id, Deadline deadline, std::stop_token stop) = 0;
  virtual Result<Verification> verify(const std::vector<agents::Citation>& citations, Deadline deadline,
                                      std::stop_token stop) = 0;

  // From the next search and question on, by these: all of ServiceOptions' parts "Search" and "Ask", up to
  // supervisor_time. The rest stays as it was when the product was opened.
  virtual void use(const ServiceOptions& options) = 0;

  // What answering took lately.
  virtual Result<Performance> performance(Deadline deadline, std::stop_token stop) = 0;

  // What the agents did since the start. Cheap.
  virtual AgentTotals agent_totals() = 0;

  // Cheap: what /health shows, from the last call that needed the embedder. `ready` is whether it has ever answered:
  // one that fails later costs search its vectors, not the server.
  virtual std::vector<Check> health() = 0;
  virtual bool ready() = 0;
  // Starts what is started lazily (embedder, index), so that the first question is not the slow one.
  virtual Result<> warm_up(Deadline deadline, std::stop_token stop) = 0;
  // Thorough: runs the parser and the engine on a small sample, checks the library file; what `docmind doctor` shows.
  virtual std::vector<Check> doctor(Deadline deadline, std::stop_token stop) = 0;
};

}  // namespace docmind::service
