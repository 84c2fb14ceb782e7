#include "agents/toolbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>
#include <utility>

#include "agents/arithmetic.h"
#include "agents/exact_find.h"
#include "agents/read_page.h"
#include "agents/table_query.h"
#include "base/json.h"
#include "base/json_members.h"

namespace docmind::agents {
namespace {

namespace json = boost::json;

struct Seams {
  library::Library& library;
  retrieval::Index& index;
  Deadline deadline;
  std::stop_token stop;
};

std::string text_of(const json::value& arguments, std::string_view key) {
  return std::string(json_text(json_member(arguments, key)));
}

std::vector<std::string> texts_of(const json::value& arguments, std::string_view key) {
  std::vector<std::string> out;
  for (const json::value& one : json_list(json_member(arguments, key))) out.emplace_back(json_text(one));
  return out;
}

std::uint32_t number_of(const json::value& arguments, std::string_view key, std::uint32_t otherwise) {
  const std::uint64_t number = json_count(json_member(arguments, key));
  return number == 0 ? otherwise : static_cast<std::uint32_t>(number);
}

json::array hits_json(const std::vector<retrieval::Hit>& hits) {
  json::array out;
  for (const retrieval::Hit& hit : hits) {
    out.push_back({{"document", hit.document},
                   {"document_id", hit.document_id},
                   {"page", hit.page ? json::value(*hit.page) : json::value(nullptr)},
                   {"start", hit.span.start},
                   {"end", hit.span.end},
                   {"heading", hit.heading},
                   {"text", hit.text},
                   {"score", hit.score}});
  }
  return out;
}

Result<json::object> search(const json::value& arguments, const Seams& seams) {
  const retrieval::Query query{
      text_of(arguments, "query"), number_of(arguments, "k", 10), {.documents = texts_of(arguments, "documents")}};
  const auto found = DM_TRY(seams.index.search(query, seams.deadline, seams.stop));
  return json::object{{"hits", hits_json(found.hits)}};
}

Result<json::object> find(const json::value& arguments, const Seams& seams) {
  library::Snapshot at = DM_TRY(seams.library.read(seams.deadline, seams.stop));
  FindLimits limits;
  limits.places = number_of(arguments, "limit", 100);
  const FoundPhrase found =
      DM_TRY(exact_find(text_of(arguments, "phrase"), {.documents = texts_of(arguments, "documents")}, at, limits,
                        seams.deadline, seams.stop));
  json::array places;
  std::map<std::int64_t, library::Document> documents;
  for (const Occurrence& one : found.places) {
    if (!documents.contains(one.document)) documents.emplace(one.document, DM_TRY(at.document(one.document)));
    const library::Document& document = documents.at(one.document);
    places.push_back(
        {{"document", document.path}, {"document_id", document.id}, {"start", one.span.start}, {"end", one.span.end}});
  }
  return json::object{{"total", found.total},
                      {"documents_holding", found.holding.size()},
                      {"documents_read", found.documents_read},
                      {"documents_total", found.documents_total},
                      {"complete", found.documents_read == found.documents_total},
                      {"places", std::move(places)}};
}

Result<json::object> read(const json::value& arguments, const Seams& seams) {
  library::Snapshot at = DM_TRY(seams.library.read(seams.deadline, seams.stop));
  const PageText page = DM_TRY(read_page(text_of(arguments, "document"), number_of(arguments, "page", 1), at));
  return json::object{{"document", page.document}, {"document_id", page.document_id}, {"page", page.page},
                      {"pages", page.pages},       {"start", page.span.start},        {"end", page.span.end},
                      {"text", page.text}};
}

CellTest test_named(std::string_view name) {
  static constexpr auto kTests = std::to_array<std::pair<std::string_view, CellTest>>({{"is", CellTest::kIs},
                                                                                       {"has", CellTest::kHas},
                                                                                       {"is_not", CellTest::kIsNot},
                                                                                       {"more", CellTest::kMore},
                                                                                       {"at_least", CellTest::kAtLeast},
                                                                                       {"less", CellTest::kLess},
                                                                                       {"at_most", CellTest::kAtMost}});
  const auto found = std::ranges::find(kTests, name, &std::pair<std::string_view, CellTest>::first);
  return found == kTests.end() ? CellTest::kIs : found->second;
}

TableQuery query_of(const json::value& arguments) {
  TableQuery query;
  query.name = text_of(arguments, "name");
  query.filter.documents = texts_of(arguments, "documents");
  query.columns = texts_of(arguments, "columns");
  query.rows = number_of(arguments, "limit", 100);
  for (const json::value& one : json_list(json_member(arguments, "where"))) {
    query.where.push_back({text_of(one, "column"), test_named(text_of(one, "test")), text_of(one, "value")});
  }
  return query;
}

json::object coverage_json(const QueriedSets& found) {
  return {{"left_out", found.left_out},
          {"documents_read", found.documents_read},
          {"documents_total", found.documents_total},
          {"complete", found.cut.empty() && found.left_out == 0}};
}

json::object place_json(const QueriedSet& set) {
  return {{"kind", name(set.kind)}, {"name", set.name}, {"document", set.document}, {"document_id", set.document_id}};
}

json::array strings_json(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

Result<json::object> query(const json::value& arguments, const Seams& seams) {
  library::Snapshot at = DM_TRY(seams.library.read(seams.deadline, seams.stop));
  const QueriedSets found = DM_TRY(table_query(query_of(arguments), at, seams.deadline, seams.stop));
  json::object out = coverage_json(found);
  json::array sets;
  for (const QueriedSet& set : found.sets) {
    json::array rows;
    for (const QueriedRow& row : set.rows) {
      rows.push_back({{"start", row.span.start}, {"end", row.span.end}, {"cells", strings_json(row.cells)}});
    }
    json::object one = place_json(set);
    one["heading"] = set.heading;
    one["columns"] = strings_json(set.columns);
    one["matching"] = set.matching;
    one["read"] = set.read;
    one["rows"] = std::move(rows);
    sets.push_back(std::move(one));
  }
  out["sets"] = std::move(sets);
  return out;
}

Result<json::object> count(const json::value& arguments, const Seams& seams) {
  library::Snapshot at = DM_TRY(seams.library.read(seams.deadline, seams.stop));
  TableQuery wanted = query_of(arguments);
  wanted.rows = 0;
  if (std::string column = text_of(arguments, "different"); !column.empty()) wanted.different = std::move(column);
  const QueriedSets found = DM_TRY(table_query(wanted, at, seams.deadline, seams.stop));
  json::object out = coverage_json(found);
  json::array sets;
  std::uint64_t all = 0;
  std::set<std::string> values;  // A value that several sets have is one.
  for (const QueriedSet& set : found.sets) {
    values.insert(set.distinct.begin(), set.distinct.end());
    json::object one = place_json(set);
    one["count"] = wanted.different ? set.distinct.size() : set.matching;
    one["read"] = set.read;
    all += set.matching;
    sets.push_back(std::move(one));
  }
  out["count"] = wanted.different ? values.size() : all;
  out["sets"] = std::move(sets);
  return out;
}

Result<json::object> compare(const json::value& arguments, const Seams& seams) {
  json::array sides;
  for (std::string& document : texts_of(arguments, "documents")) {
    {
      library::Snapshot at = DM_TRY(seams.library.read(seams.deadline, seams.stop));
      (void)DM_TRY(at.find(document));  // A document that is not there is an error, not an empty side.
    }
    const retrieval::Query one{text_of(arguments, "query"), number_of(arguments, "k", 3), {.documents = {document}}};
    const auto found = DM_TRY(seams.index.search(one, seams.deadline, seams.stop));
    sides.push_back({{"document", document}, {"hits", hits_json(found.hits)}});
  }
  return json::object{{"sides", std::move(sides)}};
}

Result<json::object> compute(const json::value& arguments, const Seams&) {
  const Quantity result = DM_TRY(evaluate(text_of(arguments, "expression")));
  return json::object{{"value", result.value.text()}, {"unit", result.unit}, {"exact", result.value.ends()}};
}

struct Named {
  std::string_view name;
  Result<json::object> (*run)(const json::value& arguments, const Seams& seams);
};
constexpr auto kRuns = std::to_array<Named>({{"search", search},
                                             {"exact_find", find},
                                             {"read_page", read},
                                             {"table_query", query},
                                             {"count", count},
                                             {"compare", compare},
                                             {"arithmetic", compute}});

}  // namespace

Result<std::unique_ptr<Toolbox>> Toolbox::create(library::Library& library, retrieval::Index& index) {
  auto box = std::unique_ptr<Toolbox>(new Toolbox(library, index));
  for (const Tool& tool : tools()) {
    const json::value schema = DM_TRY(parse_json(tool.arguments));
    box->schemas_.emplace(tool.name, DM_TRY(grammar::Grammar::of_schema(schema)));
  }
  return box;
}

Result<std::string> Toolbox::call(std::string_view tool, std::string_view arguments, Deadline deadline,
                                  std::stop_token stop) const {
  const auto schema = schemas_.find(tool);
  const auto run = std::ranges::find(kRuns, tool, &Named::name);
  if (schema == schemas_.end() || run == kRuns.end()) {
    return Error{Code::kNotFound, fmt::format("There is no tool called {}.", tool), "See the list of tools."};
  }
  DM_TRY(schema->second->validate(arguments));
  const json::value parsed = DM_TRY(parse_json(arguments));
  if (stop.stop_requested()) return Error{Code::kCancelled, "The call was stopped."};
  if (deadline.expired()) return Error{Code::kDeadlineExceeded, "The time for the call is over.", "Call it again."};
  return to_text(DM_TRY(run->run(parsed, {library_, index_, deadline, std::move(stop)})));
}

}  // namespace docmind::agents
