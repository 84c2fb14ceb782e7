// Search time and memory at growing library sizes: p50 and p99 of hybrid search, and bytes per 1,000 chunks;
// first the memory of the seed's own chunks.
//
// usage: search_scale DATA SEED-VECTORS CHUNKS...
// SEED-VECTORS: a library.db whose chunks lend their texts and vectors. Each made chunk has the words of a real one in
// another order with a number of its own, and a real vector with noise, so texts and vectors are all distinct but of
// real shape. The question's vector is a jittered real one: the embedder's time is measured elsewhere.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "library/lexical_index.h"
#include "library/library.h"
#include "retrieval/index.h"
#include "sys/clock.h"
#include "sys/rng.h"
#include "text/terms.h"

namespace docmind::bench {
namespace {

constexpr std::uint32_t kChunksPerDocument = 100;
constexpr int kQueries = 300;

struct Seed {
  std::vector<std::string> texts;
  std::vector<std::vector<float>> vectors;
};

double uniform(Rng& rng) { return static_cast<double>(rng.next() >> 11U) * 0x1p-53; }

// The vector with Gaussian-like noise of a tenth of its length, normalised again.
std::vector<float> jittered(const std::vector<float>& vector, Rng& rng) {
  std::vector<float> out = vector;
  const double scale = 0.1 * std::sqrt(3.0 / static_cast<double>(vector.size()));
  double norm = 0;
  for (float& value : out) {
    value += static_cast<float>(scale * (2 * uniform(rng) - 1));
    norm += static_cast<double>(value) * static_cast<double>(value);
  }
  for (float& value : out) value /= static_cast<float>(std::sqrt(norm));
  return out;
}

std::string shuffled(const std::string& text, std::uint64_t number, Rng& rng) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (c != ' ' && c != '\n') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  for (std::size_t i = words.size(); i > 1; --i) std::swap(words[i - 1], words[rng.next() % i]);
  std::string out = "Chunk " + std::to_string(number) + ":";
  for (const std::string& one : words) out += " " + one;
  return out;
}

// Answers with the vector it was told to.
class FixedEmbedder final : public llm::Embedder {
 public:
  FixedEmbedder(std::string model_hash, std::size_t dimensions)
      : info_{"seed", std::move(model_hash), static_cast<std::uint32_t>(dimensions), 512} {}
  void answer_with(std::vector<float> vector) { vector_ = std::move(vector); }
  Result<llm::EmbedderInfo> info(Deadline, std::stop_token) override { return info_; }
  Result<std::vector<llm::Embedding>> embed(std::span<const llm::EmbedInput> inputs, Deadline,
                                            std::stop_token) override {
    return std::vector<llm::Embedding>(inputs.size(), llm::Embedding{vector_, {}, 0});
  }

