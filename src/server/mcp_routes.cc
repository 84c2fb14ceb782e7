// POST /mcp: the library as tools for the models of other programs (server/mcp.h).
#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "server/cited_text.h"
#include "server/impl/call.h"
#include "server/json_read.h"
#include "server/json_write.h"
#include "server/mcp.h"
#include "server/shape.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kListed = 100;
constexpr std::uint64_t kMostListed = 1000;
constexpr std::int64_t kMostPassages = 100;

Error bad(std::string message) { return {Code::kInvalidArgument, std::move(message), "See the tool's inputSchema."}; }

// Arguments as the parameters of a route, whose reader checks them; `named` is called otherwise there.
Result<net::Target> as_target(const json::object& arguments, std::string_view except = "") {
  net::Target target;
  for (const auto& [key, value] : arguments) {
    if (key == except) continue;
    if (!value.is_string() && !value.is_int64()) return bad("\"" + std::string(key) + "\" has the wrong type");
    const std::string text = value.is_string() ? std::string(value.get_string()) : std::to_string(value.get_int64());
    target.query.emplace_back(key == "query" ? std::string_view("q") : std::string_view(key), text);
  }
  return target;
}

std::string answer_text(const json::value& answer) {
  const MarkedText text = marked(sentences_of(answer));
  std::string out = text.whole();
  if (!text.marks.empty()) out += "\n\nSources:";
  for (std::size_t i = 0; i < text.marks.size(); ++i) {
    const json::object& citation = text.marks[i].citation;
    out += "\n[" + std::to_string(i + 1) + "] " + place_name(citation) + ": \"" +
           std::string(json_text(json_member(citation, "quote"))) + "\"";
  }
  return out;
}

std::string hits_text(const json::value& found) {
  std::string out;
  std::size_t number = 0;
  for (const json::value& hit : json_list(json_member(found, "hits"))) {
    const json::object& one = json_object(hit);
    out += std::to_string(++number) + ". " + place_name(one) + " (document_id " +
           std::string(json_text(json_member(one, "document_id"))) + ", start " +
           std::to_string(json_count(json_member(one, "start"))) + ", end " +
           std::to_string(json_count(json_member(one, "end"))) + ")\n" +
           std::string(json_text(json_member(one, "text"))) + "\n\n";
  }
  return out.empty() ? "Nothing was found." : out;
}

// Those from `offset` on; how many there are in all.
ToolResult page_of(const service::LibraryInfo& library, std::uint64_t offset, std::uint64_t limit) {
  const std::size_t all = library.documents.size();
  json::array listed;
  ToolResult out{.text = std::to_string(all) + " documents"};
  for (std::size_t i = std::min<std::uint64_t>(offset, all); i < all && listed.size() < limit; ++i) {
    const service::DocumentInfo& one = library.documents[i];
    listed.push_back({{"document", one.document},
                      {"document_id", one.document_id},
                      {"type", one.type},
                      {"title", one.title},
                      {"pages", one.pages}});
    out.text += "\n" + one.document + " (document_id " + one.document_id + ", " + one.type + ")";
  }
  out.structured = {{"documents", std::move(listed)}, {"offset", offset}, {"total", all}};
  return out;
}

ToolResult passage_of(const service::TextView& view) {
  ToolResult out;
  for (const service::TextRun& run : view.runs) out.text += run.text;
  out.structured = {
      {"document_id", view.document_id}, {"version", view.version}, {"where", view.where}, {"text", out.text},
      {"start", view.shown.start},       {"end", view.shown.end},   {"bytes", view.bytes}};
  if (view.shown.end < view.bytes) {
    out.text += "\n\n(goes on at offset " + std::to_string(view.shown.end) + " of " + std::to_string(view.bytes) + ")";
  }
  return out;
}

}  // namespace

Result<ToolResult> Routes::ask_tool(const json::object& arguments, const Call& call) {
  json::object request{{"question", json_member(arguments, "question")}};
  for (const auto& [key, value] : arguments) {
    if (key == "documents") request["filter"] = json::object{{"documents", value}};
    if (key != "documents") request[key] = value;
  }
  const service::Question question = DM_TRY(checked_question(request));
  const json::value answer = DM_TRY(counted_answer(question, "mcp", call.deadline, call.stop));
  return ToolResult{.text = answer_text(answer), .structured = answer.as_object()};
}

Result<ToolResult> Routes::search_tool(const json::object& arguments, const Call& call) {
  static const Shape shape("SearchQuery");
  const net::Target target = DM_TRY(as_target(arguments));
  DM_TRY(check(target, shape));
  const service::Query query = DM_TRY(read_query(target, default_k_));
  if (query.k > kMostPassages) return bad("\"k\" must be a whole number from 1 to 100");
  const json::value found = to_json(DM_TRY(service_.search(query, call.deadline, call.stop)));
  return ToolResult{.text = hits_text(found), .structured = found.as_object()};
}

Result<ToolResult> Routes::list_tool(const json::object& arguments, const Call& call) {
  const net::Target target = DM_TRY(as_target(arguments));
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const auto offset = static_cast<std::uint64_t>(DM_TRY(read_whole(target, "offset", 0, 0, most)));
  const auto limit = static_cast<std::uint64_t>(DM_TRY(read_whole(target, "limit", kListed, 1, kMostListed)));
  return page_of(DM_TRY(service_.documents(service::Hashing::kSkip, call.deadline, call.stop)), offset, limit);
}

Result<ToolResult> Routes::read_tool(const json::object& arguments, const Call& call) {
  const std::string document(json_text(json_member(arguments, "document_id")));
  if (document.empty()) return bad("\"document_id\" must be a string");
  static const Shape shape("PlaceQuery");
  const net::Target target = DM_TRY(as_target(arguments, "document_id"));
  DM_TRY(check(target, shape));
  const service::PlaceAsked asked = DM_TRY(read_place(target, document));
  return passage_of(DM_TRY(service_.text(asked, call.deadline, call.stop)));
}

Routes::Reply Routes::mcp(const Call& call) {
  const auto tool = [&](Result<ToolResult> (Routes::*run)(const json::object&, const Call&)) -> Tool {
    return [this, &call, run](const json::object& arguments) { return (this->*run)(arguments, call); };
  };
  const auto reply = mcp_reply(call.request.body, {.ask = tool(&Routes::ask_tool),
                                                   .search = tool(&Routes::search_tool),
                                                   .list_documents = tool(&Routes::list_tool),
                                                   .read_passage = tool(&Routes::read_tool)});
  if (!reply) return Answered(net::Response{.status = 202});
  return Answered(net::json_response(200, *reply));
}

}  // namespace docmind::server
