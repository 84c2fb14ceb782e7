#include "app/drift.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "app/settings_object.h"
#include "base/json.h"
#include "base/json_members.h"
#include "cli/exit_code.h"
#include "sys/files.h"

namespace docmind::app {
namespace {

namespace json = boost::json;

constexpr auto kPatience = std::chrono::seconds(10);
constexpr int kSame = cli::kOk;
constexpr int kDiffers = cli::kFailed;
constexpr int kNobodyServes = 2;

const json::value& setting(const json::value& object, std::string_view key) {
  for (const json::value& one : json_list(json_member(object, "settings"))) {
    if (json_text(json_member(one, "key")) == key) return one;
  }
  static const json::value none;
  return none;
}

std::set<std::string, std::less<>> keys_of(const json::value& object) {
  std::set<std::string, std::less<>> out;
  for (const json::value& one : json_list(json_member(object, "settings")))
    out.emplace(json_text(json_member(one, "key")));
  return out;
}

std::string text(const json::value& value) {
  return sys::printable(value.is_string() ? std::string(value.get_string()) : to_text(value));
}

Result<json::value> ask_the_server(const DriftContext& context) {
  net::Request request;
  request.target.path = "/api/settings";
  const auto reply =
      DM_TRY(context.client.call({.unix_path = context.layout.socket.string()}, request,
                                 {.deadline = Deadline::in(kPatience, context.clock), .stop = context.stop}));
  return parse_json(reply.body);
}

json::array array_of(const std::vector<Drift>& drifts) {
  json::array out;
  for (const Drift& one : drifts) {
    out.push_back({{"key", one.key},
                   {"in_force", one.in_force},
                   {"in_force_origin", one.in_force_origin},
                   {"written", one.written},
                   {"written_origin", one.written_origin}});
  }
  return out;
}

}  // namespace

std::vector<Drift> drift_between(const json::value& serving, const json::value& written) {
  auto keys = keys_of(serving);
  keys.merge(keys_of(written));
  std::vector<Drift> out;
  for (const std::string& key : keys) {
    const json::value& theirs = setting(serving, key);
    const json::value& ours = setting(written, key);
    Drift one{.key = key};
    // What one of them does not list is at its default there.
    one.in_force = theirs.is_null() ? json_member(ours, "default") : json_member(theirs, "in_force");
    one.written = ours.is_null() ? json_member(theirs, "default") : json_member(ours, "value");
    one.in_force_origin = theirs.is_null() ? "default" : json_text(json_member(theirs, "in_force_origin"));
    one.written_origin = ours.is_null() ? "default" : json_text(json_member(ours, "origin"));
    if (one.in_force != one.written || json_flag(json_member(theirs, "pending"))) out.push_back(std::move(one));
  }
  return out;
}

int show_drift(const DriftContext& context) {
  const cli::Surroundings& here = context.here;
  const auto serving = ask_the_server(context);
  if (!serving) {
    if (serving.error().code != Code::kUnavailable) return cli::report(serving.error(), here);
    cli::report({Code::kUnavailable, "no docmind serves " + sys::printable(context.layout.data),
                 "The next start takes what is written: docmind config show --origin"},
                here);
    return kNobodyServes;
  }
  const auto written = parse_json(settings_object(context.loaded, context.loaded));
  if (!written) return cli::report(written.error(), here);
  const std::vector<Drift> drifts = drift_between(*serving, *written);
  const json::value& trouble = json_member(*serving, "trouble");
  if (here.json) {
    here.terminal.out(
        to_text(json::object{
            {"generation", json_member(*serving, "generation")}, {"trouble", trouble}, {"drift", array_of(drifts)}}) +
        "\n");
    return drifts.empty() ? kSame : kDiffers;
  }
  for (const Drift& one : drifts) {
    here.terminal.out(fmt::format("{}: in force {} ({}), written {} ({})\n", one.key, text(one.in_force),
                                  sys::printable(one.in_force_origin), text(one.written),
                                  sys::printable(one.written_origin)));
  }
  if (drifts.empty()) here.terminal.out("what is in force is what is written\n");
  if (!trouble.is_null())
    here.terminal.err(fmt::format("docmind: the server did not take what is written: {}\n", text(trouble)));
  return drifts.empty() ? kSame : kDiffers;
}

}  // namespace docmind::app
