#include "speed/history.h"

#include <boost/json.hpp>
#include <cmath>
#include <optional>
#include <span>

#include "base/json.h"
#include "base/json_members.h"
#include "sys/lock_file.h"

namespace docmind::speed {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMostBytes = 16U << 20U;
constexpr JsonLimits kLine = {.depth = 8, .bytes = 64U << 10U};

std::optional<double> number(const json::value& value) {
  const double out = value.is_number() ? value.to_number<double>() : -1;
  return std::isfinite(out) && out >= 0 ? std::optional(out) : std::nullopt;
}

std::optional<Run> run_in(std::string_view line) {
  const auto parsed = parse_json(line, kLine);
  if (!parsed) return std::nullopt;
  const auto text = [&](std::string_view key) { return std::string(json_text(json_member(*parsed, key))); };
  Run run{text("at"), text("version"), text("machine"), text("models")};
  if (run.at.empty() || run.machine.empty()) return std::nullopt;
  for (const auto& [id, figure] : json_object(json_member(*parsed, "figures"))) {
    const auto median = number(json_member(figure, "median"));
    const auto low = number(json_member(figure, "low"));
    const auto high = number(json_member(figure, "high"));
    if (median && low && high) run.figures.emplace(id, Sampled{*median, *low, *high});
  }
  return run;
}

Result<sys::LockFile> lock_of(const std::filesystem::path& path) {
  std::filesystem::path beside = path;
  beside += ".lock";
  return sys::LockFile::try_lock(beside);
}

Result<History> read_to_add(sys::Files& files, const std::filesystem::path& path) {
  History history = DM_TRY(read_history(files, path));
  if (!history.runs.empty() || history.unread == 0) return history;
  return Error{Code::kInvalidArgument, sys::printable(path) + " holds something, but no run of bench",
               "Name another file with --history, move that one away, or keep nothing with --no-keep."};
}

}  // namespace

History history_of(std::string_view text) {
  History out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (auto run = run_in(line)) {
      out.runs.push_back(*std::move(run));
    } else {
      ++out.unread;
    }
  }
  return out;
}

Result<History> read_history(sys::Files& files, const std::filesystem::path& path) {
  const auto text = files.read(path, kMostBytes);
  if (!text && text.error().code == Code::kNotFound) return History{};
  return history_of(DM_TRY(text));
}

std::string line_of(const Run& run) {
  json::object figures;
  for (const auto& [id, one] : run.figures) {
    figures[id] = json::object{{"median", one.median}, {"low", one.low}, {"high", one.high}};
  }
  return to_text(json::object{{"at", run.at},
                              {"version", run.version},
                              {"machine", run.machine},
                              {"models", run.models},
                              {"figures", std::move(figures)}});
}

Result<> can_add_to_history(sys::Files& files, const std::filesystem::path& path) {
  const auto lock = lock_of(path);
  if (!lock && lock.error().code != Code::kConflict) return lock.error();  // Another bench is done in a moment.
  DM_TRY(read_to_add(files, path));
  return {};
}

Result<> add_to_history(sys::Files& files, const std::filesystem::path& path, const Run& run) {
  const sys::LockFile lock = DM_TRY(lock_of(path));
  const History history = DM_TRY(read_to_add(files, path));
  const std::span<const Run> all = history.runs;
  std::string text;
  for (const Run& one : all.last(std::min(all.size(), kMostRuns - 1))) text += line_of(one) + "\n";
  return files.write_atomic(path, text + line_of(run) + "\n");
}

}  // namespace docmind::speed
