#include "validate/product.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <numeric>
#include <thread>

#include "base/json.h"
#include "base/json_members.h"
#include "sys/process.h"
#include "validate/ships.h"

namespace docmind::validate {
namespace {

namespace json = boost::json;

constexpr auto kPatience = std::chrono::minutes(5);  // With one request, of a chat model on a processor too.
constexpr std::uint64_t kMaxReply = 64U << 20U;
constexpr double kMebibyte = 1U << 20U;
constexpr double kGibibyte = 1U << 30U;
constexpr std::size_t kSearches = 50;
constexpr std::size_t kAtATime = 10;
constexpr auto kSamples = std::chrono::seconds(15);  // Some of the samples that the product takes of the machine.
constexpr auto kPause = std::chrono::milliseconds(200);
constexpr std::size_t kLooks = 20;
constexpr std::size_t kWithFaults = 20;
constexpr std::uint32_t kChangedK = 3;

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}
double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// What failed, for each of these that nothing was said of yet.
void fail_all(Measurements& out, std::initializer_list<std::string_view> ids, const Error& error) {
  for (const std::string_view id : ids) {
    if (out.find(id) == nullptr) out.failed(id, error);
  }
}

double rate(std::size_t things, double milliseconds) {
  return milliseconds <= 0 ? 0 : 1000 * static_cast<double>(things) / milliseconds;
}

// With less than was wanted (status "partial") too: it is the right answer.
bool has(const json::value& answer, std::string_view words) {
  return json_text(json_member(answer, "answer")).find(words) != std::string_view::npos;
}

struct Questions {
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> answered = 0;
};

// The when and the where of each ship: 2 * kShips questions.
void ask_some(const Product& product, Questions& questions) {
  for (;;) {
    const std::size_t at = questions.next++;
    if (at >= 2 * kShips || product.stopped()) return;
    const Ship one = ship(at % kShips);
    const auto reply = product.ask(at < kShips ? one.when_built() : one.where_built(), Product::Kept::kNo);
    if (reply && has(reply->body, at < kShips ? one.year : one.place)) ++questions.answered;
  }
}

const json::value& target_named(const json::value& targets, std::string_view name) {
  for (const json::value& one : json_list(json_member(targets, "targets"))) {
    if (json_text(json_member(one, "name")) == name) return one;
  }
  return json_member(targets, "");
}

std::optional<double> measured_of(const json::value& target) {
  const json::value& measured = json_member(target, "measured");
  return measured.is_number() ? std::optional(measured.to_number<double>()) : std::nullopt;
}

const json::value& value_of(const json::value& settings, std::string_view key) {
  for (const json::value& one : json_list(json_member(settings, "settings"))) {
    if (json_text(json_member(one, "key")) == key) return json_member(one, "value");
  }
  return json_member(settings, "");
}

// Some are told from the second sample of the machine on: until then they are waited for.
Result<std::vector<std::string_view>> missing_metrics(const Product& product, bool card) {
  std::vector<std::string_view> wanted = {"docmind_queries_total",     "docmind_query_duration_seconds",
                                          "docmind_active_queries",    "docmind_cpu_usage_percent",
                                          "docmind_cache_hits_total",  "docmind_cache_misses_total",
                                          "docmind_memory_usage_bytes"};
  if (card) wanted.push_back("docmind_gpu_memory_bytes");
  const Deadline patience = Deadline::in(kSamples, product.clock());
  for (;;) {
    const auto metrics = DM_TRY(product.get("/metrics"));
    std::erase_if(wanted, [&](std::string_view name) {
      return json_text(metrics.body).find(fmt::format("\n# TYPE {} ", name)) != std::string_view::npos;
    });
    if (wanted.empty() || patience.expired()) return wanted;
    product.rest(kPause);
  }
}

Result<std::size_t> hits_of_a_search(const Product& product) {
  const auto found = DM_TRY(product.get("/api/search", {{"q", "oak from the inland forests"}}));
  return json_list(json_member(found.body, "hits")).size();
}

}  // namespace

Result<Product::Reply> Product::timed(net::Request request) const {
  const TimePoint start = clock_.now();
  auto reply = DM_TRY(
      client_.call(at_, request, {.deadline = Deadline::in(kPatience, clock_), .stop = stop_, .max_body = kMaxReply}));
  Reply out;
  out.milliseconds = std::chrono::duration<double, std::milli>(clock_.now() - start).count();
  auto parsed = parse_json(reply.body);
  out.body = parsed ? *std::move(parsed) : json::value(reply.body);
  return out;
}

