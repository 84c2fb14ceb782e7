#include "pipeline.h"

#include <utility>

#include "text/terms.h"

namespace docmind::bench {

Result<doc::Parsed> DirectParser::parse(const std::string& bytes, const std::string& name, Deadline deadline,
                                        std::stop_token stop) {
  if (stop.stop_requested()) return Error{Code::kCancelled, "stopped"};
  const std::lock_guard lock(mutex_);
  parse::ParseOptions options = options_;
  options.deadline = deadline;
  options.pdf.deadline = deadline;
  return parse::parse(bytes, name, options);
}

Result<std::unique_ptr<Pipeline>> Pipeline::open(const std::filesystem::path& build, const std::filesystem::path& data,
                                                 std::uint32_t threads) {
  const std::filesystem::path models = build / "share" / "docmind" / "models";
  auto out = std::unique_ptr<Pipeline>(new Pipeline((build / "lib" / "docmind" / "libpdfium.so").string()));
  library::LibraryOptions options;
  options.path = (data / "library.db").string();
  out->library_ = DM_TRY(library::Library::open(std::move(options), out->clock_, out->rng_));
  out->lexical_ = library::fts5_index();
  out->client_ = DM_TRY(net::Client::open());
  llamacpp::EngineChildOptions engine;
  engine.binary = (build / "docmind").string();
  engine.model_path = (models / "all-MiniLM-L6-v2.gguf").string();
  engine.threads = threads;
  engine.socket_folder = (data / "run").string();
  out->engine_ = DM_TRY(llamacpp::open_engine_child(
      std::move(engine), {out->clock_, out->rng_, out->files_, *out->client_, out->log_, out->metrics_}));
  llamacpp::EngineEmbedderOptions embedder;
  embedder.model_path = (models / "all-MiniLM-L6-v2.gguf").string();
  embedder.card_folder = (data / "cards").string();
  out->embedder_ =
      DM_TRY(llamacpp::EngineEmbedder::open(std::move(embedder), *out->engine_, *out->client_, out->files_));
  const std::string vocabulary = DM_TRY(out->files_.read(models / "all-MiniLM-L6-v2.vocab.txt", 64U << 20U));
  out->wordpiece_ = DM_TRY(text::WordPiece::open(vocabulary));
  out->pool_ = DM_TRY(exec::Pool::open({.threads = 2}));
  out->ingest_ = DM_TRY(ingest::Ingest::open(
      {}, {*out->library_, out->parser_, *out->embedder_, *out->wordpiece_, out->files_, *out->pool_, out->clock_}));
  return out;
}

Result<ingest::Summary> Pipeline::ingest(const std::vector<std::filesystem::path>& paths) {
  return ingest_->run(paths, {}, Deadline::never(), {});
}

Result<std::unique_ptr<retrieval::Index>> Pipeline::index(const retrieval::IndexOptions& options) {
  return retrieval::Index::open(options, *library_, *lexical_, *embedder_, clock_);
}

}  // namespace docmind::bench
