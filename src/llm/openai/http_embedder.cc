#include "llm/openai/http_embedder.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/utf8.h"
#include "llm/openai/chat_wire.h"

namespace docmind::openai {
namespace {

constexpr std::uint32_t kLeastWindow = 16;
constexpr std::uint32_t kSpecial = 8;  // Tokens that a server may put around a text.
constexpr std::string_view kBlank = " \t\n\r\f\v";

// To length 1; what has none stays zero.
void normalise(std::vector<float>& vector) {
  double sum = 0;
  for (const float v : vector) sum += static_cast<double>(v) * v;
  if (sum <= 0) return;
  const double length = std::sqrt(sum);
  for (float& v : vector) v = static_cast<float>(v / length);
}

}  // namespace

// A text of one request, and which vector of which input it goes into: 0 is that of the whole, n that of span n - 1.
struct HttpEmbedder::Piece {
  std::string text{};
  std::size_t input = 0;
  std::size_t vector = 0;
};

HttpEmbedder::HttpEmbedder(HttpEmbedderOptions options, net::Client& client, const Clock& clock)
    : options_(std::move(options)), upstream_(options_.upstream, client, clock) {}

Result<std::unique_ptr<HttpEmbedder>> HttpEmbedder::open(HttpEmbedderOptions options, net::Client& client,
                                                         const Clock& clock) {
  if (options.model.empty() || options.model_hash.empty()) {
    return Error{Code::kInvalidArgument, "An embedder over HTTP needs a model and its hash.",
                 "Without the hash vectors of different models could be mixed."};
  }
  if (options.window < kLeastWindow || options.batch_inputs == 0) {
    return Error{Code::kInvalidArgument, "The window or the batch of an embedder over HTTP is too small.",
                 "A window of 16 tokens and a batch of one text are the least."};
  }
  return std::unique_ptr<HttpEmbedder>(new HttpEmbedder(std::move(options), client, clock));
}

Result<llm::EmbedderInfo> HttpEmbedder::info(Deadline deadline, std::stop_token stop) {
  const auto learn = [&]() -> Result<std::uint32_t> {
    const std::vector<Piece> one = {{.text = "a"}};
    const EmbeddingsReply reply = DM_TRY(ask(one, 0, deadline, stop));
    return static_cast<std::uint32_t>(reply.vectors.front().size());
  };
  return llm::EmbedderInfo{.name = options_.model,
                           .model_hash = options_.model_hash,
                           .dimensions = DM_TRY(dimensions_.get("trying the embedder", deadline, stop, learn)),
                           .window = options_.window};
}

Result<EmbeddingsReply> HttpEmbedder::ask(std::span<const Piece> batch, std::uint32_t dimensions, Deadline deadline,
                                          const std::stop_token& stop) const {
  std::vector<std::string> texts;
  std::ranges::transform(batch, std::back_inserter(texts), &Piece::text);
  const net::Response reply =
      DM_TRY(upstream_.send("/v1/embeddings", embeddings_request(options_.model, texts), nullptr, deadline, stop));
  if (reply.status != 200) {
    return reply_error(reply.status, reply.body, reply.headers.find("Retry-After").value_or(""));
  }
  return read_embeddings(reply.body, texts.size(), dimensions);
}

std::size_t HttpEmbedder::batch_size(std::span<const Piece> pieces) const {
  std::uint64_t bytes = 0;
  std::size_t n = 0;
  for (; n < std::min<std::size_t>(pieces.size(), options_.batch_inputs); ++n) {
    bytes += pieces[n].text.size();
    if (n > 0 && bytes > options_.batch_bytes) break;
  }
  return n;
}

// Windows end at white space where there is some in their second half, else between two characters.
void HttpEmbedder::cut(std::string_view text, std::size_t input, std::size_t vector, std::vector<Piece>& pieces) const {
  const std::size_t most = options_.window - kSpecial;
  while (!text.empty()) {
    std::size_t end = std::min(text.size(), most);
    if (end < text.size()) {
      const std::size_t blank = text.find_last_of(kBlank, end);
      if (blank != std::string_view::npos && blank > most / 2) end = blank;
      while (end > 1 && !is_char_border(text, end)) --end;
    }
    const std::string_view piece = text.substr(0, end);
    if (piece.find_first_not_of(kBlank) != std::string_view::npos) {
      pieces.push_back({.text = std::string(piece), .input = input, .vector = vector});
    }
    text.remove_prefix(end);
  }
}

std::vector<HttpEmbedder::Piece> HttpEmbedder::pieces_of(std::span<const llm::EmbedInput> inputs) const {
  std::vector<Piece> out;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    cut(inputs[i].text, i, 0, out);
    for (std::size_t s = 0; s < inputs[i].spans.size(); ++s) {
      const doc::Span span = inputs[i].spans[s];
      cut(std::string_view(inputs[i].text).substr(span.start, span.size()), i, s + 1, out);
    }
  }
  return out;
}

void HttpEmbedder::add(std::span<const Piece> batch, EmbeddingsReply reply, std::vector<llm::Embedding>& out) {
  std::uint64_t bytes = 0;
  for (const Piece& piece : batch) bytes += piece.text.size();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Piece& piece = batch[i];
    std::vector<float>& vector = reply.vectors[i];
    normalise(vector);
    llm::Embedding& into = out[piece.input];
    std::vector<float>& sum = piece.vector == 0 ? into.vector : into.spans[piece.vector - 1];
    const auto weight = static_cast<float>(piece.text.size());
    for (std::size_t d = 0; d < vector.size(); ++d) sum[d] += weight * vector[d];
    into.tokens += static_cast<std::uint32_t>((reply.tokens * piece.text.size() + bytes - 1) / bytes);
  }
}

Result<std::vector<llm::Embedding>> HttpEmbedder::embed(std::span<const llm::EmbedInput> inputs, Deadline deadline,
                                                        std::stop_token stop) {
  std::vector<llm::Embedding> out;
  if (inputs.empty()) return out;
  const std::uint32_t dimensions = DM_TRY(info(deadline, stop)).dimensions;
  const std::vector<float> zero(dimensions);
  for (const llm::EmbedInput& input : inputs) {
    out.push_back({.vector = zero, .spans = std::vector<std::vector<float>>(input.spans.size(), zero)});
  }
  const std::vector<Piece> pieces = pieces_of(inputs);
  for (std::span<const Piece> left = pieces; !left.empty();) {
    const std::span<const Piece> batch = left.first(batch_size(left));
    add(batch, DM_TRY(ask(batch, dimensions, deadline, stop)), out);
    left = left.subspan(batch.size());
  }
  for (llm::Embedding& one : out) {
    normalise(one.vector);
    for (std::vector<float>& span : one.spans) normalise(span);
  }
  return out;
}

}  // namespace docmind::openai
