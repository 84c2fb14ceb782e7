#include "vectors/pgvector/pgvector.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "base/json.h"
#include "vectors/pgvector/impl/connection.h"
#include "vectors/wire.h"

namespace docmind::vectors {
namespace {

constexpr std::size_t kBatch = 256;                  // Points of one statement.
constexpr std::size_t kMaxValues = 1'000'000;        // Of one field, counted.
constexpr std::size_t kMaxPrefix = 20;               // A name in PostgreSQL has 63 bytes.
constexpr std::size_t kBeyond = 16;                  // More than k from the graph, to see whether the k-th has equals.
constexpr std::uint32_t kMaxGraphDimensions = 2000;  // pgvector's.

Error nonsense() { return {Code::kDataLoss, "it answered with something else than was asked"}; }

std::string_view type_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::kInteger:
      return "bigint";
    case FieldKind::kText:
      return "text";
    case FieldKind::kTexts:
      return "text[]";
  }
  return "text";
}

// '{1,2}', PostgreSQL's form of an array of numbers.
std::string array_of(std::span<const std::int64_t> numbers) {
  std::string out = json_of(numbers);
  out.front() = '{';
  out.back() = '}';
  return out;
}

Result<std::string> cell(const Row& row, std::size_t column) {
  if (column >= row.size() || !row[column]) return nonsense();
  return row[column].value_or(std::string());
}

template <typename Number>
Result<Number> number_in(const Row& row, std::size_t column) {
  const std::string text = DM_TRY(cell(row, column));
  Number out{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size()) return nonsense();
  return out;
}

}  // namespace

struct Pgvector::State {
  State(PgvectorOptions given, Collection its, const Clock& time)
      : options(std::move(given)),
        collection(std::move(its)),
        clock(time),
        connections(options.place, options.password),
        table(fmt::format("{}_{}", options.prefix, collection.name)) {}

  PgvectorOptions options;
  Collection collection;
  const Clock& clock;
  Connections connections;
  const std::string table;  // Small letters, digits and _: checked when it was opened.
  std::atomic<std::uint32_t> dimensions = 0;

  std::string address() const { return fmt::format("{}:{}", options.place.host, options.place.port); }
  Result<std::vector<Row>> run(const std::vector<Statement>& statements, Deadline deadline,
                               const std::stop_token& stop) {
    const Patience patience(deadline, options.timeout, clock);
    auto rows = connections.run(statements, patience.deadline(), stop);
    if (rows) return rows;
    return patience.told(std::move(rows).error(), fmt::format("PostgreSQL at {}", address()));
  }

  std::string condition(const Condition& one, Statement& into) const;
  std::string where(const Filter& filter, Statement& into) const;
  std::vector<Statement> creation(std::uint32_t size) const;
  Result<> check_columns(std::uint32_t size, Deadline deadline, const std::stop_token& stop);
  Statement insertion(std::span<const Point* const> points) const;
  Result<std::vector<Nearest>> read(const std::vector<Row>& rows) const;
};

