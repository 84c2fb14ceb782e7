#include "cli/mcp.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "cli/exit_code.h"

namespace docmind::cli {
namespace {

namespace json = boost::json;

constexpr int kInternal = -32603;  // JSON-RPC 2.0, section 5.1.

// So that who asked does not wait; nothing for what expects no answer.
std::string failed(std::string_view message, const Error& error) {
  const Result<json::value> value = parse_json(message);
  const json::value id = value ? json_member(*value, "id") : json::value(nullptr);
  if (value && id.is_null()) return {};
  const std::string why = error.message + (error.hint.empty() ? "" : ". " + error.hint);
  return to_text(json::object{{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", kInternal}, {"message", why}}}});
}

}  // namespace

int mcp(Api& api, const McpOptions&, const Surroundings& here, const Typing& typing) {
  for (;;) {
    const auto next = typing.next_line();
    if (!next && next.error().code == Code::kCancelled) return kOk;
    if (!next) {
      here.terminal.out(failed("", next.error()) + "\n");
      continue;
    }
    const std::optional<std::string>& line = *next;
    if (!line) return kOk;
    if (line->find_first_not_of(" \t\r") == std::string::npos) continue;
    net::Request request{.method = "POST", .target = {.path = "/mcp"}, .body = *line};
    request.headers.set("Content-Type", "application/json");
    const Result<net::Response> answered = api.call(request);
    const std::string reply = answered ? answered->body : failed(*line, answered.error());
    if (!reply.empty()) here.terminal.out(reply + "\n");
  }
}

}  // namespace docmind::cli
