// docmind templates, and the question that one makes for docmind ask.
#include "templates/templates.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "cli/commands.h"
#include "cli/impl/request.h"
#include "cli/render.h"
#include "templates/blanks.h"

namespace docmind::cli {
namespace {

namespace json = boost::json;

std::string path_of(const std::string& name) { return "/api/templates/" + name; }

std::string render_template(const json::value& one) {
  return fmt::format("{}{}\n  {}\n", one_line(text(one, "name")),
                     json_flag(json_member(one, "built_in")) ? "  (comes with DocMind)" : "",
                     one_line(text(one, "text")));
}

std::string render_templates(const json::value& body) {
  std::string out;
  for (const json::value& one : list(body, "templates")) out += render_template(one);
  return out;
}

}  // namespace

Result<std::string> question_of(Api& api, const AskOptions& options) {
  if (options.template_name.empty()) return options.question;
  std::map<std::string, std::string, std::less<>> words;
  for (const std::string& pair : options.with) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos) {
      return Error{Code::kInvalidArgument, "--with takes BLANK=WORDS, not " + one_line(pair),
                   "For instance: --with topic=licences"};
    }
    words[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  const net::Response reply = DM_TRY(api.call(get("/api/templates")));
  const json::value body = DM_TRY(parse_json(reply.body));
  for (const json::value& one : list(body, "templates")) {
    if (text(one, "name") == options.template_name) return templates::fill(text(one, "text"), words);
  }
  return Error{Code::kNotFound, "there is no template " + one_line(options.template_name),
               "docmind templates list shows those there are"};
}

int templates_list(Api& api, const TemplatesListOptions&, const Surroundings& here) {
  return print(api.call(get("/api/templates")), here, render_templates);
}

int templates_add(Api& api, const TemplatesAddOptions& options, const Surroundings& here) {
  // Else it would be another address.
  if (const auto named = templates::check_name(options.name); !named) return report(named.error(), here);
  net::Request request = post(path_of(options.name), json::object{{"text", options.text}});
  request.method = "PUT";
  return print(api.call(request), here, render_template);
}

int templates_remove(Api& api, const TemplatesRemoveOptions& options, const Surroundings& here) {
  net::Request request = get(path_of(options.name));
  request.method = "DELETE";
  return print(api.call(request), here,
               [](const json::value& gone) { return "removed " + one_line(text(gone, "name")) + "\n"; });
}

}  // namespace docmind::cli