 private:
  llm::EmbedderInfo info_;
  std::vector<float> vector_;
};

library::LibraryOptions options_for(const std::filesystem::path& file) {
  library::LibraryOptions options;
  options.path = file.string();
  return options;
}

Result<Seed> read_seed(const char* path, const Clock& clock, Rng& rng) {
  auto library = DM_TRY(library::Library::open(options_for(path), clock, rng));
  auto at = DM_TRY(library->read(Deadline::never(), {}));
  Seed seed;
  DM_TRY(at.chunk_vectors([&](const library::Snapshot::Vector& row) -> Result<> {
    seed.vectors.push_back(from_halves(row.halves));
    auto chunks = at.chunks(std::span(&row.id, 1));
    if (!chunks) return std::move(chunks).error();
    seed.texts.push_back(chunks->at(0).text);
    return {};
  }));
  if (seed.texts.empty()) return Error{Code::kInvalidArgument, "The seed library is empty."};
  return seed;
}

library::NewDocument made_document(const Seed& seed, std::uint64_t number, Rng& rng,
                                   std::vector<library::Embedding>& batch) {
  library::NewDocument row;
  row.path = "/made/" + std::to_string(number) + ".txt";
  row.version = std::to_string(number);
  row.parser_version = row.chunker_version = "bench";
  row.model_hash = "seed";
  row.parsed.type = "text";
  for (std::uint32_t i = 0; i < kChunksPerDocument; ++i) {
    const std::uint64_t id = number * kChunksPerDocument + i;
    const std::size_t from = rng.next() % seed.texts.size();
    const std::uint64_t start = row.parsed.text.size();
    row.parsed.text += shuffled(seed.texts[from], id, rng);
    doc::Block block;
    block.span = {start, row.parsed.text.size()};
    row.parsed.blocks.push_back(block);
    row.parsed.text += "\n\n";
    library::NewUnit unit;
    unit.span = block.span;
    unit.block = i;
    unit.chunk = i;
    row.units.push_back(unit);
    library::NewChunk chunk;
    chunk.span = block.span;
    chunk.first_unit = i;
    chunk.end_unit = i + 1;
    chunk.embedding = content_hash(std::to_string(id));
    row.chunks.push_back(chunk);
    const Halves halves = to_halves(jittered(seed.vectors[from], rng));
    batch.push_back({chunk.embedding, "seed", static_cast<std::uint32_t>(halves.size()), halves, halves});
  }
  return row;
}

double at_share(std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

// Six to eight words of a real chunk: what a question looks like to the keyword index.
std::string some_words(const std::string& text, Rng& rng) {
  const std::string words = shuffled(text, 0, rng);
  std::size_t at = words.find(':') + 1;
  const std::size_t start = at;
  for (int i = 0; i < 7 && at != std::string::npos; ++i) at = words.find(' ', at + 1);
  return words.substr(start, at == std::string::npos ? at : at - start);
}

Result<> measure(retrieval::Index& index, FixedEmbedder& embedder, const Seed& seed, std::uint64_t chunks, Rng& rng) {
  std::vector<double> seconds;
  for (int i = 0; i < kQueries; ++i) {
    const std::size_t from = rng.next() % seed.texts.size();
    embedder.answer_with(jittered(seed.vectors[from], rng));
    const auto found = DM_TRY(index.search({some_words(seed.texts[from], rng), 10, {}}, Deadline::never(), {}));
    seconds.push_back(found.seconds);
  }
  std::sort(seconds.begin(), seconds.end());
  const retrieval::LibraryVectorsStats stats = index.stats();
  std::printf("{\"chunks\":%llu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"worst_ms\":%.3f,\"vectors\":%llu,\"bytes\":%llu}\n",
              static_cast<unsigned long long>(chunks), at_share(seconds, 0.5) * 1000, at_share(seconds, 0.99) * 1000,
              seconds.back() * 1000, static_cast<unsigned long long>(stats.chunks + stats.units),
              static_cast<unsigned long long>(stats.bytes));
  std::fflush(stdout);
  return {};
}

std::uint64_t resident_bytes() {
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<std::uint64_t>(::getpagesize());
}

// The seed's own index: real chunks with the vectors of all their units. Growth is what the process took to hold it.
Result<> measure_real(const char* path, const Clock& clock, Rng& rng) {
  auto library = DM_TRY(library::Library::open(options_for(path), clock, rng));
  auto lexical = library::fts5_index();
  FixedEmbedder embedder("seed", 1);
  const std::uint64_t before = resident_bytes();
  auto index = DM_TRY(retrieval::Index::open({}, *library, *lexical, embedder, clock));
  const std::uint64_t growth = resident_bytes() - before;
  const retrieval::LibraryVectorsStats stats = index->stats();
  std::printf("{\"real_chunks\":%llu,\"units\":%llu,\"bytes\":%llu,\"growth\":%llu}\n",
              static_cast<unsigned long long>(stats.chunks), static_cast<unsigned long long>(stats.units),
              static_cast<unsigned long long>(stats.bytes), static_cast<unsigned long long>(growth));
  std::fflush(stdout);
  return {};
}

Result<> run(int argc, char** argv) {
  const sys::RealClock clock;
  SeededRng rng(42);
  DM_TRY(measure_real(argv[2], clock, rng));
  const Seed seed = DM_TRY(read_seed(argv[2], clock, rng));
  auto library = DM_TRY(library::Library::open(options_for(std::filesystem::path(argv[1]) / "scale.db"), clock, rng));
  auto lexical = library::fts5_index();
  FixedEmbedder embedder("seed", seed.vectors[0].size());
  auto index = DM_TRY(retrieval::Index::open({}, *library, *lexical, embedder, clock));
  std::uint64_t made = 0;
  for (int i = 3; i < argc; ++i) {
    const std::uint64_t wanted = std::strtoull(argv[i], nullptr, 10) / kChunksPerDocument;
    for (; made < wanted; ++made) {
      std::vector<library::Embedding> batch;
      const library::NewDocument document = made_document(seed, made, rng, batch);
      DM_TRY(library->put_embeddings(batch, Deadline::never(), {}));
      DM_TRY(library->put_document(document, Deadline::never(), {}));
    }
    DM_TRY(measure(*index, embedder, seed, made * kChunksPerDocument, rng));
  }
  return {};
}

}  // namespace
}  // namespace docmind::bench

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: search_scale DATA SEED.db CHUNKS...\n");
    return 2;
  }
  const auto done = docmind::bench::run(argc, argv);
  if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
