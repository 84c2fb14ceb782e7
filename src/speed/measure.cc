#include "speed/measure.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <utility>

#include "base/json_members.h"
#include "store/database.h"
#include "validate/prompt.h"
#include "validate/ships.h"

namespace docmind::speed {
namespace {

namespace json = boost::json;
using validate::kShips;
using validate::Product;
using validate::Ship;
using validate::ship;

constexpr std::size_t kSearches = 20;
constexpr std::size_t kQuestions = 10;
constexpr std::size_t kTexts = 32;
constexpr std::size_t kPassages = 20;  // Held against a question.
constexpr std::size_t kCommits = 50;
constexpr std::size_t kReads = 1000;
constexpr auto kPatience = std::chrono::seconds(30);

double milliseconds(Duration took) { return std::chrono::duration<double, std::milli>(took).count(); }
double a_second(std::size_t things, double milliseconds) { return 1000 * static_cast<double>(things) / milliseconds; }

// Another ship for each question of each round.
Ship another(std::size_t round, std::size_t number) { return ship((round * kQuestions + number) % kShips); }

// The ships' documents as strings that no earlier round had.
json::array texts(std::size_t count, std::size_t round) {
  json::array out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(json::value(fmt::format("{}.{} {}", round, i, ship(i % kShips).document())));
  }
  return out;
}

Result<std::int64_t> number_in(store::Database& database, std::size_t row, const Clock& clock,
                               const std::stop_token& stop) {
  auto reader = DM_TRY(database.read(Deadline::in(kPatience, clock), stop));
  auto rows = DM_TRY(reader.query("SELECT length(text) FROM note WHERE rowid = ?1", {static_cast<std::int64_t>(row)}));
  DM_TRY(rows.step());
  return rows.integer(0);
}

struct ContextSize {
  std::string_view id;
  std::size_t tokens;
};
constexpr std::array kContextSizes = {ContextSize{"context.decode_4k", 4'096},
                                      ContextSize{"context.decode_32k", 32'768},
                                      ContextSize{"context.decode_120k", 120'000}};

}  // namespace

void measure_search(const Product& product, std::size_t round, Samples& out) {
  double all = 0;
  for (std::size_t i = 0; i < kSearches; ++i) {
    const auto query = fmt::format("{} voyage {}", ship(i % kShips).name, round * kSearches + i);
    const auto found = product.get("/api/search", {{"q", query}});
    if (!found) return out.fail("search.time", found.error());
    all += found->milliseconds;
  }
  out.add("search.time", all / kSearches);
}

void measure_cache(const Product& product, std::size_t round, Samples& out) {
  const Ship one = another(round, 0);
  if (const auto first = product.ask(one.when_built(), Product::Kept::kMay); !first) {
    out.fail("cache.reworded", first.error());
    return out.fail("cache.exact", first.error());
  }
  const auto again = [&](std::string_view id, const std::string& question) {
    double all = 0;
    for (std::size_t i = 0; i < kQuestions; ++i) {
      const auto reply = product.ask(question, Product::Kept::kMay);
      if (!reply) return out.fail(id, reply.error());
      if (json_text(json_member(reply->body, "cache")) == "miss") {
        return out.fail(id, {Code::kNotFound, "the answer was not given again"});
      }
      all += reply->milliseconds;
    }
    out.add(id, all / kQuestions);
  };
  again("cache.exact", one.when_built());
  again("cache.reworded", "Please tell me: " + one.when_built());
}

void measure_agents(const Product& product, std::size_t round, Samples& out) {
  double all = 0;
  for (std::size_t i = 0; i < kQuestions; ++i) {
    const auto reply = product.ask(another(round, i).where_built(), Product::Kept::kNo);
    if (!reply) return out.fail("agents.answer", reply.error());
    all += reply->milliseconds;
  }
  out.add("agents.answer", all / kQuestions);
}

void measure_embedding(const Product& product, std::string_view model, std::size_t round, Samples& out) {
  const auto reply = product.post("/v1/embeddings", json::object{{"model", model}, {"input", texts(kTexts, round)}});
  if (!reply) return out.fail("embed.texts", reply.error());
  out.add("embed.texts", a_second(json_list(json_member(reply->body, "data")).size(), reply->milliseconds));
}

void measure_reranking(const Product& product, std::string_view model, std::size_t round, Samples& out) {
  const auto reply = product.post("/v1/rerank", json::object{{"model", model},
                                                             {"query", another(round, 0).when_built()},
                                                             {"documents", texts(kPassages, round)}});
  if (!reply) return out.fail("rerank.pairs", reply.error());
  out.add("rerank.pairs", a_second(json_list(json_member(reply->body, "results")).size(), reply->milliseconds));
}

std::uint64_t measure_chat(const Product& product, std::string_view model, std::size_t round, Samples& out) {
  constexpr std::size_t kDocuments = 8;
  const auto speed =
      validate::speed_of(product, model, kDocuments, fmt::format("Round {}: what have these in common?", round));
  if (!speed) {
    out.fail("decode.speed", speed.error());
    out.fail("prefill.speed", speed.error());
    return 0;
  }
  out.add("decode.speed", speed->decode);
  out.add("prefill.speed", speed->prefill);
  return speed->prompt / kDocuments;
}

void measure_trimming(const Clock& clock, std::stop_token stop, Samples& out) {
  validate::Measurements measured;
  validate::measure_trimming(clock, std::move(stop), measured);
  const validate::Measurement* one = measured.find("context_trimming");
  if (one == nullptr || !one->figure) {
    return out.fail("context.trim", {Code::kInternal, one == nullptr ? "nothing was measured" : one->said});
  }
  out.add("context.trim", *one->figure);
}

void measure_long_contexts(const Product& product, std::string_view model, std::uint64_t tokens_of_ship,
                           Duration patience, Samples& out) {
  const std::optional<Sampled> prefill = out.sampled("prefill.speed");
  for (const ContextSize& one : kContextSizes) {
    if (tokens_of_ship == 0) out.fail(one.id, {Code::kUnavailable, "the chat model did not answer"});
    if (out.absence(one.id) != nullptr || out.failure(one.id) != nullptr) continue;
    const double seconds = prefill && prefill->median > 0 ? static_cast<double>(one.tokens) / prefill->median : 0;
    if (seconds > std::chrono::duration<double>(patience).count()) {
      out.not_here(one.id, fmt::format("reading so much would take about {:.0f} s; --patience", seconds));
      continue;
    }
    const auto speed =
        validate::speed_of(product, model, one.tokens / tokens_of_ship, fmt::format("{} tokens.", one.tokens));
    if (speed) {
      out.add(one.id, speed->decode);
    } else if (speed.error().code == Code::kInvalidArgument || speed.error().code == Code::kResourceExhausted) {
      out.not_here(one.id, speed.error().message);
    } else {
      out.fail(one.id, speed.error());
    }
  }
}

void measure_database(const std::filesystem::path& folder, std::size_t round, const Clock& clock,
                      const std::stop_token& stop, Samples& out) {
  store::DatabaseOptions options;
  options.path = (folder / fmt::format("speed-{}.db", round)).string();
  options.migrations = {{.version = 1, .up = "CREATE TABLE note(text TEXT)", .down = "DROP TABLE note"}};
  const auto database = store::Database::open(std::move(options));
  if (!database) return out.fail("db.commit", database.error());
  TimePoint start = clock.now();
  for (std::size_t i = 0; i < kCommits; ++i) {
    const auto written =
        (*database)->write([](store::Transaction& at) { return at.run("INSERT INTO note(text) VALUES('a note')"); },
                           Deadline::in(kPatience, clock), stop);
    if (!written) return out.fail("db.commit", written.error());
  }
  out.add("db.commit", milliseconds(clock.now() - start) / kCommits);
  start = clock.now();
  for (std::size_t i = 0; i < kReads; ++i) {
    const auto read = number_in(**database, 1 + i % kCommits, clock, stop);
    if (!read) return out.fail("db.read", read.error());
  }
  out.add("db.read", 1000 * milliseconds(clock.now() - start) / kReads);
}

}  // namespace docmind::speed
