// What the cache of answers costs, on a real library with real answers: one JSON object for each line of standard
// input.
//
// usage: cache BUILD FOLDER QUESTIONS.json ENTRIES DOCUMENT...   (FOLDER: an empty one)
// QUESTIONS.json: {"stored": [...], "asked": [...], "mistyped": [...], "embedded": n}, as bench/peers/gptcache_hit.py
// takes it (without "mistyped"). Answers
// are those that the library's documents give to the stored questions, in turn; every hit is held against the library.
// Commands: "exact N", "agent N" (as another agent), "semantic N" (the asked ones),
// "vector N" (the mistyped ones, which are found by their vectors alone), "miss N", "keep N", "reopen 1"; an
// empty line or the end ends it. Times are µs; of them "embedding" is the embedding model's share.
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>

#include "agents/ask.h"
#include "agents/kept_answer.h"
#include "base/json.h"
#include "cache/answer_cache.h"
#include "cache/entries/entry_file.h"
#include "cache/guard/guards.h"
#include "cache/guard/normalised.h"
#include "pipeline.h"

namespace docmind::bench {
namespace {

namespace json = boost::json;
using Vector = std::vector<float>;

constexpr std::size_t kAnswers = 64;  // Made by the real agents; entries share them.

double micros_of(Duration time) { return std::chrono::duration<double, std::micro>(time).count(); }

std::uint64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  in >> all >> resident;
  return resident * 4096;
}

std::uint64_t bytes_of(const std::filesystem::path& folder, std::string_view beginning) {
  std::uint64_t out = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().filename().string().starts_with(beginning)) out += file.file_size();
  }
  return out;
}

struct Questions {
  std::vector<std::string> stored;
  std::vector<std::string> asked;
  std::vector<std::string> mistyped;
  std::size_t embedded = 0;
};

Result<Questions> read_questions(const char* path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const json::value all = DM_TRY(parse_json(text));
  Questions out;
  for (const json::value& one : all.at("stored").as_array()) out.stored.emplace_back(one.as_string());
  for (const json::value& one : all.at("asked").as_array()) out.asked.emplace_back(one.as_string());
  for (const json::value& one : all.at("mistyped").as_array()) out.mistyped.emplace_back(one.as_string());
  out.embedded = std::min(out.stored.size(), all.at("embedded").to_number<std::size_t>());
  return out;
}

cache::Offered offered_of(const agents::Answer& answer) {
  cache::Offered out{.answer = agents::keep_answer(answer), .said = answer.text};
  for (const agents::Claim& claim : answer.claims) {
    for (const agents::Citation& one : claim.citations) {
      out.manifest.cited.push_back({one.document_id, one.document, one.version, one.span, content_hash(one.quote)});
      out.manifest.read.push_back(one.document_id);
    }
  }
  out.facts = {.answered = true, .grounded = true};
  out.seconds = answer.seconds;
  return out;
}

class Bench {
 public:
  static Result<std::unique_ptr<Bench>> open(std::span<char*> given) {
    const std::filesystem::path build = given[0];
    auto out = std::unique_ptr<Bench>(new Bench(given[1], std::strtoul(given[3], nullptr, 10)));
    out->pipeline_ = DM_TRY(Pipeline::open(build, out->folder_, 0));
    const ingest::Summary summary = DM_TRY(out->pipeline_->ingest({given.begin() + 4, given.end()}));
    std::fprintf(stderr, "%llu documents, %.1f s\n", static_cast<unsigned long long>(summary.documents),
                 summary.seconds);
    sys::RealFiles files;
    out->guards_ = DM_TRY(cache::Guards::open(files, build / "share" / "docmind" / "words.lexicon"));
    out->questions_ = DM_TRY(read_questions(given[2]));
    out->entries_wanted_ = std::min(out->entries_wanted_, out->questions_.stored.size());
    out->scope_.corpus = out->folder_;
    out->scope_.embedder = DM_TRY(out->pipeline_->embedder().info(Deadline::never(), {})).model_hash;
    DM_TRY(out->make_answers());
    DM_TRY(out->make_vectors());
    DM_TRY(out->fill());
    return out;
  }

