// The routes of templates: named forms of questions with blanks.
#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "server/impl/call.h"
#include "templates/blanks.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

json::object to_json(const templates::Template& one) {
  return {{"name", one.name},
          {"text", one.text},
          {"blanks", json::value_from(templates::blanks_of(one.text))},
          {"built_in", one.built_in}};
}

}  // namespace

Result<templates::Templates*> Routes::kept_templates() const {
  if (options_.templates != nullptr) return options_.templates;
  return Error{Code::kNotFound, "this server keeps no templates", "Ask in words of your own."};
}

Routes::Reply Routes::template_list(const Call&) {
  json::array list;
  for (const templates::Template& one : DM_TRY(DM_TRY(kept_templates())->list())) list.push_back(to_json(one));
  return ok(json::object{{"templates", std::move(list)}});
}

Routes::Reply Routes::put_template(const Call& call) {
  const std::string text(json_text(json_member(call.body, "text")));
  return ok(to_json(DM_TRY(DM_TRY(kept_templates())->put(call.id, text))));
}

Routes::Reply Routes::remove_template(const Call& call) {
  return ok(to_json(DM_TRY(DM_TRY(kept_templates())->remove(call.id))));
}

}  // namespace docmind::server
