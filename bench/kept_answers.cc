// What it takes to begin with many kept answers, and to keep some more: one JSON object.
//
// usage: kept_answers ANSWERS KEEPS FOLDER [REDIS-PORT [PORT-TO-BEGIN-BY]]   (FOLDER: an empty one)
// The answers are put there first, with the lists of their keys, as an earlier process would have. Texts are made up,
// vectors are random: neither what they say nor how near they are counts here.
#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/half.h"
#include "base/json.h"
#include "cache/answer_cache.h"
#include "cache/entries/entry_file.h"
#include "cache/record.h"
#include "cache/redis/redis_entries.h"
#include "library/library.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/rng.h"

namespace docmind::bench {
namespace {

namespace json = boost::json;

constexpr std::size_t kDimensions = 384;
constexpr std::size_t kAnswerBytes = 3000;
constexpr std::uint64_t kMostEntries = 1'000'000;

struct Arguments {
  std::size_t answers = 0;
  std::size_t keeps = 0;
  std::filesystem::path folder;
  std::uint16_t redis = 0;  // 0: the embedded cache.
  std::uint16_t begin_by = 0;
};

std::vector<float> vector_of(std::size_t number) {
  std::minstd_rand chance(static_cast<unsigned>(number + 1));
  std::normal_distribution<float> normal;
  std::vector<float> out(kDimensions);
  double square = 0;
  for (float& x : out) {
    x = normal(chance);
    square += static_cast<double>(x) * x;
  }
  for (float& x : out) x /= static_cast<float>(std::sqrt(square));
  return out;
}

std::string answer_to(std::size_t number) {
  const std::vector<std::string> words = {"the", "pump", "pressure", "of", "runs", "at", "contract", "page", "bar"};
  std::minstd_rand chance(static_cast<unsigned>(number + 1));
  std::string out;
  while (out.size() < kAnswerBytes) {
    out += words[chance() % words.size()] + " " + std::to_string(chance() % 1000) + " ";
  }
  return out;
}

std::string question_of(std::size_t number) { return "What does contract " + std::to_string(number) + " say?"; }

class Bench {
 public:
  explicit Bench(Arguments given) : given_(std::move(given)) {}

  Result<json::object> run() {
    library::LibraryOptions options;
    options.path = (given_.folder / "library.db").string();
    library_ = DM_TRY(library::Library::open(std::move(options), clock_, rng_));
    DM_TRY(open_entries(given_.redis));
    DM_TRY(fill());
    DM_TRY(open_entries(given_.begin_by == 0 ? given_.redis : given_.begin_by));
    const TimePoint start = clock_.now();
    DM_TRY(open_cache());
    const double seconds = std::chrono::duration<double>(clock_.now() - start).count();
    const std::uint64_t known = DM_TRY(cache_->stats()).answers;
    if (known != given_.answers) return Error{Code::kInternal, "not all of them were found"};
    std::vector<double> micros;
    for (std::size_t i = 0; i < given_.keeps; ++i) micros.push_back(DM_TRY(keep(given_.answers + i)));
    std::ranges::sort(micros);
    const auto share = [&](double of) {
      return micros[static_cast<std::size_t>(of * static_cast<double>(micros.size() - 1))];
    };
    return json::object{{"begin_seconds", seconds}, {"keep_p50", share(0.5)}, {"keep_p99", share(0.99)}};
  }

 private:
  Result<> open_entries(std::uint16_t redis) {
    entries_.reset();
    if (redis == 0) {
      entries_ = DM_TRY(cache::EntryFile::open(
          {.path = given_.folder / "answers.db", .max_entries = kMostEntries, .max_bytes = 8ULL << 30U},
          {clock_, files_, log_}));
    } else {
      entries_ = DM_TRY(cache::RedisEntries::open({.url = {.host = "127.0.0.1", .port = redis},
                                                   .timeout = std::chrono::seconds(5),
                                                   .max_entries = kMostEntries},
                                                  clock_));
    }
    return {};
  }

  Result<> fill() {
    std::map<std::string, std::string> lists;
    for (std::size_t i = 0; i < given_.answers; ++i) {
      cache::Record record{.scope = hash_of(scope_), .question = question_of(i), .space = scope_.embedder};
      record.key = cache::key_of(record.scope, record.question);
      record.vector = to_halves(vector_of(i));
      record.made_ms = clock_.wall().time_since_epoch().count();
      record.answer = answer_to(i);
      lists[record.key.substr(0, 2)] += record.key;
      DM_TRY(put(record.key, write_record(record)));
    }
    for (auto& [digits, keys] : lists) DM_TRY(put("answers " + library_->identity() + " " + digits, std::move(keys)));
    return {};
  }
  Result<> put(const std::string& key, std::string value) {
    return entries_->put(key, {.value = std::move(value), .ttl = cache::kForever}, Deadline::never(), {});
  }

  Result<> open_cache() {
    cache::AnswerCacheDeps deps{.entries = *entries_, .library = *library_, .clock = clock_, .metrics = metrics_};
    deps.normalised = [](std::string_view text) { return std::string(text); };
    deps.compare = [](std::string_view) -> cache::Compare {
      return [](std::string_view) { return Result<cache::Compared>(cache::Compared{}); };
    };
    cache_ = DM_TRY(
        cache::AnswerCache::open({.questions = given_.answers + given_.keeps}, std::move(deps), Deadline::never(), {}));
    return {};
  }

  // How long it took, in µs.
  Result<double> keep(std::size_t number) {
    cache::Asked asked{.question = question_of(number), .scope = scope_, .use = cache::Use::kRefresh};
    asked.vector = [number](Deadline, std::stop_token) -> Result<std::vector<float>> { return vector_of(number); };
    auto looked = DM_TRY(cache_->look(asked, Deadline::never(), {}));
    cache::Offered offered{.answer = answer_to(number)};
    offered.manifest.cited.resize(1);
    offered.facts = {.answered = true, .grounded = true};
    const TimePoint start = clock_.now();
    if (cache_->offer(std::move(looked.ticket), std::move(offered), Deadline::never(), {})) {
      return Error{Code::kInternal, "it was not kept"};
    }
    return std::chrono::duration<double, std::micro>(clock_.now() - start).count();
  }

  const Arguments given_;
  sys::RealClock clock_;
  sys::RealFiles files_;
  sys::RealRng rng_;
  obs::Log log_;
  obs::Metrics metrics_;
  const cache::Scope scope_{.corpus = "bench", .embedder = "random", .query_type = "ask"};
  std::unique_ptr<library::Library> library_;
  std::unique_ptr<cache::Entries> entries_;
  std::unique_ptr<cache::AnswerCache> cache_;
};

Result<> run(std::span<char*> words) {
  const auto number = [&](std::size_t at) {
    std::size_t out = 0;
    if (at < words.size()) {
      const std::string_view word = words[at];
      (void)std::from_chars(word.data(), word.data() + word.size(), out);
    }
    return out;
  };
  Bench bench({.answers = number(0),
               .keeps = number(1),
               .folder = words[2],
               .redis = static_cast<std::uint16_t>(number(3)),
               .begin_by = static_cast<std::uint16_t>(number(4))});
  std::puts(to_text(DM_TRY(bench.run())).c_str());
  return {};
}

}  // namespace
}  // namespace docmind::bench

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: kept_answers ANSWERS KEEPS FOLDER [REDIS-PORT [PORT-TO-BEGIN-BY]]\n", stderr);
    return 2;
  }
  const auto done = docmind::bench::run({argv + 1, static_cast<std::size_t>(argc - 1)});
  if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
