#include "cli/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "base/utf8.h"
#include "cli/exit_code.h"
#include "cli/impl/request.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/trace_tree.h"

namespace docmind::cli {
namespace {

namespace json = boost::json;

int summary_code(const json::value& summary) {
  const std::uint64_t failed = list(summary, "failed").size();
  if (failed == 0) return kOk;
  return count(summary, "documents") == 0 ? kFailed : kSomeFailed;
}

int replay(Api& api, const std::string& id, const Surroundings& here) {
  const auto reply = api.call(get("/api/traces/" + id + "/replay"));
  if (!reply) return report(reply.error(), here);
  const auto body = parse_json(reply->body);
  if (!body) return report(body.error(), here);
  here.terminal.out(here.json ? reply->body + "\n" : render_replay(*body, here.terminal));
  return flag(*body, "same") ? kOk : kFailed;
}

// How sure it is of questions in other words.
std::string calibration(const json::value& stats) {
  const json::value& known = json_member(stats, "calibration");
  const double distance = number(stats, "max_distance");
  if (distance < 0) return "by the same words alone";
  if (!known.is_object()) return fmt::format("distance {}: not calibrated for this embedding model", distance);
  return fmt::format("distance {}: at most {:.2f} % of semantic hits wrong, {:.0f} % confidence, n = {}", distance,
                     100 * number(known, "wrong_at_most"), 100 * number(known, "confidence"), count(known, "served"));
}

}  // namespace

int report(const Error& error, const Surroundings& here) {
  if (here.json) {
    here.terminal.out(net::error_body(error) + "\n");
  }
  here.terminal.err(fmt::format("docmind: {}{}{}\n", error.message, error.hint.empty() ? "" : "\n  ", error.hint));
  return error.code == Code::kCancelled ? kInterrupted : kFailed;
}

int ingest(Api& api, const IngestOptions& options, const Surroundings& here) {
  json::array paths;
  for (const std::string& path : options.paths) {
    if (!is_utf8(path)) {
      return report({Code::kInvalidArgument, "a path is not valid UTF-8", "rename it, or ingest the folder it lies in"},
                    here);
    }
    paths.emplace_back(absolute(path, here));
  }
  ProgressView view(here.terminal);
  const auto summary = followed(api, post("/api/ingest", json::object{{"paths", std::move(paths)}}), "summary",
                                [&](const json::value& body) { view.show(body); });
  view.finish();
  if (!summary && summary.error().code == Code::kCancelled) {
    return report(
        {Code::kCancelled, "stopped", "What was read is in the library; the same command goes on from there."}, here);
  }
  if (!summary) return report(summary.error(), here);
  here.terminal.out(here.json ? to_text(*summary) + "\n" : render_summary(*summary, here.terminal));
  return summary_code(*summary);
}

int ask(Api& api, const AskOptions& options, const Surroundings& here) {
  auto filter = filter_object(options.filter, here);
  if (!filter) return report(filter.error(), here);
  const Result<std::string> question = question_of(api, options);
  if (!question) return report(question.error(), here);
  json::object body{{"question", *question}};
  if (!filter->empty()) body["filter"] = *std::move(filter);
  if (options.no_cache) body["cache"] = "bypass";
  if (options.separate) body["analysis"] = "separate";
  return print(api.call(post("/api/ask", body)), here,
               [&](const json::value& answer) { return render_answer(answer, here.terminal); });
}

int search(Api& api, const SearchOptions& options, const Surroundings& here) {
  const auto read = filter_fields(options.filter, here);
  if (!read) return report(read.error(), here);
  const FilterFields& fields = *read;
  std::vector<std::pair<std::string, std::string>> query = {{"q", options.query}};
  if (options.k != 0) query.emplace_back("k", std::to_string(options.k));
  for (const std::string& document : fields.documents) query.emplace_back("document", document);
  for (const std::string& type : fields.types) query.emplace_back("type", type);
  if (fields.from) query.emplace_back("from", std::to_string(*fields.from));
  if (fields.to) query.emplace_back("to", std::to_string(*fields.to));
  return print(api.call(get("/api/search", std::move(query))), here,
               [&](const json::value& found) { return render_found(found, here.terminal); });
}

int library(Api& api, const LibraryOptions& options, const Surroundings& here) {
  std::vector<std::pair<std::string, std::string>> query;
  if (options.hash) query.emplace_back("hash", "true");
  return print(api.call(get("/api/documents", std::move(query))), here,
               [&](const json::value& listed) { return render_library(listed, here.terminal); });
}

int remove(Api& api, const DeleteOptions& options, const Surroundings& here) {
  int code = kOk;
  json::array deleted;
  for (const std::string& given : options.documents) {
    net::Request request = get("/api/documents", {{"document", document_filter(given, here)}});
    request.method = "DELETE";
    auto reply = api.call(request);
    if (!reply && reply.error().code == Code::kNotFound) {  // an upload is known by its name, which is no path
      request.target.query.front().second = given;
      reply = api.call(request);
    }
    if (!reply) {
      code = report(reply.error(), {here.terminal, here.folder, false, here.read_file});
      continue;
    }
    const auto body = parse_json(reply->body);
    if (!body) return report(body.error(), here);
    deleted.push_back(*body);
    if (!here.json) here.terminal.out(fmt::format("deleted {}\n", text(*body, "document")));
  }
  if (here.json) here.terminal.out(to_text(json::object{{"deleted", std::move(deleted)}}) + "\n");
  return code;
}

int backends(Api& api, const BackendsOptions& options, const Surroundings& here) {
  const net::Request request =
      options.use.empty() ? get("/api/backends") : post("/api/backends/use", json::object{{"name", options.use}});
  return print(api.call(request), here,
               [&](const json::value& listed) { return render_backends(listed, here.terminal); });
}

int performance(Api& api, const PerformanceOptions&, const Surroundings& here) {
  return print(api.call(get("/api/performance")), here, render_performance);
}

int config_set(Api& api, const ConfigSetOptions& options, const Surroundings& here) {
  const json::object changes{{options.key, options.value}};
  net::Request request = post("/api/settings", json::object{{"changes", changes}, {"check", options.check}});
  request.method = "PATCH";
  return print(api.call(request), here, [&](const json::value& all) {
    if (options.check) return options.key + " can be set so\n";
    const auto& settings = json_list(json_member(all, "settings"));
    const auto one =
        std::ranges::find_if(settings, [&](const json::value& it) { return text(it, "key") == options.key; });
    const bool waits = one != settings.end() && flag(*one, "pending");
    return fmt::format("{} is set in {}{}\n", options.key, text(all, "file"),
                       waits ? ", and holds from the next start of docmind on" : "");
  });
}

int cache_stats(Api& api, const CacheStatsOptions&, const Surroundings& here) {
  return print(api.call(get("/api/cache")), here, [](const json::value& stats) {
    const json::value& hits = json_member(stats, "hits");
    const std::string trouble = text(stats, "trouble");
    return fmt::format(
        "{} answers, {:.1f} MiB, in {}\n{}{}since the start: {} exact hits, {} semantic hits, {} misses\nsaved: {:.1f} "
        "s, {} "
        "tokens\n{}\n",
        count(stats, "answers"), number(stats, "bytes") / (1 << 20), text(stats, "place"), trouble,
        trouble.empty() ? "" : "\n", count(hits, "exact"), count(hits, "semantic"), count(stats, "misses"),
        number(stats, "saved_seconds"), count(stats, "saved_tokens"), calibration(stats));
  });
}

int cache_purge(Api& api, const CachePurgeOptions& options, const Surroundings& here) {
  std::pair<std::string, std::string> which = {"all", "true"};
  if (!options.user.empty()) which = {"user", options.user};
  if (!options.session.empty()) which = {"session", options.session};
  if (!options.document.empty()) which = {"document", document_filter(options.document, here)};
  net::Request request = get("/api/cache", {which});
  request.method = "DELETE";
  return print(api.call(request), here,
               [](const json::value& purged) { return fmt::format("{} taken away\n", count(purged, "purged")); });
}

int trace(Api& api, const TraceOptions& options, const Surroundings& here) {
  if (options.replay) return replay(api, options.id, here);
  return print(api.call(get("/api/traces/" + options.id)), here,
               [&](const json::value& trace) { return render_trace(trace, here.terminal); });
}

int verify(Api& api, const VerifyOptions& options, const Surroundings& here) {
  const auto file = here.read_file(options.file);
  if (!file) return report(file.error(), here);
  const auto answer = parse_json(*file);
  if (!answer) {
    return report({Code::kInvalidArgument, options.file + " is not an answer: " + answer.error().message,
                   "make one with: docmind ask \"...\" --json > answer.json"},
                  here);
  }
  const auto reply = api.call(post("/api/verify", *answer));
  if (!reply) return report(reply.error(), here);
  const auto body = parse_json(reply->body);
  if (!body) return report(body.error(), here);
  here.terminal.out(here.json ? reply->body + "\n" : render_verification(*body, here.terminal));
  return flag(*body, "holds") ? kOk : kFailed;
}

int doctor(Api& api, json::object found, const Surroundings& here) {
  json::array checks = list(found, "checks");
  const auto reply = api.call(get("/api/doctor"));
  if (!reply && reply.error().code == Code::kCancelled) return report(reply.error(), here);
  const auto body = reply ? parse_json(reply->body) : Result<json::value>(reply.error());
  if (body) {
    for (const json::value& check : list(*body, "checks")) checks.push_back(check);
    found["parts"] = list(*body, "parts");
  } else {  // The machine is told of all the same.
    const Error& error = body.error();
    checks.push_back({{"name", "product"},
                      {"status", "failed"},
                      {"message", error.hint.empty() ? error.message : error.message + "; " + error.hint}});
  }
  std::string worst = "ok";
  for (const json::value& check : checks) {
    const std::string status = text(check, "status");
    if (status == "failed" || (status == "degraded" && worst == "ok")) worst = status;
  }
  if (here.json) {
    json::object out{{"status", worst}};
    found["checks"] = std::move(checks);
    for (auto& [key, value] : found) out[key] = std::move(value);
    here.terminal.out(to_text(out) + "\n");
  } else {
    here.terminal.out(render_checks(checks, here.terminal) + render_parts(list(found, "parts"), here.terminal));
  }
  return worst == "failed" ? kFailed : kOk;
}

}  // namespace docmind::cli
