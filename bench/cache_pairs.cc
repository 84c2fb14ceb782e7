// Pairs of questions that ask the same, and pairs that do not, with what the answer cache decides by: whether the
// guards find a difference, and how far apart the embedding model puts them. One JSON object a line.
//
// usage: cache_pairs BUILD FOLDER [QUESTIONS] [FILE]
//        cache_pairs BUILD FOLDER pairs FILE
// FOLDER: an empty one; QUESTIONS: of so many real ones, else of all; FILE: further real ones, one a line. Or pairs
// that people wrote, one a line: {"a", "b", "same"}. Pairs are those of src/cache/guard/testing, and each real question
// beside the three that are nearest to it. "untouched": its question is of the half that was not looked at while the
// guards' lists were made, or of FILE.
#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <set>
#include <unordered_map>

#include "base/json.h"
#include "cache/guard/guards.h"
#include "cache/guard/normalised.h"
#include "cache/guard/testing/paraphrases.h"
#include "pipeline.h"

namespace docmind::bench {
namespace {

namespace json = boost::json;
using cache::Pair;
using Vector = std::vector<float>;

constexpr std::size_t kNeighbours = 3;

double cosine(const Vector& a, const Vector& b) {
  return static_cast<double>(std::inner_product(a.begin(), a.end(), b.begin(), 0.0F));
}

class Vectors {
 public:
  explicit Vectors(llm::Embedder& embedder) : embedder_(embedder) {}

  Result<> make(const std::vector<std::string>& texts) {
    constexpr std::size_t kBatch = 64;
    std::vector<llm::EmbedInput> batch;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (!vectors_.contains(texts[i])) batch.push_back({texts[i], {}});
      vectors_.try_emplace(texts[i]);
      if (batch.empty() || (batch.size() < kBatch && i + 1 < texts.size())) continue;
      auto made = DM_TRY(embedder_.embed(batch, Deadline::never(), {}));
      for (std::size_t j = 0; j < batch.size(); ++j) vectors_[batch[j].text] = std::move(made[j].vector);
      batch.clear();
    }
    return {};
  }
  const Vector& of(const std::string& text) const { return vectors_.at(text); }

 private:
  llm::Embedder& embedder_;
  std::unordered_map<std::string, Vector> vectors_;
};

std::vector<Pair> neighbours(const std::vector<std::string>& questions, const Vectors& vectors) {
  std::vector<Pair> out;
  for (const std::string& question : questions) {
    std::vector<std::pair<double, const std::string*>> others;
    for (const std::string& other : questions) {
      if (other != question) others.emplace_back(-cosine(vectors.of(question), vectors.of(other)), &other);
    }
    const std::size_t most = std::min(kNeighbours, others.size());
    std::ranges::partial_sort(others, others.begin() + static_cast<std::ptrdiff_t>(most));
    for (std::size_t i = 0; i < most; ++i) out.push_back({"neighbour", question, *others[i].second, question});
  }
  return out;
}

struct Given {
  std::filesystem::path build;
  std::filesystem::path folder;
  std::size_t most = SIZE_MAX;
  std::vector<std::string> more{};
  const char* written = nullptr;
};

class Printer {
 public:
  Printer(const cache::Guards& guards, const Vectors& vectors, const std::vector<std::string>& more)
      : guards_(guards), vectors_(vectors), more_(more.begin(), more.end()) {}

  void print(const std::vector<Pair>& pairs, bool same) const {
    for (const Pair& pair : pairs) {
      const bool exact = cache::normalised(pair.a) == cache::normalised(pair.b);
      const cache::Reading a = guards_.read(pair.a);
      const cache::Reading b = guards_.read(pair.b);
      const cache::Difference found = guards_.difference(b, a);
      std::puts(to_text(json::object{{"kind", pair.kind},
                                     {"a", pair.a},
                                     {"b", pair.b},
                                     {"base", pair.base},
                                     {"untouched", more_.contains(pair.base) || !cache::is_for_development(pair)},
                                     {"same", same},
                                     {"exact", exact},
                                     {"guards", cache::name_of(found)},
                                     {"same_words", found == cache::Difference::kNone && guards_.same_words(b, a)},
                                     {"plain", guards_.plain(a) == guards_.plain(b)},
                                     {"distance", 1 - cosine(vectors_.of(pair.a), vectors_.of(pair.b))},
                                     {"shared_words", cache::shared_words(pair)}})
                    .c_str());
    }
  }

 private:
  const cache::Guards& guards_;
  const Vectors& vectors_;
  std::set<std::string> more_;
};

Result<> print_embedder(llm::Embedder& embedder) {
  const llm::EmbedderInfo info = DM_TRY(embedder.info(Deadline::never(), {}));
  std::puts(to_text(json::object{{"embedder", info.name}, {"hash", info.model_hash}}).c_str());
  return {};
}

// Pairs that people wrote, and whether people say that they ask the same.
Result<> run_written(const char* file, const cache::Guards& guards, llm::Embedder& embedder) {
  std::vector<Pair> same;
  std::vector<Pair> different;
  std::vector<std::string> texts;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const json::value one = DM_TRY(parse_json(line));
    const Pair pair{"P10 written by people", std::string(one.at("a").as_string()), std::string(one.at("b").as_string()),
                    std::string(one.at("a").as_string())};
    (one.at("same").as_bool() ? same : different).push_back(pair);
    texts.insert(texts.end(), {pair.a, pair.b});
  }
  Vectors vectors(embedder);
  DM_TRY(vectors.make(texts));
  DM_TRY(print_embedder(embedder));
  const Printer printer(guards, vectors, {});
  printer.print(same, true);
  printer.print(different, false);
  return {};
}

Result<> run(const Given& given) {
  auto pipeline = DM_TRY(Pipeline::open(given.build, given.folder));
  sys::RealFiles files;
  const cache::Guards guards = DM_TRY(cache::Guards::open(files, given.build / "share/docmind/words.lexicon"));
  if (given.written != nullptr) return run_written(given.written, guards, pipeline->embedder());
  std::vector<std::string> questions = cache::real_questions();
  questions.insert(questions.end(), given.more.begin(), given.more.end());
  questions = cache::usable(std::move(questions), guards);
  if (questions.size() > given.most) questions.resize(given.most);
  const cache::Paraphrases same(questions);
  const cache::Negatives different(questions);
  std::vector<std::string> texts = questions;
  for (const auto* pairs : {&same.pairs(), &different.pairs()}) {
    for (const Pair& pair : *pairs) texts.insert(texts.end(), {pair.a, pair.b});
  }
  Vectors vectors(pipeline->embedder());
  DM_TRY(vectors.make(texts));
  DM_TRY(print_embedder(pipeline->embedder()));
  const Printer printer(guards, vectors, given.more);
  printer.print(same.pairs(), true);
  printer.print(different.pairs(), false);
  printer.print(neighbours(questions, vectors), false);
  return {};
}

Given given_of(int argc, char** argv) {
  Given out{.build = argv[1], .folder = argv[2]};
  if (argc > 4 && std::string_view(argv[3]) == "pairs") {
    out.written = argv[4];
    return out;
  }
  if (argc > 3) out.most = std::strtoul(argv[3], nullptr, 10);
  if (argc > 4) {
    std::ifstream file(argv[4]);
    for (std::string line; std::getline(file, line);) out.more.push_back(line);
  }
  return out;
}

}  // namespace
}  // namespace docmind::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: cache_pairs BUILD FOLDER [QUESTIONS] [FILE]\n", stderr);
    return 2;
  }
  const auto done = docmind::bench::run(docmind::bench::given_of(argc, argv));
  if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
