// The real pipeline for benchmarks and evaluations: library, index, engine and ingest, wired by hand in one process.
//
// Documents are parsed in this process: the inputs are the project's own test data. The engine is the real child.
#pragma once
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "exec/pool.h"
#include "ingest/ingest.h"
#include "library/lexical_index.h"
#include "library/library.h"
#include "llm/llamacpp/engine_child.h"
#include "llm/llamacpp/engine_embedder.h"
#include "net/client.h"
#include "obs/log.h"
#include "parse/parse.h"
#include "retrieval/index.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/rng.h"
#include "text/wordpiece.h"

namespace docmind::bench {

// parse::parse behind doc::Parser, without a child; one document at a time.
class DirectParser final : public doc::Parser {
 public:
  explicit DirectParser(std::string pdfium) { options_.pdf.library = std::move(pdfium); }
  Result<doc::Parsed> parse(const std::string& bytes, const std::string& name, Deadline deadline,
                            std::stop_token stop) override;
  std::string version() const override { return "direct"; }

 private:
  parse::ParseOptions options_;
  std::mutex mutex_;
};

class Pipeline {
 public:
  // `build` is the folder of the docmind binary, `data` an existing folder for library.db. `threads` of the engine:
  // one, as benchmarks share the machine with builds, and threads that wait for each other then wait for those; 0: all.
  static Result<std::unique_ptr<Pipeline>> open(const std::filesystem::path& build, const std::filesystem::path& data,
                                                std::uint32_t threads = 1);

  Result<ingest::Summary> ingest(const std::vector<std::filesystem::path>& paths);
  Result<std::unique_ptr<retrieval::Index>> index(const retrieval::IndexOptions& options);

  library::Library& library() { return *library_; }
  library::LexicalIndex& lexical() { return *lexical_; }
  llm::Embedder& embedder() { return *embedder_; }
  const Clock& clock() const { return clock_; }
  Rng& rng() { return rng_; }

 private:
  explicit Pipeline(std::string pdfium) : parser_(std::move(pdfium)) {}

  sys::RealClock clock_;
  sys::RealRng rng_;
  sys::RealFiles files_;
  obs::Log log_;
  obs::Metrics metrics_;
  DirectParser parser_;
  std::unique_ptr<library::Library> library_;
  std::unique_ptr<library::LexicalIndex> lexical_;
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<child::ServerChild> engine_;
  std::unique_ptr<llamacpp::EngineEmbedder> embedder_;
  std::unique_ptr<text::WordPiece> wordpiece_;
  std::unique_ptr<exec::Pool> pool_;
  std::unique_ptr<ingest::Ingest> ingest_;
};

}  // namespace docmind::bench
