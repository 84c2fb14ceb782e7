#include "session/forget.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>

#include "base/json_members.h"

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

}  // namespace

bool quotes_document(const json::value& answer, std::string_view document_id) {
  const auto of_it = [&](const json::value& passage) { return is_of(passage, document_id); };
  const auto cites_it = [&](const json::value& claim) {
    return std::ranges::any_of(json_list(json_member(claim, "citations")), of_it);
  };
  return std::ranges::any_of(json_list(json_member(answer, "claims")), cites_it) ||
         std::ranges::any_of(json_list(json_member(answer, "nearest")), of_it);
}

bool forget_document(json::value& answer, std::string_view document_id) {
  if (!answer.is_object()) return false;
  json::object& object = answer.get_object();
  const auto of_it = [&](const json::value& passage) { return is_of(passage, document_id); };
  const auto cites_it = [&](const json::value& claim) {
    return std::ranges::any_of(json_list(json_member(claim, "citations")), of_it);
  };
  const bool claims = take_out(object, "claims", cites_it);
  const bool passages = take_out(object, "nearest", of_it);
  const bool dropped = take_out(object, "dropped", [](const json::value&) { return true; });
  if (claims) {
    std::string text;
    for (const json::value& claim : json_list(object.at("claims"))) {
      if (is_doubted(claim)) continue;
      text += (text.empty() ? "" : "\n\n") + std::string(json_text(json_member(claim, "text")));
    }
    object["answer"] = text;
  }
  if (claims || passages) object["partial_reason"] = "A document that was read for it has been deleted.";
  return claims || passages || dropped;
}

void forget_unsupported(json::value& answer) {
  if (!answer.is_object()) return;
  (void)take_out(answer.get_object(), "claims", is_doubted);
}

}  // namespace docmind::session
