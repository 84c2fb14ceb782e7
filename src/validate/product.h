// What is measured of a DocMind that runs, over its HTTP API, with documents of our own (ships.h).
//
// Thread safety: each function on one thread; some ask from several. They put what they found, or why there is nothing,
// into the measurements; only a stop is their error.
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "exec/wait.h"
#include "net/client.h"
#include "validate/report.h"

namespace docmind::validate {

// Thread safety: any.
class Product {
 public:
  Product(net::Client& client, net::Endpoint at, const Clock& clock, std::stop_token stop)
      : client_(client), at_(std::move(at)), clock_(clock), stop_(std::move(stop)) {}

  struct Reply {
    boost::json::value body;  // A text that is no JSON: as a string.
    double milliseconds = 0;  // From the first byte sent to the last one read.
  };
  using Query = std::vector<std::pair<std::string, std::string>>;
  Result<Reply> get(std::string path, Query query = {}) const;
  Result<Reply> post(std::string path, const boost::json::value& body) const;
  Result<Reply> send(std::string method, std::string path, const boost::json::value& body) const;

  // A combined answer that was made anew, or with `kept` may be one that was given before.
  enum class Kept : std::uint8_t { kNo, kMay };
  Result<Reply> ask(std::string_view question, Kept kept) const;

  const Clock& clock() const { return clock_; }
  bool stopped() const { return stop_.stop_requested(); }
  void rest(Duration time) const { exec::rest(Deadline::in(time, clock_), stop_); }  // Less when stopped.

 private:
  Result<Reply> timed(net::Request request) const;

  net::Client& client_;
  const net::Endpoint at_;
  const Clock& clock_;
  const std::stop_token stop_;
};

// The ships' documents in the folder, which is there: read twice. ingest_rate, second_reading.
void measure_reading(const Product& product, const std::filesystem::path& folder, Measurements& out);
// search_mean, search_slowest.
void measure_search(const Product& product, Measurements& out);
// Different questions, ten at a time. queries_succeed, queries_rate, memory_growth, memory.
void measure_questions(const Product& product, Measurements& out);
// kept_answer, kept_share.
void measure_kept_answers(const Product& product, Measurements& out);
// What the agents did so far, by the product's own targets. coordination, handoff, performance_targets_set,
// multi_agent_optimized.
void measure_agents(const Product& product, std::uint32_t parallel, Measurements& out);
// health_report, health_ready, metrics_exported.
void measure_health(const Product& product, bool card, Measurements& out);
// `declared`: GET /api/settings as it should be, as far as the settings in force are those. settings_unified,
// settings_reload.
void measure_settings(const Product& product, const boost::json::value& declared, Measurements& out);
// One whose chat model writes. The folder is that of measure_reading. token_reduction.
void measure_tokens(const Product& product, const std::filesystem::path& folder, Measurements& out);
// Of the chat model by that name, by its own count: tokens a second, written and read, after a text of so many ships'
// documents, about 250 tokens each. `beginning`: how the text begins; what it was read with before is not read again.
struct Speed {
  double decode = 0;
  double prefill = 0;
  std::uint64_t prompt = 0;  // Tokens of the text, with those that were not read again.
};
Result<Speed> speed_of(const Product& product, std::string_view model, std::size_t documents = 8,
                       std::string_view beginning = "Tell what these ships have in common.");
// A product whose back end nobody answers for and one of whose agents is away: answers_with_faults, backend_switch.
void measure_faults(const Product& product, Measurements& out);

// The share of the first ships' questions whose answer has the year in it, 0 to 1, and the slowest's seconds.
struct Answered {
  double share = 0;
  double slowest = 0;
};
Result<Answered> ask_of_ships(const Product& product, std::size_t ships, Product::Kept kept);

}  // namespace docmind::validate
