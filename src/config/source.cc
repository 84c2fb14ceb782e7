#include "config/source.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/ascii.h"
#include "base/utf8.h"
#include "config/value.h"
#include "sys/files.h"

namespace docmind::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "DOCMIND_";
constexpr std::array<std::string_view, 2> kOfTheBuild = {"DOCMIND_DEPS_DIR", "DOCMIND_LLAMA_DIR"};
constexpr std::size_t kMaxValues = 4000;
constexpr int kMaxDepth = 16;

Error wrong(const std::string& where, std::string_view what, std::string_view hint = {}) {
  return {Code::kInvalidArgument, fmt::format("{}: {}", where, what), std::string(hint)};
}

std::string at_line(const fs::path& file, int line) { return fmt::format("{}:{}", sys::printable(file), line); }

Result<> check_text(std::string_view text, const fs::path& file) {
  if (text.size() > kMaxFileBytes) {
    return wrong(sys::printable(file), fmt::format("is larger than {} bytes", kMaxFileBytes), "Shorten it.");
  }
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) {
    return wrong(sys::printable(file), "is not a UTF-8 text", "Save it as UTF-8.");
  }
  return {};
}

// Walks the document with its aliases followed, so it counts what it visits: a few lines of aliases of aliases would
// otherwise be billions of values. Only const nodes are looked at: asking another for a key adds it.
enum class Null : std::uint8_t { kRefused, kAbsent };

class YamlReader {
 public:
  YamlReader(const fs::path& file, Null null) : file_(file), null_(null) {}

  Result<> read_map(const YAML::Node& map, const std::string& prefix, int depth) {
    if (depth > kMaxDepth) return wrong(where(map), "the settings are nested too deep");
    std::set<std::string> seen;
    for (const auto& entry : map) {
      const YAML::Node& name = entry.first;
      if (!name.IsScalar()) return wrong(where(name), "the name of a setting must be a word");
      if (!seen.insert(name.Scalar()).second) {
        return wrong(where(name), fmt::format("{} is there twice", prefix + name.Scalar()), "Remove one of the two.");
      }
      DM_TRY(read_value(name, entry.second, prefix + name.Scalar(), depth));
    }
    return {};
  }

  std::vector<Assignment> take() { return std::move(out_); }

 private:
  Result<> read_value(const YAML::Node& name, const YAML::Node& value, const std::string& key, int depth) {
    if (++visited_ > kMaxValues) return wrong(where(name), fmt::format("the file has more than {} values", kMaxValues));
    if (value.IsMap()) return read_map(value, key + ".", depth + 1);
    if (value.IsNull() && null_ == Null::kAbsent) return {};
    if (value.IsNull()) return wrong(where(name), in_quotes(key) + " has no value", "Give it one, or remove the line.");
    if (!value.IsScalar()) return wrong(where(value), in_quotes(key) + " must be one value, not a list");
    out_.push_back(
        {.key = key, .value = value.Scalar(), .origin = where(name), .spelt = key, .base = file_.parent_path()});
    return {};
  }

  std::string where(const YAML::Node& node) const { return at_line(file_, node.Mark().line + 1); }

  const fs::path& file_;
  const Null null_;
  std::vector<Assignment> out_;
  std::size_t visited_ = 0;
};

Result<std::vector<Assignment>> read_document(const YAML::Node& root, const fs::path& file, Null null) {
  if (root.IsNull()) return std::vector<Assignment>{};
  if (!root.IsMap()) {
    return wrong(at_line(file, root.Mark().line + 1), "the settings must be names with values, like \"search:\"");
  }
  YamlReader reader(file, null);
  DM_TRY(reader.read_map(root, "", 0));
  return reader.take();
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool is_variable_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::ranges::all_of(name, fits) && (name[0] < '0' || name[0] > '9');
}

