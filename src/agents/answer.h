// What an answer is: claims, each with the places in the documents it was taken from.
//
// Invariant (response_validator holds it): every citation's quote equals the stored text at its span, byte for byte.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "context/report.h"
#include "doc/document.h"
#include "llm/chat_model.h"
#include "retrieval/search.h"

namespace docmind::agents {

struct Citation {
  std::string document;  // Path as ingested, or the file name of an upload.
  std::string document_id;
  std::string version;                // Content hash (hex) of the document's bytes at the time of the answer.
  std::optional<std::uint32_t> page;  // 1-based physical page of span.start; absent where the format has none.
  std::optional<std::uint32_t> page_end;
  std::string page_label;  // As printed; may be empty.
  std::string locator;     // Heading path, cell or part.
  doc::Span span;          // Into the stored text.
  std::string quote;       // The stored bytes of span.
  std::string before;      // A few words of context on either side.
  std::string after;
  std::string state = "current";  // current | changed | deleted
};

struct Claim {
  std::string text;
  bool supported = true;             // By what it cites; never of general knowledge, which cites nothing.
  std::string doubt;                 // Why it is not supported, one sentence; else empty.
  std::string origin = "documents";  // documents | general
  std::vector<Citation> citations;
};

struct AgentRun {
  std::string name;  // query_router, query_planner, retrieval_expert, result_synthesizer, response_validator
  double seconds = 0;
  std::string status = "ok";  // ok | failed | skipped
};

struct TokenCounts {
  std::uint64_t prompt = 0;
  std::uint64_t computed = 0;
  std::uint64_t forked = 0;
  std::uint64_t restored = 0;
  std::uint64_t drafted = 0;
  std::uint64_t completion = 0;

  void add(const llm::ChatUsage& usage) {
    prompt += usage.prompt;
    computed += usage.computed();
    completion += usage.completion;
  }
  void add(const TokenCounts& other) {
    prompt += other.prompt;
    computed += other.computed;
    forked += other.forked;
    restored += other.restored;
    drafted += other.drafted;
    completion += other.completion;
  }
};

enum class AnswerStatus : std::uint8_t { kAnswered, kAbstained, kPartial };

constexpr std::string_view name(AnswerStatus status) {
  switch (status) {
    case AnswerStatus::kAnswered:
      return "answered";
    case AnswerStatus::kAbstained:
      return "abstained";
    case AnswerStatus::kPartial:
      return "partial";
  }
  return "abstained";
}

// What tells whether an answer may be given again, to somebody who asks the same (grounds.h).
struct Grounds {
  std::optional<ContentHash> best{};     // Of the best passages; nothing where a look at them would not tell.
  std::vector<std::string> documents{};  // Ids of all whose words went into its making, upwards.
  bool cut = false;                      // Its writing ended with the tokens that it was allowed.
};

// How an answer was had that was given before.
struct GivenAgain {
  std::string layer{};     // exact | semantic
  double age = 0;          // Seconds.
  std::string question{};  // That it was made for.
  double distance = 0;     // Of the two questions: 1 - cosine.
  std::string trace_id{};  // Of its making.
};

// What one document says, of an answer that puts the question to each of them by itself.
struct DocumentPart {
  std::string document{};
  std::string document_id{};
  std::string title{};
  std::string status{};   // answered | partial | abstained: it does not say | failed: it could not be asked
  std::string reason{};   // Why it failed or is partial, or what is not there; a sentence, or empty.
  std::size_t first = 0;  // Its claims among those of the whole answer: [first, first + count).
  std::size_t count = 0;
  std::vector<retrieval::Hit> nearest{};  // Where it does not say.
  std::string trace_id{};
};

struct Answer {
  std::string text;
  bool generated = false;  // false: extractive, the words are the documents' own.
  AnswerStatus status = AnswerStatus::kAbstained;
  std::vector<Claim> claims;  // Empty when abstained.
  std::string query_used;
  std::string route;             // What query_router chose.
  std::uint64_t units_read = 0;  // Coverage: passages looked at, of all that are there.
  std::uint64_t units_total = 0;
  std::string unit = "passage";            // What these two count; of a set: "row", "item", "heading", "document".
  std::vector<std::string> fallbacks;      // What was done in a lesser way than wanted, a sentence each.
  std::vector<std::string> sends_text_to;  // Other machines that backends of the chat model run on, when it was asked.
  std::string partial_reason;              // Empty unless partial.
  std::vector<std::string> dropped;        // Sentences that failed validation.
  std::vector<retrieval::Hit> nearest;     // Filled when the documents do not answer.
  std::vector<AgentRun> agents;
  double coordination_seconds = 0;  // What was spent between the agents' own work.
  std::uint32_t parts = 0;          // Of the plan; several were searched at the same time.
  TokenCounts tokens;
  std::string model;                       // That wrote it; empty when the words are the documents'.
  std::optional<context::Report> context;  // Of its prompt.
  std::string trace_id;
  double seconds = 0;
  Grounds grounds{};
  std::optional<GivenAgain> given_again{};  // Nothing: it was made for this question.
  bool separate = false;                    // One answer a document: by_document says which claims are whose.
  std::vector<DocumentPart> by_document{};  // In the order of their claims.
};

}  // namespace docmind::agents
