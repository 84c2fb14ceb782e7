#include "vectors/qdrant/qdrant.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "base/json.h"
#include "base/json_members.h"
#include "base/utf8.h"
#include "vectors/wire.h"

namespace docmind::vectors {
namespace {

namespace json = boost::json;

constexpr std::string_view kVector = "text";  // The name of the vector.
constexpr std::size_t kBatch = 256;           // Points of one request: a few MB at most.
constexpr std::size_t kIds = 1000;            // Of one request.
constexpr std::size_t kBeyond = 16;           // More than k, to see whether the k-th has equals.
constexpr std::uint64_t kMaxAnswer = 64ULL << 20U;
constexpr std::size_t kMaxValues = 1'000'000;  // Of one field, counted.
constexpr std::size_t kMaxToldBytes = 300;     // Of a server's own words.

// Whether an answer comes when the change is there for everybody, or when it has been noted.
enum class Waiting : std::uint8_t { kNo, kYes };

Error nonsense(std::string_view what) {
  return {Code::kDataLoss, fmt::format("it answered with {}", what), "Is vectors.url the address of a Qdrant?"};
}

// {"status":{"error":"..."}}
std::string words_in(const net::Response& response) {
  const auto body = response.body.size() > 65536 ? Result<json::value>(nonsense("")) : parse_json(response.body);
  const std::string_view words = body ? json_text(json_member(json_member(*body, "status"), "error")) : "";
  std::uint64_t replaced = 0;
  if (!words.empty()) return to_utf8(words.substr(0, kMaxToldBytes), replaced);
  return fmt::format("status {}", response.status);
}

Error error_in(const net::Response& response) {
  Error error{net::code_of(response.status), words_in(response)};
  if (response.status == 401 || response.status == 403) {
    error = {Code::kUnauthorized, "it wants another key: " + error.message, "Set vectors.api_key."};
  } else if (response.status == 404) {
    error.code = Code::kNotFound;
  } else if (response.status >= 500) {
    error.code = Code::kUnavailable;
  }
  return error;
}

std::string must_of(const Filter& filter) {
  std::string out = R"({"must":[)";
  const auto add = [&](const std::string& condition) {
    if (out.back() == '}') out += ',';
    out += condition;
  };
  for (const Condition& one : filter.all) {
    add(fmt::format(R"({{"key":{},"match":{{"any":{}}}}})", json_quoted(one.field), json_of(one)));
  }
  if (filter.ids) add(fmt::format(R"({{"has_id":{}}})", json_of(std::span<const std::int64_t>(*filter.ids))));
  return out + "]}";
}

std::string json_of_point(const Point& point) {
  std::string payload;
  for (const auto& [field, value] : point.payload) {
    if (!payload.empty()) payload += ',';
    payload += json_quoted(field) + ":" + json_of(value);
  }
  return fmt::format(R"({{"id":{},"vector":{{"{}":{}}},"payload":{{{}}}}})", point.id, kVector,
                     json_of(std::span<const float>(from_halves(point.vector))), payload);
}

std::string_view params_of(Search search) {
  switch (search) {
    case Search::kExact:
      return R"({"exact":true,"quantization":{"ignore":true}})";
    case Search::kGraph:
      return R"({"exact":false})";
    case Search::kBinary:
      return R"({"exact":false,"quantization":{"ignore":false,"rescore":true,"oversampling":4.0}})";
  }
  return "{}";
}

}  // namespace

bool new_enough(std::string_view version) {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  const char* const end = version.data() + version.size();
  const auto first = std::from_chars(version.data(), end, major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return false;
  if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc()) return false;
  return major > 1 || (major == 1 && minor >= 12);
}

struct Qdrant::State {
  QdrantOptions options;
  Collection collection;
  net::Client& client;
  const Clock& clock;
  std::atomic<std::uint32_t> dimensions = 0;  // As last ensured; 0: not yet.