// What stands after the '='. In double quotes \n, \" and \\ are known; after a quote or a blank, # starts a comment.
std::optional<std::string> env_value(std::string_view text) {
  if (text.empty() || (text[0] != '"' && text[0] != '\'')) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '#' && (i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t'))
        return std::string(trim(text.substr(0, i)));
    }
    return std::string(text);
  }
  const char quote = text[0];
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      const std::string_view rest = trim(text.substr(i + 1));
      if (!rest.empty() && rest[0] != '#') return std::nullopt;
      return out;
    }
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      if (text[i] != '"' && text[i] != '\\' && text[i] != 'n') out += '\\';
      out += text[i] == 'n' ? '\n' : text[i];
    } else {
      out += text[i];
    }
  }
  return std::nullopt;  // The quote does not end.
}

// DOCMIND_SEARCH__K is search.k; DOCMIND_CHUNK_SIZE the specification's chunk_size.
std::string key_of_variable(std::string_view name) {
  std::string key = lowered(name.substr(kPrefix.size()));
  for (std::size_t at = key.find("__"); at != std::string::npos; at = key.find("__", at + 1)) key.replace(at, 2, ".");
  return key;
}

Result<Assignment> env_line(std::string_view line, const fs::path& file, int number) {
  const std::string where = at_line(file, number);
  if (line.starts_with("export ")) line = trim(line.substr(7));
  const std::size_t equals = line.find('=');
  const std::string_view name = trim(line.substr(0, equals));
  if (equals == std::string_view::npos || !is_variable_name(name)) {
    return wrong(where, "is not of the form NAME=value", "Begin a comment with #.");
  }
  auto value = env_value(trim(line.substr(equals + 1)));
  if (!value)
    return wrong(where, fmt::format("the quotes of {} are not in order", name), "Close the quote at the end.");
  const bool ours = name.starts_with(kPrefix);
  return Assignment{.key = ours ? key_of_variable(name) : lowered(name),
                    .value = *std::move(value),
                    .origin = where,
                    .spelt = std::string(name),
                    .base = file.parent_path(),
                    .may_be_foreign = !ours};
}

Result<std::vector<Assignment>> read_any_yaml(std::string_view text, const fs::path& file, Null null) {
  DM_TRY(check_text(text, file));
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1)
      return wrong(at_line(file, documents[1].Mark().line + 1), "a second document begins here");
    if (documents.empty()) return std::vector<Assignment>{};
    return read_document(documents[0], file, null);
  } catch (const YAML::Exception& e) {
    return wrong(at_line(file, std::max(0, e.mark.line) + 1), "is not valid YAML: " + e.msg);
  }
}

}  // namespace

Result<std::vector<Assignment>> read_yaml(std::string_view text, const fs::path& file) {
  if (file.filename() != kServiceFile) return read_any_yaml(text, file, Null::kRefused);
  return std::vector<Assignment>{{.key = "vllm.service",
                                  .value = file.filename().native(),
                                  .origin = sys::printable(file),
                                  .spelt = "vllm.service",
                                  .base = file.parent_path()}};
}

Result<std::vector<Assignment>> read_service_yaml(std::string_view text, const fs::path& file) {
  return read_any_yaml(text, file, Null::kAbsent);
}

Result<std::vector<Assignment>> read_dot_env(std::string_view text, const fs::path& file) {
  DM_TRY(check_text(text, file));
  std::vector<Assignment> out;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line[0] == '#') continue;
    out.push_back(DM_TRY(env_line(line, file, number)));
    if (out.size() > kMaxValues) return wrong(at_line(file, number), fmt::format("more than {} values", kMaxValues));
  }
  return out;
}

std::vector<Assignment> read_variables(const sys::Environment& environment) {
  std::vector<Assignment> out;
  for (const auto& [name, value] : environment.all()) {
    if (!name.starts_with(kPrefix) || std::ranges::find(kOfTheBuild, name) != kOfTheBuild.end()) continue;
    out.push_back({.key = key_of_variable(name), .value = value, .origin = "variable " + name, .spelt = name});
  }
  return out;
}

}  // namespace docmind::config