Result<Product::Reply> Product::get(std::string path, Query query) const {
  net::Request request;
  request.target.path = std::move(path);
  request.target.query = std::move(query);
  return timed(std::move(request));
}

Result<Product::Reply> Product::send(std::string method, std::string path, const json::value& body) const {
  net::Request request;
  request.method = std::move(method);
  request.target.path = std::move(path);
  request.headers.set("Content-Type", "application/json");
  request.body = to_text(body);
  return timed(std::move(request));
}

Result<Product::Reply> Product::post(std::string path, const json::value& body) const {
  return send("POST", std::move(path), body);
}

Result<Product::Reply> Product::ask(std::string_view question, Kept kept) const {
  json::object body{{"question", question}};
  if (kept == Kept::kNo) body["cache"] = "bypass";
  return post("/api/ask", std::move(body));
}

void measure_reading(const Product& product, const std::filesystem::path& folder, Measurements& out) {
  const json::value paths = json::object{{"paths", json::array{json::value(folder.native())}}};
  const auto first = product.post("/api/ingest", paths);
  const auto second = first ? product.post("/api/ingest", paths) : first;
  if (!second) return fail_all(out, {"ingest_rate", "second_reading"}, second.error());
  const std::uint64_t added = json_count(json_member(first->body, "added"));
  const std::uint64_t unchanged = json_count(json_member(second->body, "unchanged"));
  if (added != kShips || unchanged != kShips) {
    return fail_all(out, {"ingest_rate", "second_reading"},
                    {Code::kInternal, fmt::format("{} of {} documents were read, {} of them found unchanged", added,
                                                  kShips, unchanged)});
  }
  out.figure("ingest_rate", rate(kShips, first->milliseconds), fmt::format("{} documents", kShips));
  out.figure("second_reading", 100 * (1 - second->milliseconds / first->milliseconds),
             fmt::format("{:.0f} ms after {:.0f} ms", second->milliseconds, first->milliseconds));
}

void measure_search(const Product& product, Measurements& out) {
  std::vector<double> times;
  for (std::size_t i = 0; i < kSearches; ++i) {
    const Ship one = ship(i % kShips);
    const auto found = product.get("/api/search", {{"q", fmt::format("{} voyage {}", one.name, i)}});
    if (!found) return fail_all(out, {"search_mean", "search_slowest"}, found.error());
    times.push_back(found->milliseconds);
  }
  const std::string from = fmt::format("{} searches over HTTP", kSearches);
  out.figure("search_mean", mean(times), from);
  out.figure("search_slowest", *std::ranges::max_element(times), from);
}

void measure_questions(const Product& product, Measurements& out) {
  constexpr std::size_t kAll = 2 * kShips;
  const std::uint64_t before = sys::memory_of_family();
  Questions questions;
  const TimePoint start = product.clock().now();
  {
    std::vector<std::jthread> askers;
    for (std::size_t i = 0; i < kAtATime; ++i) askers.emplace_back([&] { ask_some(product, questions); });
  }
  const double took = std::chrono::duration<double, std::milli>(product.clock().now() - start).count();
  const std::uint64_t after = sys::memory_of_family();
  const std::size_t answered = questions.answered;
  out.figure("queries_succeed", 100.0 * static_cast<double>(answered) / kAll,
             fmt::format("{} of {} different ones, each answer looked at", answered, kAll));
  out.figure("queries_rate", rate(answered, took), fmt::format("{} questions in {:.1f} s", kAll, took / 1000));
  out.figure("memory_growth", (static_cast<double>(after) - static_cast<double>(before)) / kMebibyte,
             fmt::format("{} questions", kAll));
  out.figure("memory", static_cast<double>(after) / kGibibyte, "this process and all it started");
}