Pgvector::Pgvector(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pgvector::~Pgvector() = default;

Result<std::unique_ptr<Pgvector>> Pgvector::open(PgvectorOptions options, Collection collection, const Clock& clock) {
  DM_TRY(check(collection));
  DM_TRY(check(Collection{.name = options.prefix}).with("vectors.prefix"));
  if (options.prefix.size() > kMaxPrefix) {
    return Error{Code::kInvalidArgument, fmt::format("vectors.prefix is longer than {} characters", kMaxPrefix)};
  }
  return std::unique_ptr<Pgvector>(
      new Pgvector(std::make_unique<State>(std::move(options), std::move(collection), clock)));
}

std::string Pgvector::where() const { return "PostgreSQL at " + state_->address(); }

// ---- ensuring ----

std::vector<Statement> Pgvector::State::creation(std::uint32_t size) const {
  std::string columns;
  for (const Field& field : collection.fields) columns += fmt::format(R"(, "{}" {})", field.name, type_of(field.kind));
  std::vector<Statement> out{
      {fmt::format("CREATE TABLE {} (id bigint PRIMARY KEY, vector vector({}) NOT NULL{})", table, size, columns), {}}};
  for (const Field& field : collection.fields) {
    const std::string_view kind = field.kind == FieldKind::kTexts ? "gin" : "btree";
    out.push_back({fmt::format(R"(CREATE INDEX ON {} USING {} ("{}"))", table, kind, field.name), {}});
  }
  if (options.search == PgvectorOptions::Search::kGraph && size <= kMaxGraphDimensions) {
    out.push_back({fmt::format("CREATE INDEX ON {} USING hnsw (vector vector_ip_ops)", table), {}});
  }
  return out;
}

Result<> Pgvector::State::check_columns(std::uint32_t size, Deadline deadline, const std::stop_token& stop) {
  const auto rows = DM_TRY(run({{"SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
                                 "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped",
                                 {table}}},
                               deadline, stop));
  std::map<std::string, std::string> has;
  for (const Row& row : rows) has.emplace(DM_TRY(cell(row, 0)), DM_TRY(cell(row, 1)));
  std::map<std::string, std::string> wanted{{"id", "bigint"}, {"vector", fmt::format("vector({})", size)}};
  for (const Field& field : collection.fields) wanted.emplace(field.name, type_of(field.kind));
  if (has == wanted) return {};
  const std::string sized = has.contains("vector") ? has.at("vector") : "none";
  return Error{
      Code::kConflict,
      sized == wanted.at("vector")
          ? fmt::format("The table {} of PostgreSQL at {} has other columns than are needed.", table, address())
          : fmt::format("The table {} of PostgreSQL at {} holds {}; this embedding model makes vectors of {} "
                        "numbers.",
                        table, address(), sized, size),
      "Set vectors.prefix to another word, or drop that table."};
}

Result<> Pgvector::ensure(std::uint32_t dimensions, Deadline deadline, std::stop_token stop) {
  DM_TRY(check_dimensions(dimensions));
  State& my = *state_;
  const auto there = DM_TRY(
      my.run({{"SELECT (SELECT count(*) FROM pg_extension WHERE extname = 'vector'), to_regclass($1) IS NOT NULL",
               {my.table}}},
             deadline, stop));
  if (there.size() != 1) return nonsense();
  if (DM_TRY(number_in<int>(there.front(), 0)) == 0) {
    auto made = my.run({{"CREATE EXTENSION IF NOT EXISTS vector", {}}}, deadline, stop);
    if (!made && made.error().code == Code::kUnavailable) return std::move(made).error();
    if (!made) {
      return Error{Code::kConflict, fmt::format("{} (its extension pgvector is needed)", made.error().message),
                   "Install pgvector there, and have an administrator say CREATE EXTENSION vector in that database."};
    }
  }
  if (DM_TRY(cell(there.front(), 1)) != "t") {
    // Of several machines that find none at the same time, one makes it; the others find it then.
    std::vector<Statement> statements{{"SELECT pg_advisory_xact_lock(hashtext($1))", {my.table}}};
    for (Statement& one : my.creation(dimensions)) statements.push_back(std::move(one));
    auto made = my.run(statements, deadline, stop);
    const bool raced = !made && made.error().message.find("already exists") != std::string::npos;
    if (!made && !raced) return std::move(made).error();
  }
  DM_TRY(my.check_columns(dimensions, deadline, stop));
  my.dimensions = dimensions;
  return {};
}

// ---- changing ----

Statement Pgvector::State::insertion(std::span<const Point* const> points) const {
  std::string columns;
  std::string selected;
  std::string typed;
  std::string replaced;
  for (const Field& field : collection.fields) {
    columns += fmt::format(R"(, "{}")", field.name);
    typed += fmt::format(R"(, "{}" {})", field.name, type_of(field.kind));
    replaced += fmt::format(R"(, "{0}" = EXCLUDED."{0}")", field.name);
  }
  std::string rows = "[";
  for (const Point* point : points) {
    if (rows.size() > 1) rows += ',';
    rows +=
        fmt::format(R"({{"id":{},"vector":{})", point->id, json_of(std::span<const float>(from_halves(point->vector))));
    for (const auto& [field, value] : point->payload) rows += fmt::format(",{}:{}", json_quoted(field), json_of(value));
    rows += '}';
  }
  return {
      fmt::format("INSERT INTO {0} (id, vector{1}) SELECT id, vector::vector{1} FROM json_to_recordset($1::json) AS "
                  "row (id bigint, vector text{2}) ON CONFLICT (id) DO UPDATE SET vector = EXCLUDED.vector{3}",
                  table, columns, typed, replaced),
      {rows + "]"}};
}

Result<> Pgvector::upsert(std::span<const Point> points, Deadline deadline, std::stop_token stop) {
  DM_TRY(check(state_->collection, state_->dimensions, points));
  const std::vector<const Point*> each = without_repeats(points);
  for (std::size_t at = 0; at < each.size(); at += kBatch) {
    const auto some = std::span(each).subspan(at, std::min(kBatch, each.size() - at));
    DM_TRY(state_->run({state_->insertion(some)}, deadline, stop));
  }
  return {};
}

Result<> Pgvector::remove(std::span<const std::int64_t> ids, Deadline deadline, std::stop_token stop) {
  return remove_where({.ids = std::vector(ids.begin(), ids.end())}, deadline, std::move(stop));
}

// The text of a condition; its values become parameters.
std::string Pgvector::State::condition(const Condition& one, Statement& into) const {
  const std::size_t number = into.parameters.size() + 1;
  if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&one.any_of)) {
    into.parameters.push_back(array_of(*numbers));
    return fmt::format(R"("{}" = ANY(${}::bigint[]))", one.field, number);
  }
  into.parameters.push_back(json_of(one));
  const bool list = field_of(collection, one.field)->kind == FieldKind::kTexts;
  const std::string values = fmt::format("ARRAY(SELECT json_array_elements_text(${}::json))", number);
  return list ? fmt::format(R"("{}" && {})", one.field, values) : fmt::format(R"("{}" = ANY({}))", one.field, values);
}