  Result<json::object> command(const std::string& name, std::size_t times) {
    if (name == "reopen") return reopened();
    json::array all;
    json::array embedding;
    json::array offering;
    std::size_t right = 0;
    std::size_t hits = 0;
    std::map<std::string, int> whys;
    for (std::size_t i = 0; i < times; ++i) {
      const std::size_t of = (i * 7919) % reach();
      embedding_us_ = 0;
      cache::Asked asked = asked_of(name, of);
      const TimePoint start = clock_.now();
      auto looked = DM_TRY(cache_->look(asked, Deadline::never(), {}));
      all.emplace_back(micros_of(clock_.now() - start));
      embedding.emplace_back(embedding_us_);
      hits += looked.hit ? 1 : 0;
      right += looked.hit && looked.hit->trace_id == std::to_string(of) ? 1 : 0;
      if (!looked.hit) ++whys[looked.why];
      if (name != "keep") continue;
      const TimePoint made = clock_.now();
      if (cache_->offer(std::move(looked.ticket), answers_[i % answers_.size()], Deadline::never(), {})) {
        return Error{Code::kInternal, "an answer was not kept"};
      }
      offering.emplace_back(micros_of(clock_.now() - made));
    }
    json::object why;
    for (const auto& [word, count] : whys) why[word] = count;
    return json::object{
        {"us", std::move(all)}, {"embedding", std::move(embedding)}, {"offer", std::move(offering)}, {"hits", hits},
        {"right", right},       {"missed", std::move(why)}};
  }

  json::object filled() const { return filled_; }

 private:
  Bench(std::string folder, std::size_t entries) : folder_(std::move(folder)), entries_wanted_(entries) {}

  std::size_t reach() const { return std::min(entries_wanted_, questions_.embedded); }

  cache::Asked asked_of(const std::string& name, std::size_t of) {
    cache::Asked asked{.scope = scope_};
    if (name == "semantic") {
      asked.question = questions_.asked[of];
    } else if (name == "vector") {
      asked.question = questions_.mistyped[of];
    } else if (name == "miss" || name == "keep") {
      asked.question = "Which " + std::to_string(fresh_++) + " birds sang in the ministry's cellar?";
    } else {
      asked.question = questions_.stored[of];
    }
    if (name == "agent") asked.agent = "retrieval_expert";
    asked.vector = [this, text = asked.question](Deadline deadline, std::stop_token stop) -> Result<Vector> {
      const TimePoint start = clock_.now();
      const llm::EmbedInput input{text, {}};
      auto made = DM_TRY(pipeline_->embedder().embed({&input, 1}, deadline, std::move(stop)));
      embedding_us_ = micros_of(clock_.now() - start);
      return std::move(made.front().vector);
    };
    return asked;
  }

  Result<> make_answers() {
    auto index = DM_TRY(pipeline_->index({}));
    agents::AskOptions options;
    options.synthesis.tau = 0.2;  // What is asked is not what these documents are about.
    for (const std::string& question : questions_.asked) {
      if (answers_.size() == kAnswers) break;
      const agents::Answer answer = DM_TRY(agents::ask(
          {question, {}}, options, {pipeline_->library(), *index, clock_, pipeline_->rng()}, Deadline::never(), {}));
      if (!answer.claims.empty()) answers_.push_back(offered_of(answer));
    }
    if (answers_.empty()) return Error{Code::kInternal, "the documents answer nothing"};
    return {};
  }

  Result<> make_vectors() {
    constexpr std::size_t kBatch = 64;
    for (std::size_t at = 0; at < reach(); at += kBatch) {
      std::vector<llm::EmbedInput> batch;
      for (std::size_t i = at; i < std::min(at + kBatch, reach()); ++i) batch.push_back({questions_.stored[i], {}});
      for (auto& one : DM_TRY(pipeline_->embedder().embed(batch, Deadline::never(), {}))) {
        vectors_.push_back(std::move(one.vector));
      }
    }
    return {};
  }

