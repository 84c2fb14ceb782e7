#include "cli/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json_members.h"
#include "base/utc.h"
#include "base/utf8.h"

namespace docmind::cli {
namespace {

namespace json = boost::json;

std::string file_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

// Text from documents on one line of a terminal: no control characters, so that no document can steer it.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return printable(text);
  while (bytes > 0 && !is_char_border(text, bytes)) --bytes;
  return printable(text.substr(0, bytes)) + " …";
}

std::string place(const json::value& citation) {
  std::string out = printable(file_name(text(citation, "document")));
  if (const std::uint64_t page = count(citation, "page"); page != 0) out += fmt::format(", page {}", page);
  const std::string label = text(citation, "page_label");
  if (!label.empty() && label != std::to_string(count(citation, "page")))
    out += fmt::format(" (“{}”)", printable(label));
  if (const std::string locator = text(citation, "locator"); !locator.empty())
    out += fmt::format(", {}", printable(locator));
  return out;
}

std::string plural(std::uint64_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

}  // namespace

std::string text(const json::value& object, std::string_view key) {
  return std::string(json_text(json_member(object, key)));
}

std::string one_line(std::string_view text) { return printable(text); }

std::uint64_t count(const json::value& object, std::string_view key) { return json_count(json_member(object, key)); }

double number(const json::value& object, std::string_view key) {
  const json::value& found = json_member(object, key);
  return found.is_number() ? found.to_number<double>() : 0;
}

bool flag(const json::value& object, std::string_view key) { return json_flag(json_member(object, key)); }

const json::array& list(const json::value& object, std::string_view key) { return json_list(json_member(object, key)); }

std::string render_summary(const json::value& summary, const Terminal& terminal) {
  std::string out =
      fmt::format("{}: {} added, {} updated, {} unchanged; {}, {} embedded; {:.1f} s\n",
                  terminal.bold(plural(count(summary, "documents"), "document")), count(summary, "added"),
                  count(summary, "updated"), count(summary, "unchanged"), plural(count(summary, "chunks"), "chunk"),
                  count(summary, "embedded"), number(summary, "seconds"));
  if (const std::uint64_t skipped = count(summary, "skipped"); skipped != 0) {
    out += fmt::format("skipped: {} of a kind DocMind does not read\n", plural(skipped, "file"));
  }
  if (const std::uint64_t renamed = count(summary, "renamed"); renamed != 0) {
    out += fmt::format("renamed: {}\n", plural(renamed, "document"));
  }
  for (const json::value& missing : list(summary, "missing")) {
    if (!missing.is_string()) continue;
    const std::string path = printable(std::string(missing.get_string()));
    out += fmt::format("missing: {}\n  the file is gone, the library keeps it: docmind delete PATH\n", path);
  }
  for (const json::value& failed : list(summary, "failed")) {
    out += fmt::format("failed: {}\n  {}\n", printable(text(failed, "path")), printable(text(failed, "error")));
  }
  return out;
}

namespace {

// What a reader has to know of a claim that no document bears out.
std::string caution(const json::value& claim, const Terminal& terminal) {
  const json::value& supported = json_member(claim, "supported");
  if (!supported.is_bool() || supported.get_bool()) return {};
  return terminal.faint(" (not borne out by the documents)");
}

bool is_general(const json::value& claim) { return text(claim, "origin") == "general"; }

// Sentences with the numbers of their sources, and the sources.
struct Shown {
  std::string claims{};
  std::string sources{};
  std::size_t number = 0;
};

void show_claim(const json::value& claim, const Terminal& terminal, Shown& shown) {
  shown.claims += printable(text(claim, "text")) + caution(claim, terminal);
  for (const json::value& citation : list(claim, "citations")) {
    const std::string mark = fmt::format("[{}]", ++shown.number);
    shown.claims += terminal.faint(" " + mark);
    const std::string quote = text(citation, "quote");
    shown.sources += fmt::format("{} {}\n", terminal.faint(mark), terminal.bold(place(citation)));
    if (quote != text(claim, "text")) shown.sources += fmt::format("    “{}”\n", shortened(quote, 300));
  }
  shown.claims += "\n";
}

// A heading a document with what it says, and a line for all that do not say.
void show_parts(const json::value& answer, const Terminal& terminal, Shown& shown) {
  const json::array& claims = list(answer, "claims");
  const json::array& parts = list(answer, "parts");
  std::string silent;
  for (const json::value& part : parts) {
    const std::size_t first = std::min<std::size_t>(count(part, "first"), claims.size());
    const std::size_t end = first + std::min<std::size_t>(count(part, "count"), claims.size() - first);
    const std::string name = printable(text(part, "document"));
    const std::string reason = printable(text(part, "reason"));
    if (first == end && reason.empty()) {
      silent += (silent.empty() ? "Do not say: " : ", ") + name;
      continue;
    }
    shown.claims += (shown.claims.empty() ? "" : "\n") + terminal.bold(name) + "\n";
    for (std::size_t i = first; i < end; ++i) show_claim(claims[i], terminal, shown);
    if (first == end) {
      shown.claims += (text(part, "status") == "failed" ? "It could not be asked: " : "") + reason + "\n";
    }
  }
  if (!silent.empty()) shown.claims += (shown.claims.empty() ? "" : "\n") + silent + "\n";
  const std::uint64_t total = count(json_member(answer, "coverage"), "total");
  if (total > parts.size()) {
    shown.claims +=
        fmt::format("\nNot asked: {} with passages further away.\n", plural(total - parts.size(), "document"));
  }
}

// No answer: which place is not there, or the nearest passages.
std::string render_abstention(const json::value& answer, const std::string& lesser, const Terminal& terminal) {
  const json::array& nearest = list(answer, "nearest");
  const std::string said = printable(text(answer, "answer"));
  return terminal.bold(said.empty() ? "The documents do not say." : said) + "\n" + lesser +
         (!said.empty()     ? ""
          : nearest.empty() ? "There is nothing to look in yet: docmind ingest PATH\n"
                            : "The nearest passages:\n\n" + render_hits(nearest, terminal));
}

Shown show(const json::value& answer, const Terminal& terminal) {
  Shown shown;
  if (!list(answer, "parts").empty()) {
    show_parts(answer, terminal, shown);
    return shown;
  }
  for (const json::value& claim : list(answer, "claims")) show_claim(claim, terminal, shown);
  if (std::ranges::any_of(list(answer, "claims"), is_general)) {
    shown.claims = terminal.bold("The documents do not say. Not from them, but what the chat model knows of itself:") +
                   "\n" + shown.claims;
  }
  return shown;
}

}  // namespace

std::string render_answer(const json::value& answer, const Terminal& terminal) {
  std::string lesser;
  if (json_member(answer, "cache_age").is_number()) {
    lesser = fmt::format("Given {:.0f} seconds ago to who asked the same; --no-cache answers anew.\n",
                         number(answer, "cache_age"));
  }
  for (const json::value& fallback : list(answer, "fallbacks")) {
    if (fallback.is_string()) lesser += printable(std::string(fallback.get_string())) + "\n";
  }
  const bool separate = !list(answer, "parts").empty();
  if (text(answer, "status") == "abstained" && !separate) return render_abstention(answer, lesser, terminal);
  const Shown shown = show(answer, terminal);
  std::string out = shown.claims + "\n" + shown.sources;
  if (const json::array& nearest = list(answer, "nearest"); !nearest.empty()) {
    out += "The nearest passages:\n\n" + render_hits(nearest, terminal);
  }
  if (const std::string reason = text(answer, "partial_reason"); !reason.empty())
    out += "\nPartial: " + printable(reason) + "\n";
  if (!lesser.empty()) out += "\n" + lesser;
  return out +
         terminal.faint(fmt::format("\n{} · {:.2f} s · docmind trace {}", text(answer, "mode"),
                                    number(answer, "seconds"), text(answer, "trace_id"))) +
         "\n";
}

std::string render_turn(const json::value& turn, const Terminal& terminal) {
  std::string out;
  if (const std::string because = text(turn, "because"); !because.empty()) {
    out = terminal.faint(fmt::format("↳ Searched “{}”, because “{}” points back.", printable(text(turn, "query_used")),
                                     printable(because))) +
          "\n";
  }
  return out + render_answer(json_member(turn, "answer"), terminal);
}

std::string render_sessions(const json::value& listed, const Terminal& terminal) {
  std::string out;
  for (const json::value& session : list(listed, "sessions")) {
    const bool interrupted = !text(session, "unanswered").empty();
    out += fmt::format("{}  {}{}  {}\n", terminal.bold(printable(text(session, "session"))),
                       plural(count(session, "turns"), "turn"), interrupted ? ", interrupted" : "",
                       printable(text(session, "title")));
  }
  return out.empty() ? "No chats yet: docmind chat\n" : out;
}

std::string render_found(const json::value& found, const Terminal& terminal) {
  const std::string degraded = text(found, "degraded");
  return render_hits(list(found, "hits"), terminal) +
         (degraded.empty() ? "" : "\nSearched by keywords alone: " + printable(degraded) + "\n");
}

std::string render_hits(const json::array& hits, const Terminal& terminal) {
  if (hits.empty()) return "Nothing found.\n";
  std::string out;
  std::size_t n = 0;
  for (const json::value& hit : hits) {
    out +=
        fmt::format("{:2d}. {} {}\n    {}\n", ++n, terminal.bold(place(hit)),
                    terminal.faint(fmt::format("({:.4f})", number(hit, "score"))), shortened(text(hit, "text"), 300));
  }
  return out;
}

std::string render_backends(const json::value& backends, const Terminal& terminal) {
  std::string out;
  for (const json::value& one : list(backends, "backends")) {
    const bool in_use = flag(one, "in_use");
    out += fmt::format("{} {:9s} {}", in_use ? "*" : " ", text(one, "name"), printable(text(one, "where")));
    if (flag(one, "leaves_this_machine")) out += terminal.bold("  text leaves this machine");
    const std::string failure = text(one, "failure");
    const json::value* can = one.as_object().if_contains("capabilities");
    if (const std::string less = text(one, "reduced"); !less.empty()) out += "\n            " + printable(less);
    if (!failure.empty()) {
      out += "\n            " + printable(failure);
    } else if (can != nullptr && can->is_object()) {
      out += fmt::format("\n            {}, {} tokens{}{}{}", printable(text(*can, "model")), count(*can, "context"),
                         flag(*can, "json_schema") ? ", JSON" : "", flag(*can, "tools") ? ", tools" : "",
                         terminal.faint("  " + printable(text(*can, "server"))));
    }
    out += "\n";
  }
  if (out.empty()) return "No chat model is set up: answers are in the documents' own words.\n";
  return out;
}

namespace {

// "12.5 ms", or "-" where nobody knows.
std::string figure(const json::value& object, std::string_view key, std::string_view unit, double factor = 1) {
  const json::value* const found = object.is_object() ? object.get_object().if_contains(key) : nullptr;
  if (found == nullptr || !found->is_number()) return "-";
  return fmt::format("{:.1f} {}", factor * found->to_number<double>(), unit);
}

std::string latency_line(const json::value& summary, std::string_view things) {
  const json::value& spread = json_member(summary, "latency_ms");
  return fmt::format("{:<14} {:>5}   p50 {}, p95 {}, p99 {}\n", things, count(summary, "count"),
                     figure(spread, "p50", "ms"), figure(spread, "p95", "ms"), figure(spread, "p99", "ms"));
}

}  // namespace

std::string render_performance(const json::value& performance) {
  const json::value& replies = json_member(performance, "generations");
  const json::value& answers = json_member(performance, "answers");
  const json::value& newest = json_member(performance, "inference");
  std::string out = "Of the last hundred:\n";
  out += latency_line(answers, "answers");
  out += fmt::format("                       given again {}, coordination {}\n",
                     figure(answers, "given_again_share", "%", 100), figure(answers, "coordination_ms", "ms"));
  out += latency_line(replies, "model replies");
  out +=
      fmt::format("                       prefill {}, decode {}, prompt not computed {}\n",
                  figure(replies, "prefill_tokens_per_second", "tokens/s"),
                  figure(replies, "decode_tokens_per_second", "tokens/s"), figure(replies, "cached_share", "%", 100));
  if (!newest.is_object()) return out;
  return out + fmt::format("The newest reply: {} by {}, {} tokens in {}, the first after {}\n",
                           printable(text(newest, "model")), printable(text(newest, "backend")),
                           count(newest, "tokens_generated"), figure(newest, "total_latency", "ms"),
                           figure(newest, "time_to_first_token", "ms"));
}

std::string render_library(const json::value& library, const Terminal& terminal) {
  std::string out;
  for (const json::value& document : list(library, "documents")) {
    out += fmt::format("{}  {}", terminal.bold(printable(text(document, "document"))), text(document, "type"));
    if (const std::uint64_t pages = count(document, "pages"); pages != 0) out += ", " + plural(pages, "page");
    out +=
        ", " + plural(count(document, "chunks"), "chunk") + "  " + terminal.faint(text(document, "document_id")) + "\n";
    for (const json::value& warning : list(document, "warnings")) {
      if (warning.is_string()) out += fmt::format("  {}\n", printable(std::string(warning.get_string())));
    }
  }
  if (out.empty()) out = "The library is empty: docmind ingest PATH\n";
  if (const std::string hash = text(library, "content_hash"); !hash.empty()) out += "content " + hash + "\n";
  return out;
}

std::string render_verification(const json::value& verification, const Terminal& terminal) {
  std::string out;
  for (const json::value& check : list(verification, "citations")) {
    out += fmt::format("{:8s} {} bytes {}–{}\n", text(check, "state"), printable(text(check, "document")),
                       count(check, "start"), count(check, "end"));
  }
  return out +
         terminal.bold(flag(verification, "holds") ? "Every citation holds." : "The answer does not hold any more.") +
         "\n";
}

std::string render_checks(const json::array& checks, const Terminal& terminal) {
  std::string out;
  for (const json::value& check : checks) {
    out += fmt::format("{:9s} {}  {}\n", text(check, "status"), terminal.bold(text(check, "name")),
                       text(check, "message"));
  }
  return out;
}

std::string render_parts(const json::array& parts, const Terminal& terminal) {
  const auto moment = [](const json::value& from, std::string_view key) {
    return utc_text(WallTime(std::chrono::milliseconds(count(from, key))));
  };
  std::string out;
  for (const json::value& part : parts) {
    const json::value& last = json_member(part, "last_error");
    const std::string message = text(part, "message");
    if (text(part, "status") == "ok" && !last.is_object()) continue;
    out += fmt::format("{:9s} {}  since {}", text(part, "status"), terminal.bold(printable(text(part, "name"))),
                       moment(part, "since_ms"));
    if (!message.empty()) out += ": " + printable(message);
    if (const std::string instead = text(part, "fallback"); !instead.empty()) out += "; instead: " + printable(instead);
    if (last.is_object()) {
      const std::string said = text(last, "message");
      out += fmt::format("; last error {} ({})", moment(last, "at_ms"), printable(text(last, "code")));
      if (said != message) out += ": " + printable(said);
    }
    out += "\n";
  }
  return out;
}

}  // namespace docmind::cli
