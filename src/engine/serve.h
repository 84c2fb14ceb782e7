// The role `docmind engine`: one model, for embeddings, for reranking or for chat as its file says, served over HTTP on
// a Unix socket until told to stop (docs/formats/engine.md).
//
// It runs in a process of its own: libllama ends the process when it finds a bug in itself or in a model file, and that
// must cost no more than this child. One thread owns the llama context; requests wait in a bounded queue before it.
#pragma once
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "engine/chat_engine.h"

namespace docmind::obs {
class Log;
}
namespace docmind::sys {
class Files;
}

namespace docmind::engine {

struct EngineOptions {
  ChatEngineOptions chat{};   // model_path is any model's; the rest is for chat models.
  std::string hash_memo{};    // Where the hash of a chat model's file is remembered; empty: computed at each start.
  std::string socket_path{};  // At most 107 bytes; its folder exists and is private.
  std::uint32_t max_window =
      kEmbeddingWindow;           // Of an embedder: tokens in one pass, or what it was trained for if that is less.
  std::uint32_t queue_jobs = 64;  // Requests that may wait; beyond them the answer is 429.
};

struct ServeDeps {
  const Clock& clock;
  sys::Files& files;
  const obs::Log& log;
};

// Returns when `stop` is requested (success), or with the reason why it could not start or go on: kResourceExhausted
// where memory does not suffice (out_of_memory.h).
Result<> serve(const EngineOptions& options, const ServeDeps& deps, std::stop_token stop);

}  // namespace docmind::engine
