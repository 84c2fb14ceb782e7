// libllama for the files of this room: owners of its objects, its process-wide start, texts to tokens.
//
// Thread safety: any function from any thread.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct ggml_threadpool;
struct llama_context;
struct llama_model;
struct llama_vocab;

namespace docmind::engine {

using TokenId = std::int32_t;

struct FreeModel {
  void operator()(llama_model* model) const;
};
struct FreeContext {
  void operator()(llama_context* context) const;
};
using ModelPointer = std::unique_ptr<llama_model, FreeModel>;
struct FreeThreads {
  void operator()(ggml_threadpool* threads) const;
};
using ContextPointer = std::unique_ptr<llama_context, FreeContext>;
using ThreadsPointer = std::unique_ptr<ggml_threadpool, FreeThreads>;

// Which layers go to which cards; the last ones, the output included.
struct Offload {
  struct Card {
    std::string name;  // ggml's name of the device: "CUDA0".
    std::uint32_t layers = 0;
  };
  std::vector<Card> cards{};  // Empty: everything stays in main memory.
};

// kInvalidArgument when libllama does not take the file, kResourceExhausted when there is no memory for it. Its log is
// silenced: what it says is not for people.
// Without `offload` libllama takes what cards it finds.
Result<ModelPointer> load_model(const std::string& path, const std::optional<Offload>& offload = {});

// Once for the process; load_model does it too. kInternal: another ggml than this was built with, or none of its
// kernels fits this processor.
Result<> start_libllama();

// Threads for a context's passes, its caller's own counted in; asleep between them. After start_libllama().
Result<ThreadsPointer> keep_threads(std::uint32_t count);

// A value of the file's header as text, empty when it has none.
std::string metadata(const llama_model* model, const std::string& key);

enum class SpecialTokens : std::uint8_t {
  kNone,    // "<|im_end|>" in a text is six or so ordinary tokens.
  kParse,   // It is the token of that name.
  kAround,  // None in the text, but those that the model puts around it.
};
// At most 16 MiB of text.
Result<std::vector<TokenId>> tokens_of(const llama_vocab* vocabulary, std::string_view text, SpecialTokens special);

}  // namespace docmind::engine
