// Counts tokens by the model's own tokenizer, each text once: counts are kept by the text's hash and the model's, so a
// conversation that grows by a turn costs the counting of that turn.
//
// A model that cannot count gets an upper bound: one token per byte (of the longer of the text and its NFC) and one
// more. That is never under for byte-level BPE and for SentencePiece with byte fallback, which chat models have: no
// token of theirs stands for less than a byte. Texts over 1 MiB are counted in pieces cut at white space, 8 tokens
// added per cut.
//
// Thread safety: any method from any thread. Bounded: least recently used counts are forgotten.
#pragma once
#include <cstdint>
#include <list>
#include <span>
#include <stop_token>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/deadline.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "llm/chat_model.h"

namespace docmind::context {

struct TokenCounterOptions {
  std::size_t kept = 65'536;            // Counts, about 100 bytes each.
  std::size_t batch_texts = 1'000;      // Of one request to the tokenizer.
  std::size_t batch_bytes = 4U << 20U;  // As well.
  std::size_t piece_bytes = 1U << 20U;  // Longer texts are cut.
};

struct Counts {
  std::vector<std::uint64_t> tokens{};  // One per text.
  bool exact = true;                    // false: upper bounds.
};

struct CounterStats {
  std::uint64_t asked = 0;       // Texts that the tokenizer counted,
  std::uint64_t remembered = 0;  // and that it need not.
  std::size_t kept = 0;
};

class TokenCounter {
 public:
  explicit TokenCounter(llm::Tokenizer& tokenizer, TokenCounterOptions options = {});  // The tokenizer outlives it.

  // `model`: whose tokens these are (Capabilities of what `tokenizer` counts for). Errors: those of the tokenizer;
  // kDataLoss when it does not count every text.
  Result<Counts> count(const llm::Capabilities& model, std::span<const std::string_view> texts, Deadline deadline,
                       std::stop_token stop);

  CounterStats stats() const;

 private:
  struct Missing {
    ContentHash key{};
    std::size_t text = 0;
  };
  struct HashOf {
    std::size_t operator()(const ContentHash& hash) const;
  };
  using Order = std::list<ContentHash>;
  struct Kept {
    std::uint64_t tokens = 0;
    Order::iterator place{};
  };
  std::vector<Missing> look_up(std::span<const ContentHash> keys, std::vector<std::uint64_t>& tokens)
      DM_EXCLUDES(mutex_);
  void keep(std::span<const Missing> counted, std::span<const std::uint64_t> tokens) DM_EXCLUDES(mutex_);
  Result<> ask(std::span<const std::string_view> texts, std::span<const Missing> missing,
               std::vector<std::uint64_t>& tokens, Deadline deadline, std::stop_token stop);

  llm::Tokenizer& tokenizer_;
  const TokenCounterOptions options_;
  mutable Mutex mutex_;
  Order order_ DM_GUARDED_BY(mutex_);  // Most recently used first.
  std::unordered_map<ContentHash, Kept, HashOf> kept_ DM_GUARDED_BY(mutex_);
  CounterStats stats_ DM_GUARDED_BY(mutex_);
};

// The upper bound without a tokenizer.
std::uint64_t most_tokens(std::string_view text);

}  // namespace docmind::context