void measure_kept_answers(const Product& product, Measurements& out) {
  // The same question again: as it was, in other spelling, in other words of politeness.
  constexpr std::array<std::string_view, 3> kSpoken = {"{}", "{}  ", "Please tell me: {}"};
  constexpr std::size_t kAsked = 10;
  std::vector<double> times;
  std::size_t given = 0;
  for (std::size_t i = 0; i < kAsked; ++i) {
    const std::string question = ship(i).when_built();
    if (const auto first = product.ask(question, Product::Kept::kMay); !first) {
      return fail_all(out, {"kept_answer", "kept_share"}, first.error());
    }
    for (const std::string_view way : kSpoken) {
      const auto again = product.ask(fmt::format(fmt::runtime(way), question), Product::Kept::kMay);
      if (!again) return fail_all(out, {"kept_answer", "kept_share"}, again.error());
      if (json_text(json_member(again->body, "cache")) == "miss" || !has(again->body, ship(i).year)) continue;
      ++given;
      if (way == kSpoken.front()) times.push_back(again->milliseconds);
    }
  }
  constexpr std::size_t kAgain = kAsked * kSpoken.size();
  out.figure("kept_share", 100.0 * static_cast<double>(given) / kAgain, fmt::format("{} of {}", given, kAgain));
  if (times.empty()) {
    return out.failed("kept_answer", {Code::kNotFound, "no answer was given again"});
  }
  out.figure("kept_answer", median(times), fmt::format("median of {} over HTTP", times.size()));
}

void measure_agents(const Product& product, std::uint32_t parallel, Measurements& out) {
  const auto targets = product.get("/api/targets");
  if (!targets) {
    return fail_all(out, {"coordination", "handoff", "performance_targets_set", "multi_agent_optimized"},
                    targets.error());
  }
  const json::value& coordination = target_named(targets->body, "Coordination of an answer");
  const json::value& handoff = target_named(targets->body, "Handoff between agents");
  const std::optional<double> slowest = measured_of(coordination);
  for (const auto& [id, target] : {std::pair("coordination", &coordination), std::pair("handoff", &handoff)}) {
    if (const auto measured = measured_of(*target)) {
      out.figure(id, *measured, std::string(json_text(json_member(*target, "from"))));
    } else {
      out.failed(id, {Code::kNotFound, "no answer told it"});
    }
  }
  const std::string_view decode = json_text(json_member(target_named(targets->body, "Decode"), "target"));
  const std::string_view prefill = json_text(json_member(target_named(targets->body, "Prefill at 128K"), "target"));
  out.holds("performance_targets_set", !decode.empty() && !prefill.empty(),
            fmt::format("decode {}, prefill {}", decode, prefill));
  constexpr double kMost = 300;
  out.holds("multi_agent_optimized", parallel >= 2 && slowest && *slowest <= kMost,
            fmt::format("{} at the same time, {} ms", parallel, slowest ? fmt::format("{:.0f}", *slowest) : "no"));
}

void measure_health(const Product& product, bool card, Measurements& out) {
  std::vector<double> times;
  for (std::size_t i = 0; i < kLooks; ++i) {
    const auto health = product.get("/health");
    if (!health) return fail_all(out, {"health_report", "health_ready", "metrics_exported"}, health.error());
    times.push_back(health->milliseconds);
  }
  out.figure("health_report", *std::ranges::max_element(times), fmt::format("{} reports", kLooks));
  const auto live = product.get("/health/live");
  const auto ready = product.get("/health/ready");
  out.holds("health_ready", live && ready,
            !live    ? live.error().message
            : !ready ? ready.error().message
                     : fmt::format("{:.1f} and {:.1f} ms", live->milliseconds, ready->milliseconds));
  const auto missing = missing_metrics(product, card);
  if (!missing) return out.failed("metrics_exported", missing.error());
  out.holds("metrics_exported", missing->empty(),
            missing->empty() ? std::string("all there") : fmt::format("missing: {}", fmt::join(*missing, ", ")));
}

void measure_settings(const Product& product, const json::value& declared, Measurements& out) {
  const auto in_force = product.get("/api/settings");
  if (!in_force) return fail_all(out, {"settings_unified", "settings_reload"}, in_force.error());
  std::vector<std::string> others;
  const json::array& expected = json_list(json_member(declared, "settings"));
  for (const json::value& one : expected) {
    const std::string key(json_text(json_member(one, "key")));
    if (value_of(in_force->body, key) != json_member(one, "value")) others.push_back(key);
  }
  out.holds("settings_unified", others.empty() && !expected.empty(),
            others.empty() ? fmt::format("{} settings, none differs", expected.size())
                           : fmt::format("differ: {}", fmt::join(others, ", ")));
  const auto changed =
      product.send("PATCH", "/api/settings", json::object{{"changes", json::object{{"search.k", kChangedK}}}});
  const auto hits = changed ? hits_of_a_search(product) : Result<std::size_t>(changed.error());
  if (!hits) return out.failed("settings_reload", hits.error());
  out.holds("settings_reload", *hits == kChangedK,
            fmt::format("search.k set to {}: the next search gave {} passages", kChangedK, *hits));
}

