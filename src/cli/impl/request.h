// Requests of the commands, and what is printed of their answers. Pure but for the paths, which are looked at.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "net/http.h"

namespace docmind::cli {

net::Request get(std::string path, std::vector<std::pair<std::string, std::string>> query = {});
net::Request post(std::string path, const boost::json::value& body);

std::string absolute(const std::string& path, const Surroundings& here);
// A --document argument: a folder, a file or an id. What has the form of an id (ULID) and is no file stays as it is.
std::string document_filter(const std::string& given, const Surroundings& here);

// UTC milliseconds of the start of a day written YYYY-MM-DD (its form is checked where arguments are parsed).
Result<std::int64_t> day(const std::string& text);

struct FilterFields {
  std::vector<std::string> documents;
  std::vector<std::string> types;
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
};

// As it was typed, or a template with the words that were given for its blanks.
Result<std::string> question_of(Api& api, const AskOptions& options);

Result<FilterFields> filter_fields(const FilterOptions& filter, const Surroundings& here);
// The same as the "filter" of a question; without fields when nothing is filtered.
Result<boost::json::object> filter_object(const FilterOptions& filter, const Surroundings& here);

// A request that is answered with events: each one's body goes to `on_progress`, that of the event `last` is returned.
// Its error event is the error; kUnavailable when there was neither.
Result<boost::json::value> followed(Api& api, net::Request request, std::string_view last,
                                    const std::function<void(const boost::json::value&)>& on_progress);

// Prints a body: as it is with --json, else as `human` renders it.
template <typename Human>
int print(const Result<net::Response>& reply, const Surroundings& here, Human&& human) {
  if (!reply) return report(reply.error(), here);
  if (here.json) {
    here.terminal.out(reply->body + "\n");
    return kOk;
  }
  const auto body = parse_json(reply->body);
  if (!body) return report(body.error(), here);
  here.terminal.out(human(*body));
  return kOk;
}

}  // namespace docmind::cli
