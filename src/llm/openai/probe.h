// What a server that speaks OpenAI's API can do, found out by asking it.
//
// Its list of models, its version and its properties are read; whether it holds a text to a JSON Schema, takes tools
// and computes a shared beginning once is tried with requests of a few tokens. Sources: vLLM's API (max_model_len in
// /v1/models, /version, /tokenize with "prompt"), llama-server's (/props, /tokenize with "content").
// Replies are hostile: bounded by the caller, each field checked. Pure but for `ask`.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "llm/backend.h"

namespace docmind::openai {

// How a server counts tokens.
enum class Counting : std::uint8_t { kNone, kPrompt, kContent };

struct Probed {
  llm::BackendInfo info{};
  Counting counting = Counting::kNone;
};

struct Asked {
  int status = 200;
  std::string body{};
};

// Sends one request to the server; a body that is empty is a GET. The reply whatever its status.
using Ask = std::function<Result<Asked>(std::string_view path, const std::string& body)>;

// `model`: as the server names it; empty: the first it lists. Errors: those of `ask`; kUnauthorized (it wants a key, or
// another one), kNotFound (no such model), kUnavailable (it has none yet), kDataLoss (what answers is something else).
Result<Probed> probe(std::string_view model, const Ask& ask);

// What the server says of the model now, as Probed::info.json has it: when it is another text, another server or model
// stands there. Errors as probe()'s.
Result<std::string> model_entry(std::string_view model, const Ask& ask);

// Tries by a few short conversations whether `can.model` holds a text to a JSON Schema, takes tools and computes a
// shared beginning once, and says so in `can`. Errors: those of `ask`.
Result<> try_out(llm::Capabilities& can, const Ask& ask);

// The tokens of one text, as a server of that kind counts them.
Result<std::uint32_t> count_tokens(Counting counting, std::string_view model, const std::string& text, const Ask& ask);

}  // namespace docmind::openai