void measure_tokens(const Product& product, const std::filesystem::path& folder, Measurements& out) {
  constexpr std::size_t kAsked = 3;
  std::uint64_t prompt = 0;
  std::uint64_t computed = 0;
  for (std::size_t i = 0; i < kAsked; ++i) {
    const std::string file = (folder / file_of(i)).native();
    const auto reply = product.post(
        "/api/ask",
        json::object{{"question", fmt::format("When was the {0} built, and who owned the {0}?", ship(i).name)},
                     {"filter", json::object{{"documents", json::array{json::value(file)}}}},
                     {"cache", "bypass"}});
    if (!reply) return out.failed("token_reduction", reply.error());
    const json::value& tokens = json_member(reply->body, "tokens");
    prompt += json_count(json_member(tokens, "prompt"));
    computed += json_count(json_member(tokens, "computed"));
  }
  if (prompt == 0) return out.failed("token_reduction", {Code::kUnavailable, "the chat model was not asked"});
  out.figure("token_reduction", 100 * (1 - static_cast<double>(computed) / static_cast<double>(prompt)),
             fmt::format("{} computed of {}, {} questions of two parts about a document", computed, prompt, kAsked));
}

Result<Speed> speed_of(const Product& product, std::string_view model, std::size_t documents,
                       std::string_view beginning) {
  constexpr int kWritten = 64;
  std::string text = fmt::format("{}\n\n", beginning);
  for (std::size_t i = 0; i < documents; ++i) text += ship(i % kShips).document();
  const json::value message = json::object{{"role", "user"}, {"content", text}};
  const auto reply = DM_TRY(product.post(
      "/v1/chat/completions",
      json::object{
          {"model", model}, {"messages", json::array{message}}, {"max_tokens", kWritten}, {"temperature", 0}}));
  const json::value& timings = json_member(reply.body, "timings");
  const auto per_second = [&](std::string_view tokens, std::string_view milliseconds) {
    const json::value& took = json_member(timings, milliseconds);
    return rate(json_count(json_member(timings, tokens)), took.is_number() ? took.to_number<double>() : 0);
  };
  return Speed{.decode = per_second("predicted_n", "predicted_ms"),
               .prefill = per_second("prompt_n", "prompt_ms"),
               .prompt = json_count(json_member(timings, "prompt_n")) + json_count(json_member(timings, "cache_n"))};
}

Result<Answered> ask_of_ships(const Product& product, std::size_t ships, Product::Kept kept) {
  Answered out;
  std::size_t right = 0;
  for (std::size_t i = 0; i < ships; ++i) {
    const auto reply = DM_TRY(product.ask(ship(i).when_built(), kept));
    right += has(reply.body, ship(i).year) ? 1 : 0;
    out.slowest = std::max(out.slowest, reply.milliseconds / 1000);
  }
  out.share = static_cast<double>(right) / static_cast<double>(ships);
  return out;
}

void measure_faults(const Product& product, Measurements& out) {
  // The first one is asked by itself: it has to say who did not answer.
  const auto first = product.ask(ship(0).when_built(), Product::Kept::kNo);
  const auto all = first ? ask_of_ships(product, kWithFaults, Product::Kept::kNo) : Result<Answered>(first.error());
  if (!all) return fail_all(out, {"answers_with_faults", "backend_switch"}, all.error());
  out.figure("answers_with_faults", 100 * all->share, fmt::format("{} questions", kWithFaults));
  const json::array& said = json_list(json_member(first->body, "fallbacks"));
  const bool told = std::ranges::any_of(
      said, [](const json::value& one) { return json_text(one).find("vllm") != std::string_view::npos; });
  if (!told)
    return out.failed("backend_switch", {Code::kInternal, "the answer does not say that its back end was away"});
  out.figure("backend_switch", std::max(all->slowest, first->milliseconds / 1000), "slowest question");
}

}  // namespace docmind::validate
