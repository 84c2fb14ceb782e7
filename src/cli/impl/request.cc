#include "cli/impl/request.h"

#include <boost/json.hpp>
#include <charconv>
#include <chrono>

namespace docmind::cli {
namespace json = boost::json;

Result<std::int64_t> day(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned date = 0;
  std::from_chars(text.data(), text.data() + 4, year);
  std::from_chars(text.data() + 5, text.data() + 7, month);
  std::from_chars(text.data() + 8, text.data() + 10, date);
  const std::chrono::year_month_day day{std::chrono::year(year), std::chrono::month(month), std::chrono::day(date)};
  if (!day.ok()) return Error{Code::kInvalidArgument, "there is no day " + text, "write it as YYYY-MM-DD"};
  const auto since = std::chrono::sys_days(day).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

net::Request get(std::string path, std::vector<std::pair<std::string, std::string>> query) {
  net::Request request;
  request.target.path = std::move(path);
  request.target.query = std::move(query);
  return request;
}

net::Request post(std::string path, const json::value& body) {
  net::Request request;
  request.method = "POST";
  request.target.path = std::move(path);
  request.headers.set("Content-Type", "application/json");
  request.body = to_text(body);
  return request;
}

std::string absolute(const std::string& path, const Surroundings& here) {
  return (here.folder / path).lexically_normal().string();
}

std::string document_filter(const std::string& given, const Surroundings& here) {
  const std::filesystem::path path = absolute(given, here);
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return (path / "").string();
  const bool id =
      given.size() == 26 && given.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string::npos;
  return id && !std::filesystem::exists(path, ignored) ? given : path.string();
}

Result<FilterFields> filter_fields(const FilterOptions& filter, const Surroundings& here) {
  FilterFields fields;
  for (const std::string& given : filter.documents) fields.documents.push_back(document_filter(given, here));
  fields.types = filter.types;
  if (!filter.from.empty()) fields.from = DM_TRY(day(filter.from));
  if (!filter.to.empty()) fields.to = DM_TRY(day(filter.to));
  return fields;
}

Result<json::object> filter_object(const FilterOptions& filter, const Surroundings& here) {
  const FilterFields fields = DM_TRY(filter_fields(filter, here));
  json::object out;
  if (!fields.documents.empty()) out["documents"] = json::value_from(fields.documents);
  if (!fields.types.empty()) out["types"] = json::value_from(fields.types);
  if (fields.from) out["from"] = *fields.from;
  if (fields.to) out["to"] = *fields.to;
  return out;
}

Result<json::value> followed(Api& api, net::Request request, std::string_view last,
                             const std::function<void(const json::value&)>& on_progress) {
  request.headers.set("Accept", "text/event-stream");
  std::optional<json::value> done;
  std::optional<Error> failure;
  DM_TRY(api.stream(request, [&](const net::SseEvent& event) -> Result<> {
    const json::value body = DM_TRY(parse_json(event.data));
    if (event.name == "progress") on_progress(body);
    if (event.name == last) done = body;
    if (event.name == "error") failure = net::error_of(net::json_response(500, event.data));
    return {};
  }));
  if (failure) return *std::move(failure);
  if (!done) return Error{Code::kUnavailable, "it ended without a word", "Run it again: what is done stays done."};
  return *std::move(done);
}

}  // namespace docmind::cli
