// llm::Embedder by a server that speaks OpenAI's /v1/embeddings: vLLM, Ollama, llama-server.
//
// Such a server gives one vector for a text and none for its spans, and some cut a text that is longer than their
// window without a word. So a span is embedded as a text of its own, without its surroundings, and a longer text in
// windows of as many bytes as the window has tokens (no token stands for less than a byte), whose vectors are added by
// their bytes. White space alone has no tokens: its vector is zero. Vectors leave here normalised.
// What vectors are kept under has to name the very model that made them (docs/adr/0004-embedding-keys.md), which no
// server tells by this API: who opens an embedder says it. Thread safety: any method from any thread.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "exec/memo.h"
#include "llm/embedder.h"
#include "llm/openai/embeddings_wire.h"
#include "llm/openai/upstream.h"

namespace docmind::openai {

struct HttpEmbedderOptions {
  UpstreamOptions upstream{};
  std::string model{};                      // As the server names it.
  std::string model_hash{};                 // Of the model's content, in hexadecimal digits; never empty.
  std::uint32_t window = 512;               // Tokens that the server takes in one text, special ones included.
  std::uint32_t batch_inputs = 32;          // Texts in one request.
  std::uint64_t batch_bytes = 256U << 10U;  // Of them together.
};

class HttpEmbedder final : public llm::Embedder {
 public:
  // kInvalidArgument without a model or a hash, for a window under 16, for an empty batch. Both outlive it.
  static Result<std::unique_ptr<HttpEmbedder>> open(HttpEmbedderOptions options, net::Client& client,
                                                    const Clock& clock);

  // Asks for one vector, once: how many dimensions it has.
  Result<llm::EmbedderInfo> info(Deadline deadline, std::stop_token stop) override;
  // `tokens` of each is its share, by bytes and rounded up, of what the server counted for a request.
  Result<std::vector<llm::Embedding>> embed(std::span<const llm::EmbedInput> inputs, Deadline deadline,
                                            std::stop_token stop) override;

 private:
  struct Piece;
  HttpEmbedder(HttpEmbedderOptions options, net::Client& client, const Clock& clock);
  Result<EmbeddingsReply> ask(std::span<const Piece> batch, std::uint32_t dimensions, Deadline deadline,
                              const std::stop_token& stop) const;
  std::size_t batch_size(std::span<const Piece> pieces) const;
  std::vector<Piece> pieces_of(std::span<const llm::EmbedInput> inputs) const;
  static void add(std::span<const Piece> batch, EmbeddingsReply reply, std::vector<llm::Embedding>& out);
  void cut(std::string_view text, std::size_t input, std::size_t vector, std::vector<Piece>& pieces) const;

  const HttpEmbedderOptions options_;
  const Upstream upstream_;
  exec::Memo<std::uint32_t> dimensions_;
};

}  // namespace docmind::openai
