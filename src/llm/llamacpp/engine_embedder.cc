#include "llm/llamacpp/engine_embedder.h"

#include <algorithm>
#include <iterator>

#include "llm/llamacpp/embeddings_wire.h"
#include "llm/llamacpp/model_card.h"
#include "net/client.h"
#include "sys/files.h"

namespace docmind::llamacpp {
namespace {

constexpr std::size_t kBatchInputs = 1024;    // What the engine takes in one request.
constexpr std::size_t kBatchVectors = 16384;  //

// How many of the first inputs go into the next request: at least one.
std::size_t batch_size(std::span<const llm::EmbedInput> inputs, const EngineEmbedderOptions& options) {
  std::uint64_t bytes = 0;
  std::size_t vectors = 0;
  std::size_t n = 0;
  for (; n < std::min({inputs.size(), std::size_t{options.batch_inputs}, kBatchInputs}); ++n) {
    bytes += inputs[n].text.size();
    vectors += 1 + inputs[n].spans.size();
    if (n > 0 && (bytes > options.batch_bytes || vectors > kBatchVectors)) break;
  }
  return n;
}

}  // namespace

EngineEmbedder::EngineEmbedder(EngineEmbedderOptions options, child::ServerChild& child, net::Client& client,
                               sys::Files& files)
    : options_(std::move(options)), child_(child), client_(client), files_(files) {}

EngineEmbedder::~EngineEmbedder() = default;

Result<std::unique_ptr<EngineEmbedder>> EngineEmbedder::open(EngineEmbedderOptions options, child::ServerChild& child,
                                                             net::Client& client, sys::Files& files) {
  if (options.batch_inputs == 0) {
    return Error{Code::kInvalidArgument, "The embedder's batch is empty.", "Set embedder.batch to 1 or more."};
  }
  DM_TRY(files.stat(options.model_path).with("the embedding model"));
  return std::unique_ptr<EngineEmbedder>(new EngineEmbedder(std::move(options), child, client, files));
}

Result<llm::EmbedderInfo> EngineEmbedder::info(Deadline deadline, std::stop_token stop) {
  const sys::FileStat model = DM_TRY(files_.stat(options_.model_path).with("the embedding model"));
  {
    const std::lock_guard lock(mutex_);
    if (known_ && known_->model == model) return known_->info;
  }
  auto info = find_card(files_, options_.card_folder, options_.model_path, model);
  if (!info) {
    net::Request request;
    request.target.path = "/v1/models";
    const net::Response reply = DM_TRY(ask(request, 64U << 10U, deadline, stop));
    info = DM_TRY(parse_models(reply.body));
    // A card is a convenience: without one, the next run asks again.
    (void)static_cast<bool>(
        write_card(files_, options_.card_folder, {options_.model_path, model.size, model.mtime_ns, *info}));
  }
  const std::lock_guard lock(mutex_);
  known_ = Known{model, *info};
  return *std::move(info);
}

Result<std::vector<llm::Embedding>> EngineEmbedder::embed(std::span<const llm::EmbedInput> inputs, Deadline deadline,
                                                          std::stop_token stop) {
  std::vector<llm::Embedding> out;
  if (inputs.empty()) return out;
  const std::uint32_t dimensions = DM_TRY(info(deadline, stop)).dimensions;
  while (!inputs.empty()) {
    const auto batch = inputs.first(batch_size(inputs, options_));
    net::Request request;
    request.method = "POST";
    request.target.path = "/v1/embeddings";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = embeddings_request(batch);
    const net::Response reply = DM_TRY(ask(request, largest_reply(batch, dimensions), deadline, stop));
    auto vectors = DM_TRY(parse_embeddings(reply.body, batch, dimensions));
    std::ranges::move(vectors, std::back_inserter(out));
    inputs = inputs.subspan(batch.size());
  }
  return out;
}

Result<net::Response> EngineEmbedder::ask(const net::Request& request, std::uint64_t max_body, Deadline deadline,
                                          const std::stop_token& stop) {
  const auto once = [&](std::uint64_t& life) -> Result<net::Response> {
    const child::RunningServer engine = DM_TRY(child_.running(deadline, stop));
    life = engine.life;
    return client_.call(engine.endpoint, request, {.deadline = deadline, .stop = stop, .max_body = max_body});
  };
  std::uint64_t life = 0;
  Result<net::Response> reply = once(life);
  const bool lost =
      !reply && life != 0 && (reply.error().code == Code::kUnavailable || reply.error().code == Code::kDataLoss);
  if (!lost) return reply;
  child_.suspect(life);
  return once(life);
}

}  // namespace docmind::llamacpp
