#include "server/cited_text.h"

#include <algorithm>
#include <span>

#include "agents/general_knowledge.h"
#include "base/json_members.h"
#include "net/http.h"
#include "session/parts.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr std::size_t kNamed = 3;  // Of the nearest passages.

bool is_general(const json::value& claim) { return json_text(json_member(claim, "origin")) == "general"; }

bool is_said(const json::value& claim) { return json_flag(json_member(claim, "supported")) || is_general(claim); }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// No answer, but where to look.
Sentence abstention(const json::value& answer) {
  const std::string_view said = json_text(json_member(answer, "answer"));  // Which place is not there.
  if (!said.empty()) return {.text = std::string(said)};
  Sentence out{.text = "Your documents do not say."};
  const json::array& nearest = json_list(json_member(answer, "nearest"));
  if (nearest.empty()) return out;
  out.text += "\n\nThe nearest passages:";
  for (std::size_t i = 0; i < std::min(nearest.size(), kNamed); ++i) {
    out.text += "\n- " + place_name(json_object(nearest[i]));
  }
  return out;
}

void add_said(std::span<const json::value> claims, std::vector<Sentence>& out) {
  for (const json::value& claim : claims) {
    if (!is_said(claim)) continue;
    Sentence& one = out.emplace_back(Sentence{.text = std::string(json_text(json_member(claim, "text")))});
    for (const json::value& citation : json_list(json_member(claim, "citations"))) {
      one.citations.push_back(json_object(citation));
    }
  }
}

// Each document's name, and below it what it says.
void add_parts(const json::value& answer, std::vector<Sentence>& out) {
  const std::vector<session::Part> parts = session::parts_of(answer);
  for (const session::Part& part : parts) {
    Sentence& heading = out.emplace_back(Sentence{.text = document_name(json_object(*part.about)) + ":"});
    if (part.claims.empty()) heading.text += " " + session::without_claims(part);
    add_said(part.claims, out);
  }
  const std::uint64_t total = json_count(json_member(json_member(answer, "coverage"), "total"));
  if (total > parts.size()) {
    out.push_back({.text = "Further documents that were not asked: " + std::to_string(total - parts.size()) + "."});
  }
}

}  // namespace

std::vector<Sentence> sentences_of(const json::value& answer) {
  std::vector<Sentence> out;
  const json::array& claims = json_list(json_member(answer, "claims"));
  const bool general = std::ranges::any_of(claims, is_general);
  const bool separate = !json_list(json_member(answer, "parts")).empty();
  if (general) out.push_back({.text = std::string(agents::kNotFromDocuments)});
  if (separate) add_parts(answer, out);
  if (!separate) add_said({claims.data(), claims.size()}, out);
  if (out.empty()) return {abstention(answer)};
  const std::string_view reason = json_text(json_member(answer, "partial_reason"));
  if (!general && !reason.empty()) out.push_back({.text = "This is not the whole answer. " + std::string(reason)});
  return out;
}

std::string MarkedText::whole() const {
  std::string out;
  for (const std::string& piece : pieces) out += piece;
  return out;
}

MarkedText marked(const std::vector<Sentence>& sentences) {
  MarkedText out;
  std::size_t at = 0;
  for (const Sentence& one : sentences) {
    std::string piece = (out.pieces.empty() ? "" : "\n\n") + one.text;
    std::size_t end = at + characters(piece);
    for (const json::object& citation : one.citations) {
      const std::string mark = "[" + std::to_string(out.marks.size() + 1) + "]";
      piece += " " + mark;
      out.marks.push_back({.start = end + 1, .end = end + 1 + mark.size(), .citation = citation});
      end = out.marks.back().end;
    }
    at = end;
    out.pieces.push_back(std::move(piece));
  }
  return out;
}

std::string unmarked(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with(" [")) {
      const std::size_t close = text.find_first_not_of("0123456789", i + 2);
      if (close != std::string_view::npos && close > i + 2 && text[close] == ']') {
        i = close;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::string link_to(const json::object& citation, std::string_view site) {
  std::string out = std::string(site) + "/doc/" + net::percent_encode(json_text(json_member(citation, "document_id")));
  out += "?start=" + std::to_string(json_count(json_member(citation, "start"))) +
         "&end=" + std::to_string(json_count(json_member(citation, "end")));
  if (const std::string_view version = json_text(json_member(citation, "version")); !version.empty()) {
    out += "&v=" + net::percent_encode(version);
  }
  return out;
}

std::string document_name(const json::object& citation) {
  const std::string_view path = json_text(json_member(citation, "document"));
  return std::string(path.substr(path.rfind('/') + 1));  // npos + 1 is 0.
}

std::string place_name(const json::object& citation) {
  std::string out = document_name(citation);
  if (const std::uint64_t page = json_count(json_member(citation, "page")); page != 0) {
    out += ", page " + std::to_string(page);
  }
  return out;
}

json::object own_words(const json::value& answer, std::string_view site) {
  json::object out;
  for (const std::string_view key :
       {"status", "mode", "query_used", "trace_id", "partial_reason", "fallbacks", "analysis", "parts"}) {
    out[key] = json_member(answer, key);
  }
  json::array citations;
  for (const Sentence& one : sentences_of(answer)) {
    for (const json::object& citation : one.citations) {
      json::object& added = citations.emplace_back(citation).get_object();
      added["number"] = citations.size();
      added["url"] = link_to(citation, site);
    }
  }
  out["citations"] = std::move(citations);
  out["nearest"] = json_member(answer, "nearest");
  return out;
}

}  // namespace docmind::server