  // Of entries past those that were embedded: between two of those, so that the index is as full as it would be.
  Vector vector_of(std::size_t entry) const {
    if (entry < vectors_.size()) return vectors_[entry];
    const Vector& a = vectors_[(entry * 7919) % vectors_.size()];
    const Vector& b = vectors_[(entry * 104'729) % vectors_.size()];
    Vector out(a.size());
    double square = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      out[i] = a[i] + b[i];
      square += static_cast<double>(out[i] * out[i]);
    }
    for (float& x : out) x /= static_cast<float>(std::sqrt(square));
    return out;
  }

  Result<> open_cache() {
    cache::EntryFileOptions kept{.path = std::filesystem::path(folder_) / "cache.db"};
    kept.max_entries = 4 * entries_wanted_ + 10'000;
    kept.max_bytes = kept.max_entries * 8192;
    entries_ = DM_TRY(cache::EntryFile::open(std::move(kept), {clock_, files_, log_}));
    cache::AnswerCacheDeps deps{.entries = *entries_,
                                .library = pipeline_->library(),
                                .clock = clock_,
                                .metrics = metrics_,
                                .normalised = [](std::string_view text) { return cache::normalised(text); }};
    deps.plain = [this](std::string_view text) { return guards_.plain(guards_.read(text)); };
    deps.compare = [this](std::string_view asked) { return cache::compare_with(guards_, asked); };
    const cache::AnswerCacheOptions options{.questions = 2 * entries_wanted_ + 10'000};
    cache_ = DM_TRY(cache::AnswerCache::open(options, std::move(deps), Deadline::never(), {}));
    return {};
  }

  Result<> fill() {
    DM_TRY(open_cache());
    const std::uint64_t before = resident_bytes();
    std::map<std::string, int> not_kept;
    const TimePoint start = clock_.now();
    for (std::size_t i = 0; i < entries_wanted_; ++i) {
      cache::Asked asked{.question = questions_.stored[i], .scope = scope_, .use = cache::Use::kRefresh};
      asked.vector = [this, i](Deadline, std::stop_token) -> Result<Vector> { return vector_of(i); };
      auto looked = DM_TRY(cache_->look(asked, Deadline::never(), {}));
      cache::Offered offered = answers_[i % answers_.size()];
      offered.trace_id = std::to_string(i);
      const auto refused = cache_->offer(std::move(looked.ticket), std::move(offered), Deadline::never(), {});
      if (refused) ++not_kept[std::string(cache::name_of(*refused))];
    }
    for (const auto& [why, count] : not_kept) std::fprintf(stderr, "%d not kept: %s\n", count, why.c_str());
    const auto stats = DM_TRY(entries_->stats());
    filled_ = {{"entries", entries_wanted_},
               {"seconds", std::chrono::duration<double>(clock_.now() - start).count()},
               {"resident_bytes", resident_bytes() - before},
               {"hot_bytes", stats.hot_bytes},
               {"value_bytes", stats.value_bytes},
               {"file_bytes", bytes_of(folder_, "cache.db")}};
    return {};
  }

  Result<json::object> reopened() {
    cache_.reset();
    entries_.reset();
    const TimePoint start = clock_.now();
    DM_TRY(open_cache());
    const double seconds = std::chrono::duration<double>(clock_.now() - start).count();
    return json::object{{"seconds", seconds}, {"answers", DM_TRY(cache_->stats()).answers}};
  }

  const std::string folder_;
  std::size_t entries_wanted_;
  sys::RealClock clock_;
  sys::RealFiles files_;
  obs::Log log_;
  obs::Metrics metrics_;
  cache::Guards guards_;
  std::unique_ptr<Pipeline> pipeline_;
  Questions questions_;
  cache::Scope scope_;
  std::vector<cache::Offered> answers_;
  std::vector<Vector> vectors_;
  std::unique_ptr<cache::EntryFile> entries_;
  std::unique_ptr<cache::AnswerCache> cache_;
  json::object filled_;
  double embedding_us_ = 0;
  std::size_t fresh_ = 0;
};

Result<> run(std::span<char*> given) {
  auto bench = DM_TRY(Bench::open(given));
  std::cout << to_text(bench->filled()) << std::endl;
  for (std::string line; std::getline(std::cin, line) && !line.empty();) {
    std::istringstream words(line);
    std::string name;
    std::size_t times = 0;
    words >> name >> times;
    std::cout << to_text(DM_TRY(bench->command(name, times))) << std::endl;
  }
  return {};
}

}  // namespace
}  // namespace docmind::bench

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fputs("usage: cache BUILD FOLDER QUESTIONS.json ENTRIES DOCUMENT...\n", stderr);
    return 2;
  }
  const auto done = docmind::bench::run({argv + 1, static_cast<std::size_t>(argc - 1)});
  if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
