#include "session/forget.h"

#include <algorithm>
#include <boost/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/json_members.h"
#include "session/parts.h"

namespace docmind::session {
namespace {

namespace json = boost::json;

bool is_of(const json::value& passage, std::string_view document_id) {
  return json_text(json_member(passage, "document_id")) == document_id;
}

// Said by a model and not borne out: not part of the answer's text.
bool is_doubted(const json::value& claim) {
  const json::value& supported = json_member(claim, "supported");
  return supported.is_bool() && !supported.get_bool();
}

// Takes the items out for which `goes` holds.
template <typename Goes>
bool take_out(json::object& answer, std::string_view key, Goes goes) {
  json::value* list = answer.if_contains(key);
  if (list == nullptr || !list->is_array()) return false;
  json::array kept;
  for (const json::value& one : list->get_array()) {
    if (!goes(one)) kept.push_back(one);
  }
  const bool changed = kept.size() != list->get_array().size();
  *list = std::move(kept);
  return changed;
}

// Takes claims out; the parts still say which are theirs.
template <typename Goes>
bool take_out_claims(json::value& answer, Goes goes) {
  std::vector<std::size_t> kept = {0};  // Of the claims before each.
  for (const json::value& claim : json_list(json_member(answer, "claims"))) {
    kept.push_back(kept.back() + (goes(claim) ? 0 : 1));
  }
  json::object& object = answer.get_object();
  std::size_t at = 0;
  for (const Part& part : parts_of(answer)) {
    json::value& about = object.at("parts").get_array()[at++];
    if (!about.is_object()) continue;
    about.get_object()["first"] = kept[part.first];
    about.get_object()["count"] = kept[part.first + part.claims.size()] - kept[part.first];
  }
  return take_out(object, "claims", goes);
}

std::string joined(std::span<const json::value> claims) {
  std::string text;
  for (const json::value& claim : claims) {
    if (is_doubted(claim)) continue;
    text += (text.empty() ? "" : "\n\n") + std::string(json_text(json_member(claim, "text")));
  }
  return text;
}

// As it was written: a document's name above what it says, where each was asked by itself.
std::string text_of(const json::value& answer) {
  const std::vector<Part> parts = parts_of(answer);
  const json::array& claims = json_list(json_member(answer, "claims"));
  if (parts.empty()) return joined({claims.data(), claims.size()});
  std::string text;
  for (const Part& part : parts) {
    const std::string_view path = json_text(json_member(*part.about, "document"));
    const std::string said = joined(part.claims);
    if (said.empty()) continue;
    text += (text.empty() ? "" : "\n\n") + std::string(path.substr(path.rfind('/') + 1)) + ":\n" + said;
  }
  return text;
}

}  // namespace

bool quotes_document(const json::value& answer, std::string_view document_id) {
  const auto of_it = [&](const json::value& passage) { return is_of(passage, document_id); };
  const auto cites_it = [&](const json::value& claim) {
    return std::ranges::any_of(json_list(json_member(claim, "citations")), of_it);
  };
  return std::ranges::any_of(json_list(json_member(answer, "claims")), cites_it) ||
         std::ranges::any_of(json_list(json_member(answer, "nearest")), of_it) ||
         std::ranges::any_of(json_list(json_member(answer, "parts")), of_it);
}

bool forget_document(json::value& answer, std::string_view document_id) {
  if (!answer.is_object()) return false;
  json::object& object = answer.get_object();
  const auto of_it = [&](const json::value& passage) { return is_of(passage, document_id); };
  const auto cites_it = [&](const json::value& claim) {
    return std::ranges::any_of(json_list(json_member(claim, "citations")), of_it);
  };
  const bool claims = take_out_claims(answer, cites_it);
  const bool part = take_out(object, "parts", of_it);
  const bool passages = take_out(object, "nearest", of_it) || part;
  const bool dropped = take_out(object, "dropped", [](const json::value&) { return true; });
  if (claims) object["answer"] = text_of(answer);
  if (claims || passages) object["partial_reason"] = "A document that was read for it has been deleted.";
  return claims || passages || dropped;
}

void forget_unsupported(json::value& answer) {
  if (!answer.is_object()) return;
  (void)take_out_claims(answer, is_doubted);
}

}  // namespace docmind::session