std::string Pgvector::State::where(const Filter& filter, Statement& into) const {
  std::string out = "true";
  for (const Condition& one : filter.all) out += " AND " + condition(one, into);
  if (filter.ids) {
    into.parameters.push_back(array_of(*filter.ids));
    out += fmt::format(" AND id = ANY(${}::bigint[])", into.parameters.size());
  }
  return out;
}

Result<> Pgvector::remove_where(const Filter& filter, Deadline deadline, std::stop_token stop) {
  DM_TRY(check(state_->collection, filter));
  Statement statement;
  const std::string where = state_->where(filter, statement);
  statement.sql = fmt::format("DELETE FROM {} WHERE {}", state_->table, where);
  DM_TRY(state_->run({std::move(statement)}, deadline, stop));
  return {};
}

Result<> Pgvector::drop(Deadline deadline, std::stop_token stop) {
  DM_TRY(state_->run({{fmt::format("DROP TABLE IF EXISTS {}", state_->table), {}}}, deadline, stop));
  state_->dimensions = 0;
  return {};
}

// ---- finding ----

Result<std::vector<Nearest>> Pgvector::State::read(const std::vector<Row>& rows) const {
  std::vector<Nearest> out;
  for (const Row& row : rows) {
    const auto id = DM_TRY(number_in<std::int64_t>(row, 0));
    const auto cosine = DM_TRY(number_in<double>(row, 1));
    auto payload = parse_json(DM_TRY(cell(row, 2)));
    if (id < 0 || !payload) return nonsense();
    out.push_back({id, static_cast<float>(cosine), DM_TRY(payload_in(*payload, collection))});
  }
  return out;
}

