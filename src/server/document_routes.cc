// The routes that show a document: its text around a place, and where the words stand on its pages.
#include <boost/json.hpp>
#include <cmath>

#include "base/json.h"
#include "server/impl/call.h"
#include "server/json_read.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

double points(float value) { return std::round(value * 100.0) / 100.0; }

json::value page_json(const service::MarkedPage& page) {
  json::array quads;
  for (const service::Quad& quad : page.quads) {
    quads.push_back(json::array{points(quad.left), points(quad.top), points(quad.right), points(quad.bottom)});
  }
  return json::object{{"page", page.page},
                      {"label", page.label},
                      {"width", points(page.width)},
                      {"height", points(page.height)},
                      {"quads", std::move(quads)}};
}

json::value moved_json(const service::Marks& marks) {
  if (!marks.moved_to) return nullptr;
  const auto& [span, page] = *marks.moved_to;
  return json::object{{"version", marks.stored_version},
                      {"start", span.start},
                      {"end", span.end},
                      {"page", page == 0 ? json::value(nullptr) : json::value(page)}};
}

// Of one picture: another version of the document has others.
std::string etag_of(const service::PageAsked& asked, const std::string& version) {
  return "\"" + version + "-" + std::to_string(asked.page) + "-" + std::to_string(asked.width) + "\"";
}

// The version in the caller's ETag of this very picture; empty: it has none.
std::string known_version(const net::Request& request, const service::PageAsked& asked) {
  const std::string_view given = request.headers.find("If-None-Match").value_or("");
  const std::string tail = etag_of(asked, "").substr(1);
  if (!given.starts_with('"') || !given.ends_with(tail)) return {};
  return std::string(given.substr(1, given.size() - 1 - tail.size()));
}

}  // namespace

Routes::Reply Routes::document_page(const Call& call) {
  service::PageAsked asked = DM_TRY(read_page(call.request.target, call.id, call.page));
  asked.known = known_version(call.request, asked);
  const service::PagePicture picture = DM_TRY(service_.page(asked, call.deadline, call.stop));
  net::Response response;
  response.status = picture.png == nullptr ? 304 : 200;
  response.headers.set("ETag", etag_of(asked, picture.version));
  // With the version in its address it never changes; without, the document may.
  response.headers.set("Cache-Control",
                       asked.version.empty() ? "private, no-cache" : "private, max-age=31536000, immutable");
  if (picture.png != nullptr) {
    response.headers.set("Content-Type", "image/png");
    response.body = *picture.png;
  }
  return Answered(std::move(response));
}

Routes::Reply Routes::document_marks(const Call& call) {
  const service::PlaceAsked asked = DM_TRY(read_place(call.request.target, call.id));
  const service::Marks marks = DM_TRY(service_.marks(asked, call.deadline, call.stop));
  json::array pages;
  for (const service::MarkedPage& page : marks.pages) pages.push_back(page_json(page));
  return ok(json::object{{"document", marks.document_id},
                         {"version", marks.version},
                         {"current", marks.current()},
                         {"pages", std::move(pages)},
                         {"quote", marks.quote},
                         {"moved_to", moved_json(marks)}});
}

Routes::Reply Routes::document_text(const Call& call) {
  const service::PlaceAsked asked = DM_TRY(read_place(call.request.target, call.id));
  const service::TextView view = DM_TRY(service_.text(asked, call.deadline, call.stop));
  json::array runs;
  for (const service::TextRun& run : view.runs) runs.push_back(json::object{{"text", run.text}, {"mark", run.mark}});
  return ok(json::object{{"document", view.document_id},
                         {"version", view.version},
                         {"where", view.where},
                         {"runs", std::move(runs)},
                         {"before_cut", view.shown.start > 0},
                         {"after_cut", view.shown.end < view.bytes},
                         {"start", view.shown.start},
                         {"end", view.shown.end},
                         {"bytes", view.bytes}});
}

Routes::Reply Routes::document_removal(const Call& call) {
  const service::Removal going = DM_TRY(service_.removal(call.id, call.deadline, call.stop));
  std::uint64_t sessions = 0;
  if (options_.sessions != nullptr) {
    sessions = DM_TRY(options_.sessions->count_with(going.document_id, {call.deadline, call.stop}));
  }
  return ok(json::object{{"pages", going.pages},
                         {"chunks", going.chunks},
                         {"bytes", going.bytes},
                         {"cached_answers", going.cached_answers},
                         {"sessions", sessions},
                         {"original_stays", going.original_stays}});
}

}  // namespace docmind::server
