// llm::Embedder by our own engine process: batches go over its Unix socket as docs/formats/engine.md says.
//
// Thread safety: any method from any thread. The engine's reply is treated as hostile: counts, sizes and numbers are
// checked before a vector leaves here. A request that dies with the engine is sent once more to the next life.
// What the model is (name, hash, dimensions, window) is remembered in a small card per model file, keyed by the file's
// path, size and modification time: a warm ingest neither starts the engine nor hashes the model.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "llm/child/server_child.h"
#include "llm/embedder.h"
#include "net/http.h"
#include "sys/files.h"

namespace docmind::llamacpp {

struct EngineEmbedderOptions {
  std::string model_path;                   // The file the engine was told to load.
  std::string card_folder;                  // Where cards are kept, in the data directory; made when absent.
  std::uint32_t batch_inputs = 32;          // Inputs in one request.
  std::uint64_t batch_bytes = 256U << 10U;  // Text in one request; a single longer input goes alone.
};

class EngineEmbedder final : public llm::Embedder {
 public:
  static Result<std::unique_ptr<EngineEmbedder>> open(EngineEmbedderOptions options, child::ServerChild& child,
                                                      net::Client& client, sys::Files& files);
  ~EngineEmbedder() override;

  Result<llm::EmbedderInfo> info(Deadline deadline, std::stop_token stop) override;
  Result<std::vector<llm::Embedding>> embed(std::span<const llm::EmbedInput> inputs, Deadline deadline,
                                            std::stop_token stop) override;

 private:
  // What the model file was when its facts were learned.
  struct Known {
    sys::FileStat model;
    llm::EmbedderInfo info;
  };

  // The engine's 2xx answer; asks the next life when this one died over it.
  Result<net::Response> ask(const net::Request& request, std::uint64_t max_body, Deadline deadline,
                            const std::stop_token& stop);

  EngineEmbedder(EngineEmbedderOptions options, child::ServerChild& child, net::Client& client, sys::Files& files);

  EngineEmbedderOptions options_;
  child::ServerChild& child_;
  net::Client& client_;
  sys::Files& files_;
  std::mutex mutex_;
  std::optional<Known> known_;  // Guarded by mutex_.
};

}  // namespace docmind::llamacpp