// With "+ 0" no index serves the order: every row that passes is scored.
Result<std::vector<Nearest>> Pgvector::nearest(const NearestQuery& query, Deadline deadline, std::stop_token stop) {
  State& my = *state_;
  DM_TRY(check(my.collection, my.dimensions, query));
  if (query.k == 0) return std::vector<Nearest>();
  const bool by_graph =
      my.options.search == PgvectorOptions::Search::kGraph && query.filter.all.empty() && !query.filter.ids;
  Statement statement{.sql = {}, .parameters = {json_of(query.vector)}};
  const std::string where = my.where(query.filter, statement);
  std::string payload;
  for (const std::string& field : query.payload) {
    payload += fmt::format(R"({0}'{1}', "{1}")", payload.empty() ? "" : ", ", field);
  }
  const std::size_t limit = by_graph ? query.k + kBeyond : query.k;
  statement.parameters.push_back(std::to_string(limit));
  statement.sql = fmt::format(
      "SELECT id, -(vector <#> $1::vector), json_build_object({}) FROM {} WHERE {} ORDER BY {} LIMIT ${}::bigint",
      payload, my.table, where, by_graph ? "vector <#> $1::vector" : "(vector <#> $1::vector) + 0, id",
      statement.parameters.size());
  std::vector<Statement> statements{std::move(statement)};
  if (by_graph) {
    const std::size_t breadth = std::clamp<std::size_t>(2 * limit, 40, 1000);
    statements.insert(statements.begin(), {fmt::format("SET LOCAL hnsw.ef_search = {}", breadth), {}});
  }
  std::vector<Nearest> found = DM_TRY(my.read(DM_TRY(my.run(statements, deadline, stop))));
  put_in_order(found, query.k);
  return found;
}

Result<std::vector<float>> Pgvector::cosines(std::span<const float> vector, std::span<const std::int64_t> ids,
                                             Deadline deadline, std::stop_token stop) {
  DM_TRY(check(state_->collection, state_->dimensions, NearestQuery{.vector = vector}));
  if (ids.empty()) return std::vector<float>();
  const auto rows = DM_TRY(state_->run(
      {{fmt::format("SELECT id, -(vector <#> $1::vector) FROM {} WHERE id = ANY($2::bigint[])", state_->table),
        {json_of(vector), array_of(ids)}}},
      deadline, stop));
  std::unordered_map<std::int64_t, float> by_id;
  for (const Row& row : rows) {
    by_id.emplace(DM_TRY(number_in<std::int64_t>(row, 0)), static_cast<float>(DM_TRY(number_in<double>(row, 1))));
  }
  std::vector<float> out;
  for (const std::int64_t id : ids) {
    const auto found = by_id.find(id);
    out.push_back(found == by_id.end() ? 0 : found->second);
  }
  return out;
}

Result<std::vector<Count>> Pgvector::counts(std::string_view field, Deadline deadline, std::stop_token stop) {
  const Field* its = field_of(state_->collection, field);
  if (its == nullptr) return Error{Code::kInvalidArgument, fmt::format("there is no field {}", field)};
  const std::string values =
      its->kind == FieldKind::kTexts
          ? fmt::format(R"((SELECT DISTINCT id, unnest("{}") AS v FROM {}))", field, state_->table)
          : fmt::format(R"((SELECT "{}" AS v FROM {}))", field, state_->table);
  const auto rows = DM_TRY(
      state_->run({{fmt::format("SELECT to_json(v), count(*) FROM {} AS each WHERE v IS NOT NULL GROUP BY v LIMIT {}",
                                values, kMaxValues),
                    {}}},
                  deadline, stop));
  std::vector<std::pair<boost::json::value, std::uint64_t>> found;
  for (const Row& row : rows) {
    auto value = parse_json(DM_TRY(cell(row, 0)));
    if (!value) return nonsense();
    found.emplace_back(*std::move(value), DM_TRY(number_in<std::uint64_t>(row, 1)));
  }
  return counts_in(std::move(found), its->kind);
}

Result<std::uint64_t> Pgvector::count(Deadline deadline, std::stop_token stop) {
  const auto rows = DM_TRY(state_->run({{fmt::format("SELECT count(*) FROM {}", state_->table), {}}}, deadline, stop));
  if (rows.size() != 1) return nonsense();
  return number_in<std::uint64_t>(rows.front(), 0);
}

}  // namespace docmind::vectors