  std::string address() const {
    return options.endpoint.unix_path.empty() ? fmt::format("{}:{}", options.endpoint.host, options.endpoint.port)
                                              : options.endpoint.unix_path;
  }
  std::string path(std::string_view rest) const {
    return fmt::format("/collections/{}_{}{}", options.prefix, collection.name, rest);
  }
  Result<json::value> ask(std::string_view method, const std::string& path, std::string body, Deadline deadline,
                          const std::stop_token& stop, Waiting waiting = Waiting::kNo) const;
  Result<json::value> change(std::string_view method, std::string_view rest, std::string body, Deadline deadline,
                             const std::stop_token& stop) const {
    return ask(method, path(rest), std::move(body), deadline, stop, Waiting::kYes);
  }
  Result<> create(std::uint32_t size, Deadline deadline, const std::stop_token& stop) const;
  Result<> check_made(const json::value& made, std::uint32_t size) const;
  Result<> check_version(Deadline deadline, const std::stop_token& stop) const;
  Result<std::vector<Nearest>> query(const NearestQuery& query, std::size_t limit, Search search, Deadline deadline,
                                     const std::stop_token& stop) const;
};

Qdrant::Qdrant(std::unique_ptr<State> state) : state_(std::move(state)) {}
Qdrant::~Qdrant() = default;

Result<std::unique_ptr<Qdrant>> Qdrant::open(QdrantOptions options, Collection collection, net::Client& client,
                                             const Clock& clock) {
  DM_TRY(check(collection));
  DM_TRY(check({.name = options.prefix}).with("vectors.prefix"));
  return std::unique_ptr<Qdrant>(
      new Qdrant(std::make_unique<State>(std::move(options), std::move(collection), client, clock)));
}

std::string Qdrant::where() const { return "Qdrant at " + state_->address(); }

Result<json::value> Qdrant::State::ask(std::string_view method, const std::string& path, std::string body,
                                       Deadline deadline, const std::stop_token& stop, Waiting waiting) const {
  const std::string told = "Qdrant at " + address();
  const Patience patience(deadline, options.timeout, clock);
  net::Request request{.method = std::string(method), .target = {.path = options.path + path}, .body = std::move(body)};
  if (waiting == Waiting::kYes) request.target.query.emplace_back("wait", "true");
  if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
  if (!options.api_key.empty()) request.headers.set("api-key", options.api_key);
  auto response =
      client.send(options.endpoint, request, {.deadline = patience.deadline(), .stop = stop, .max_body = kMaxAnswer});
  if (!response) return patience.told(std::move(response).error(), told);
  if (response->status / 100 != 2) return patience.told(error_in(*response), told);
  auto answer = parse_json(response->body);
  if (!answer || !answer->is_object()) return patience.told(nonsense("something that is no JSON object"), told);
  return *std::move(answer);
}

// ---- ensuring ----

Result<> Qdrant::State::check_version(Deadline deadline, const std::stop_token& stop) const {
  const json::value root = DM_TRY(ask("GET", "/", {}, deadline, stop));
  const std::string_view version = json_text(json_member(root, "version"));
  if (version.empty()) return nonsense("no version of its own");
  if (new_enough(version)) return {};
  std::uint64_t replaced = 0;
  return Error{Code::kConflict,
               fmt::format("Qdrant at {} is version {}, and 1.12 is the first that does what is needed.", address(),
                           to_utf8(version.substr(0, 40), replaced)),
               "Update it."};
}

Result<> Qdrant::State::check_made(const json::value& made, std::uint32_t size) const {
  const json::value& params = json_member(json_member(json_member(made, "result"), "config"), "params");
  const json::value& vector = json_member(json_member(params, "vectors"), kVector);
  const std::uint64_t has = json_count(json_member(vector, "size"));
  if (has == size && json_text(json_member(vector, "distance")) == "Cosine") return {};
  const std::string name = fmt::format("{}_{}", options.prefix, collection.name);
  return Error{Code::kConflict,
               has == 0 || has == size
                   ? fmt::format("Qdrant at {} has a collection {} that is not ours.", address(), name)
                   : fmt::format("The collection {} of Qdrant at {} holds vectors of {} numbers; this embedding model "
                                 "makes {}.",
                                 name, address(), has, size),
               "Set vectors.prefix to another word, or delete that collection."};
}

Result<> Qdrant::State::create(std::uint32_t size, Deadline deadline, const std::stop_token& stop) const {
  const std::string quantised =
      options.search == Search::kBinary ? R"(,"quantization_config":{"binary":{"always_ram":true}})" : "";
  const std::string body = fmt::format(
      R"({{"vectors":{{"{}":{{"size":{},"distance":"Cosine","datatype":"float16","on_disk":true}}}},)"
      R"("on_disk_payload":true,"shard_number":{},"replication_factor":{},"write_consistency_factor":{}{}}})",
      kVector, size, options.shards, options.replicas, options.replicas, quantised);
  auto made = ask("PUT", path(""), body, deadline, stop);
  // Another machine may have made it in the meantime: ensure() looks again.
  if (!made && made.error().code != Code::kConflict &&
      made.error().message.find("already exists") == std::string::npos) {
    return std::move(made).error();
  }
  return {};
}

Result<> Qdrant::ensure(std::uint32_t dimensions, Deadline deadline, std::stop_token stop) {
  DM_TRY(check_dimensions(dimensions));
  State& my = *state_;
  DM_TRY(my.check_version(deadline, stop));
  auto there = my.ask("GET", my.path(""), {}, deadline, stop);
  if (!there && there.error().code == Code::kNotFound) {
    DM_TRY(my.create(dimensions, deadline, stop));
    there = my.ask("GET", my.path(""), {}, deadline, stop);
  }
  if (!there) return std::move(there).error();
  DM_TRY(my.check_made(*there, dimensions));
  for (const Field& field : my.collection.fields) {  // One that is there already stays.
    DM_TRY(my.change("PUT", "/index",
                     fmt::format(R"({{"field_name":{},"field_schema":"{}"}})", json_quoted(field.name),
                                 field.kind == FieldKind::kInteger ? "integer" : "keyword"),
                     deadline, stop));
  }
  my.dimensions = dimensions;
  return {};
}

// ---- changing ----

Result<> Qdrant::upsert(std::span<const Point> points, Deadline deadline, std::stop_token stop) {
  DM_TRY(check(state_->collection, state_->dimensions, points));
  const std::vector<const Point*> each = without_repeats(points);
  for (std::size_t at = 0; at < each.size(); at += kBatch) {
    std::string body = R"({"points":[)";
    for (std::size_t i = at; i < std::min(at + kBatch, each.size()); ++i) {
      if (i > at) body += ',';
      body += json_of_point(*each[i]);
    }
    DM_TRY(state_->change("PUT", "/points", body + "]}", deadline, stop));
  }
  return {};
}

Result<> Qdrant::remove(std::span<const std::int64_t> ids, Deadline deadline, std::stop_token stop) {
  DM_TRY(check(state_->collection, Filter{.ids = std::vector(ids.begin(), ids.end())}));
  for (; !ids.empty(); ids = ids.subspan(std::min(kIds, ids.size()))) {
    const std::string body = fmt::format(R"({{"points":{}}})", json_of(ids.first(std::min(kIds, ids.size()))));
    DM_TRY(state_->change("POST", "/points/delete", body, deadline, stop));
  }
  return {};
}

Result<> Qdrant::remove_where(const Filter& filter, Deadline deadline, std::stop_token stop) {
  DM_TRY(check(state_->collection, filter));
  if (meets_nothing(filter)) return {};
  const std::string body = fmt::format(R"({{"filter":{}}})", must_of(filter));
  DM_TRY(state_->change("POST", "/points/delete", body, deadline, stop));
  return {};
}

Result<> Qdrant::drop(Deadline deadline, std::stop_token stop) {
  auto dropped = state_->ask("DELETE", state_->path(""), {}, deadline, stop);
  if (!dropped && dropped.error().code != Code::kNotFound) return std::move(dropped).error();
  state_->dimensions = 0;
  return {};
}

// ---- finding ----

Result<std::vector<Nearest>> Qdrant::State::query(const NearestQuery& query, std::size_t limit, Search search,
                                                  Deadline deadline, const std::stop_token& stop) const {
  const std::string wanted = query.payload.empty() ? "false" : json_of(std::span<const std::string>(query.payload));
  const std::string body =
      fmt::format(R"({{"query":{},"using":"{}","filter":{},"params":{},"limit":{},"with_payload":{}}})",
                  json_of(query.vector), kVector, must_of(query.filter), params_of(search), limit, wanted);
  const json::value answer = DM_TRY(ask("POST", path("/points/query"), body, deadline, stop));
  const json::value& points = json_member(json_member(answer, "result"), "points");
  if (!points.is_array() || points.get_array().size() > limit) return nonsense("something other than points");
  std::vector<Nearest> out;
  for (const json::value& one : points.get_array()) {
    json::error_code failed;
    const auto score = json_member(one, "score").to_number<double>(failed);
    if (failed) return nonsense("a point without a score");
    out.push_back({DM_TRY(id_in(json_member(one, "id"))), static_cast<float>(score),
                   DM_TRY(payload_in(json_member(one, "payload"), collection))});
  }
  return out;
}

// Qdrant promises no order of equals, so a few more than k are asked for, and more while the last of them equals the
// k-th: of any that are left out then, none has a place among the k.
Result<std::vector<Nearest>> Qdrant::nearest(const NearestQuery& query, Deadline deadline, std::stop_token stop) {
  DM_TRY(check(state_->collection, state_->dimensions, query));
  if (query.k == 0 || meets_nothing(query.filter)) return std::vector<Nearest>();
  std::vector<Nearest> found;
  for (std::size_t limit = query.k + kBeyond;; limit *= 2) {
    found = DM_TRY(state_->query(query, limit, state_->options.search, deadline, stop));
    const bool all = found.size() < limit;
    put_in_order(found, limit);
    if (all || found.back().cosine < found[query.k - 1].cosine || limit > 2 * kMaxNearest) break;
  }
  put_in_order(found, query.k);
  return found;
}

Result<std::vector<float>> Qdrant::cosines(std::span<const float> vector, std::span<const std::int64_t> ids,
                                           Deadline deadline, std::stop_token stop) {
  DM_TRY(check(state_->collection, state_->dimensions, NearestQuery{.vector = vector}));
  std::unordered_map<std::int64_t, float> by_id;
  for (std::span<const std::int64_t> rest = ids; !rest.empty(); rest = rest.subspan(std::min(kIds, rest.size()))) {
    const std::span<const std::int64_t> some = rest.first(std::min(kIds, rest.size()));
    const NearestQuery query{.vector = vector, .filter = {.ids = std::vector(some.begin(), some.end())}};
    DM_TRY(check(state_->collection, query.filter));
    for (const Nearest& one : DM_TRY(state_->query(query, some.size(), Search::kExact, deadline, stop))) {
      by_id.emplace(one.id, one.cosine);
    }
  }
  std::vector<float> out;
  for (const std::int64_t id : ids) {
    const auto found = by_id.find(id);
    out.push_back(found == by_id.end() ? 0 : found->second);
  }
  return out;
}

Result<std::vector<Count>> Qdrant::counts(std::string_view field, Deadline deadline, std::stop_token stop) {
  const Field* kind = field_of(state_->collection, field);
  if (kind == nullptr) return Error{Code::kInvalidArgument, fmt::format("there is no field {}", field)};
  const std::string body = fmt::format(R"({{"key":{},"limit":{},"exact":true}})", json_quoted(field), kMaxValues);
  const json::value answer = DM_TRY(state_->ask("POST", state_->path("/facet"), body, deadline, stop));
  const json::value& hits = json_member(json_member(answer, "result"), "hits");
  if (!hits.is_array()) return nonsense("no counts");
  std::vector<std::pair<json::value, std::uint64_t>> found;
  for (const json::value& hit : hits.get_array()) {
    found.emplace_back(json_member(hit, "value"), json_count(json_member(hit, "count")));
  }
  return counts_in(std::move(found), kind->kind);
}

Result<std::uint64_t> Qdrant::count(Deadline deadline, std::stop_token stop) {
  const json::value answer =
      DM_TRY(state_->ask("POST", state_->path("/points/count"), R"({"exact":true})", deadline, stop));
  const json::value& counted = json_member(json_member(answer, "result"), "count");
  if (!counted.is_int64() && !counted.is_uint64()) return nonsense("no count");
  return json_count(counted);
}

}  // namespace docmind::vectors
