// Answers that were given before, for questions that ask the same: with the same letters (exact) or otherwise
// (semantic). Safe by construction, in this order: the scope is equal (scope.h), the guards find no difference between
// the questions, the distance of their vectors is small unless every word is the same word, and what the answer rests
// on stands in the library now (manifest.h). Whatever fails on the way is a miss; only waiting for an equal question
// can end with an error.
//
// How it is used: look() gives a Hit, or a Ticket for the answer that is then made and offered with offer(). Equal
// questions at the same time wait for the first one's ticket to end. When the library has changed since an answer was
// last held against it, the search is made again (Asked::best): a document that would now rank among its best passages
// ends it. An answer from an earlier process is held against the library once in any case, so a library that was put
// back from a backup is no trap, and a crash between a document's commit and a clean-up leaves nothing that is given.
//
// Thread safety: every method from any thread. The index of questions is in memory, filled from the entries at the
// start; the questions of other machines are found through SharedQuestions, and tried like one's own. Metrics:
// docmind_cache_hits_total{cache_type}, docmind_cache_misses_total{cache_type}, docmind_cache_not_given_total{reason},
// docmind_cache_not_kept_total{reason}, docmind_cache_shadow_total{cache_type,agrees},
// docmind_cache_dropped_total{reason}, docmind_cache_saved_seconds_total, docmind_cache_saved_tokens_total.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "cache/admission.h"
#include "cache/calibration.h"
#include "cache/entries/entries.h"
#include "cache/guard/compared.h"
#include "cache/manifest.h"
#include "cache/scope.h"
#include "cache/shared_questions.h"
#include "library/library.h"
#include "obs/metrics.h"

namespace docmind::cache {

// Entries that are kept beside the answers of one library: lists of their keys.
inline constexpr std::uint32_t kKeyLists = 256;

enum class Use : std::uint8_t {
  kUse,
  kBypass,   // Neither asked nor filled.
  kRefresh,  // Not asked, but filled.
};

enum class Layer : std::uint8_t { kExact, kSemantic };
std::string_view name_of(Layer layer);

enum class Serving : std::uint8_t {
  kOn,
  kShadow,  // What would have been given is counted and compared with what is made; nothing is given.
};

struct AnswerCacheOptions {
  Serving serving = Serving::kOn;
  Sampling sampling = Sampling::kRefused;
  double max_distance = 0.1;  // 1 - cosine, of questions with a synonym in the semantic layer. Below 0: there is none.
  std::size_t candidates = 5;
  Duration ttl = std::chrono::hours(24 * 14);  // 0: nothing is kept.
  std::size_t questions = 10'000;              // In the index in memory.
  std::size_t answer_bytes = 1U << 20U;        // Of one kept answer.
};

// What a stored question is to the one asked. Of a question and itself: why an answer to it may never be kept
// ("time_bound"). An error is a miss.
using Compare = std::function<Result<Compared>(std::string_view stored)>;

struct AnswerCacheDeps {  // All outlive it.
  Entries& entries;
  // After the search index listens to it: a change is known here when the index knows it.
  library::Library& library;
  const Clock& clock;
  obs::Metrics& metrics;
  std::function<std::string(std::string_view question)> normalised{};
  // What is left of a question's words when it is polite no more: questions with one text are held against each other
  // without their vectors. Empty: none.
  std::function<std::string(std::string_view question)> plain{};
  // Reads the question asked, once, for what it is then compared with.
  std::function<Compare(std::string_view asked)> compare{};
  SharedQuestions* shared = nullptr;  // Of several machines whose entries are the same; null: this one's alone.
};

struct Asked {
  std::string question{};
  std::string agent = "docmind";  // Who asks: recorded, not compared.
  Scope scope{};
  Use use = Use::kUse;
  // The question's vector in scope.embedder's space; empty: by the exact layer alone.
  std::function<Result<std::vector<float>>(Deadline, std::stop_token)> vector{};
  // Manifest::best of a question as the library is now, within the same scope. An error when the search is degraded.
  std::function<Result<ContentHash>(const std::string& question, Deadline, std::stop_token)> best{};
};

struct Hit {
  Layer layer = Layer::kExact;
  std::string answer{};    // As it was offered.
  std::string question{};  // That it was made for.
  double distance = 0;     // Of the two questions, from the vectors; 0 where no vector was needed.
  double age = 0;          // Seconds.
  std::string trace_id{};  // Of its making,
  double seconds = 0;      // which took so long
  std::uint64_t tokens = 0;
};

struct Offered {
  std::string answer{};
  std::string said{};   // Its text alone.
  Manifest manifest{};  // The generation is the ticket's.
  Facts facts{};
  double seconds = 0;
  std::uint64_t tokens = 0;
  std::string trace_id{};
  std::string user{};
  std::string session{};
};

struct AnswerCacheStats {
  std::uint64_t answers = 0;  // In the index.
  std::uint64_t bytes = 0;    // As the store counts them.
  std::uint64_t exact = 0;    // Hits since the start.
  std::uint64_t semantic = 0;
  std::uint64_t misses = 0;
  double saved_seconds = 0;
  std::uint64_t saved_tokens = 0;
  std::string place{};                       // Where they are kept, for people; empty: in a file of this machine.
  std::string trouble{};                     // Why not where they should be; empty: all is well.
  double max_distance = 0;                   // Of the semantic layer,
  std::optional<Calibration> calibration{};  // and what is known of it, filled in by who knows the embedding model.
};

enum class PurgeBy : std::uint8_t { kAll, kUser, kSession, kDocument };

// The tag of the entries that a purge takes away. Where no AnswerCache is open, the entries can be purged by it alone.
std::string tag_of(PurgeBy by, std::string_view name);

class AnswerCache {
 public:
  // Leave to offer one answer. Equal questions wait until it is gone.
  class Ticket {
   public:
    Ticket();
    Ticket(Ticket&&) noexcept;
    Ticket& operator=(Ticket&&) noexcept;
    ~Ticket();

   private:
    friend class AnswerCache;
    struct State;
    std::unique_ptr<State> state_;  // Null: nothing is to be offered.
  };

  struct Looked {
    std::optional<Hit> hit{};
    std::string why{};  // Of a miss, as in the metric.
    Ticket ticket{};
  };

  // Reads what is kept, and drops what the library does not bear. Errors: those of the library; what the store cannot
  // give is as if it were not there.
  static Result<std::unique_ptr<AnswerCache>> open(AnswerCacheOptions options, AnswerCacheDeps deps, Deadline deadline,
                                                   std::stop_token stop);
  ~AnswerCache();

  // kDeadlineExceeded, kCancelled while waiting for an equal question.
  Result<Looked> look(const Asked& asked, Deadline deadline, std::stop_token stop);

  // Why it was not kept; nothing: it was. Ends the ticket.
  std::optional<Refusal> offer(Ticket ticket, Offered offered, Deadline deadline, std::stop_token stop);

  // How many were kept. None of them is left when this returns, nor is one kept afterwards that was being made.
  Result<std::uint64_t> purge(PurgeBy by, std::string_view name, Deadline deadline, std::stop_token stop);

  // How many a purge would take, as far as this process knows: other machines' answers are not counted.
  std::uint64_t count(PurgeBy by, std::string_view name) const;

  // Drops the answers that rest on documents which are gone or have another version. After changes of documents: such
  // answers are never given, but their words go with this.
  Result<> sweep(Deadline deadline, std::stop_token stop);

  Result<AnswerCacheStats> stats();

 private:
  struct State;
  explicit AnswerCache(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::cache
