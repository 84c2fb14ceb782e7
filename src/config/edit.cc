#include "config/edit.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/json.h"
#include "config/source.h"
#include "sys/files.h"

namespace docmind::config {
namespace {

namespace fs = std::filesystem;

using Pair = std::pair<std::string, std::string>;

// Bytes [begin, end) of the text make way for `with`.
struct Edit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string with{};
};

std::string scalar(std::string_view value) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+-";
  const bool plain = !value.empty() && value.find_first_not_of(kPlain) == std::string_view::npos && value[0] != '-';
  if (plain && value != "null" && value != "Null" && value != "NULL") return std::string(value);
  // A negative number is plain, too; "-" alone begins a list.
  if (value.size() > 1 && value[0] == '-' && value.find_first_not_of("0123456789.", 1) == std::string_view::npos) {
    return std::string(value);
  }
  return json_quoted(value);  // Which is a YAML scalar in double quotes.
}

// A key's last word, and what stands before it.
std::pair<std::string_view, std::string_view> split(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  if (dot == std::string_view::npos) return {{}, key};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

// Where each line begins.
std::vector<std::size_t> lines_of(std::string_view text) {
  std::vector<std::size_t> out{0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') out.push_back(i + 1);
  }
  return out;
}

class Editor {
 public:
  Editor(std::string_view text, const Declaration& setting) : text_(text), setting_(setting), lines_(lines_of(text)) {}

  Edit edit(const YAML::Node& root, std::string_view value) {
    if (root.IsMap()) find(root, "", root);
    const auto [section, leaf] = split(setting_.key);
    const std::string line = fmt::format("{}: {}", leaf, scalar(value));
    if (found_) return {found_->first, found_->second, scalar(value)};
    if (!section.empty() && section_.IsDefined() && section_.IsMap()) return into_section(line);
    const std::string before = text_.empty() || text_.ends_with('\n') ? "" : "\n";
    const std::string added = section.empty() ? line + "\n" : fmt::format("{}:\n  {}\n", section, line);
    return {text_.size(), text_.size(), before + added};
  }

 private:
  // The last place that says it counts.
  void find(const YAML::Node& map, const std::string& prefix, const YAML::Node& whole) {
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) continue;
      const std::string key = prefix + entry.first.Scalar();
      if (entry.second.IsMap()) {
        if (key == split(setting_.key).first) section_ = entry.second;
        if (prefix.size() < 256) find(entry.second, key + ".", whole);  // Deeper ones are refused where they are read.
        continue;
      }
      if (!means(key)) continue;
      const std::size_t begin = offset(entry.second.Mark());
      found_ = std::pair(begin, end_of_scalar(begin, map.Style() == YAML::EmitterStyle::Flow));
    }
  }

  bool means(std::string_view key) const {
    return key == setting_.key || std::ranges::find(setting_.aliases, key) != setting_.aliases.end();
  }

  std::size_t offset(const YAML::Mark& mark) const {
    const auto line = static_cast<std::size_t>(std::clamp<int>(mark.line, 0, static_cast<int>(lines_.size()) - 1));
    return std::min(text_.size(), lines_[line] + static_cast<std::size_t>(std::max(0, mark.column)));
  }

  // On one line; others are found out when the result is read.
  std::size_t end_of_scalar(std::size_t begin, bool in_flow) const {
    const std::size_t line_end = std::min(text_.find('\n', begin), text_.size());
    const std::string_view rest = text_.substr(begin, line_end - begin);
    if (!rest.empty() && (rest[0] == '"' || rest[0] == '\'')) {
      std::size_t at = 1;
      while (at < rest.size() && rest[at] != rest[0]) at += rest[at] == '\\' && rest[0] == '"' ? 2 : 1;
      return std::min(begin + at + 1, line_end);
    }
    std::size_t length = std::min(rest.find(" #"), rest.size());
    if (in_flow) length = std::min(length, rest.find_first_of(",}]"));
    while (length > 0 && (rest[length - 1] == ' ' || rest[length - 1] == '\t' || rest[length - 1] == '\r')) --length;
    return begin + length;
  }

  Edit into_section(const std::string& line) const {
    if (section_.Style() == YAML::EmitterStyle::Flow) {
      const std::size_t at = offset(section_.Mark()) + 1;  // Behind the brace.
      return {at, at, section_.size() == 0 ? line : line + ", "};
    }
    YAML::Mark name;
    YAML::Mark last;
    for (const auto& entry : section_) {
      name = entry.first.Mark();
      last = entry.second.Mark();
    }
    const std::string indented = std::string(static_cast<std::size_t>(std::max(0, name.column)), ' ') + line + "\n";
    const auto next = static_cast<std::size_t>(last.line) + 1;
    if (next < lines_.size()) return {lines_[next], lines_[next], indented};
    return {text_.size(), text_.size(), "\n" + indented};
  }

  std::string_view text_;
  const Declaration& setting_;
  const std::vector<std::size_t> lines_;
  std::optional<std::pair<std::size_t, std::size_t>> found_;
  YAML::Node section_{YAML::NodeType::Undefined};
};

// Notes the lines of the keys, and of the sections that hold nothing else; whether this is such a section.
bool find_lines(const YAML::Node& map, const std::string& prefix, const std::vector<std::string>& keys,
                std::set<std::size_t>& lines) {
  bool all = map.size() > 0;
  for (const auto& entry : map) {
    const std::string key = prefix + (entry.first.IsScalar() ? entry.first.Scalar() : "");
    const bool deep = prefix.size() >= 256;  // Refused where it is read.
    const bool goes = entry.second.IsMap() ? !deep && find_lines(entry.second, key + ".", keys, lines)
                                           : std::ranges::find(keys, key) != keys.end();
    if (goes) lines.insert(static_cast<std::size_t>(std::max(0, entry.first.Mark().line)));
    all = all && goes;
  }
  return all;
}

Result<Edit> find_edit(std::string_view text, const fs::path& file, const Declaration& setting,
                       std::string_view value) {
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    return Editor(text, setting).edit(root, value);
  } catch (const YAML::Exception& e) {
    return Error{Code::kInvalidArgument, fmt::format("{} is not valid YAML: {}", sys::printable(file), e.msg)};
  }
}

std::vector<Pair> pairs_of(const std::vector<Assignment>& assignments) {
  std::vector<Pair> out;
  out.reserve(assignments.size());
  for (const Assignment& one : assignments) out.emplace_back(one.key, one.value);
  return out;
}

Result<std::set<std::size_t>> lines_of_keys(std::string_view text, const fs::path& file,
                                            const std::vector<std::string>& keys) {
  std::set<std::size_t> out;
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (root.IsMap()) find_lines(root, "", keys, out);
  } catch (const YAML::Exception& e) {
    return Error{Code::kInvalidArgument, fmt::format("{} is not valid YAML: {}", sys::printable(file), e.msg)};
  }
  return out;
}

// What the text must say with the new value.
std::vector<Pair> wanted(std::vector<Pair> pairs, const Declaration& setting, std::string_view value) {
  const auto means = [&](const Pair& pair) {
    return pair.first == setting.key || std::ranges::find(setting.aliases, pair.first) != setting.aliases.end();
  };
  const auto last = std::ranges::find_if(pairs.rbegin(), pairs.rend(), means);
  if (last != pairs.rend()) {
    last->second = std::string(value);
  } else {
    pairs.emplace_back(setting.key, value);
  }
  std::ranges::sort(pairs);
  return pairs;
}

}  // namespace

Result<std::string> with_value(std::string_view text, const fs::path& file, const Declaration& setting,
                               std::string_view value) {
  const std::vector<Pair> before = pairs_of(DM_TRY(read_yaml(text, file)));
  const Edit edit = DM_TRY(find_edit(text, file, setting, value));
  std::string out(text);
  out.replace(edit.begin, edit.end - edit.begin, edit.with);
  const auto read = read_yaml(out, file);
  std::vector<Pair> after = read ? pairs_of(*read) : std::vector<Pair>();
  std::ranges::sort(after);
  if (after == wanted(before, setting, value)) return out;
  return Error{Code::kConflict,
               fmt::format("{} cannot be changed in {}: it is written there in a way that only a person should touch",
                           setting.key, sys::printable(file)),
               "Change it there by hand."};
}

Result<std::string> without_values(std::string_view text, const fs::path& file, const std::vector<std::string>& keys) {
  std::vector<Pair> left = pairs_of(DM_TRY(read_yaml(text, file)));
  std::erase_if(left, [&](const Pair& pair) { return std::ranges::find(keys, pair.first) != keys.end(); });
  const std::set<std::size_t> lines = DM_TRY(lines_of_keys(text, file, keys));
  const std::vector<std::size_t> begins = lines_of(text);
  std::string out(text);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {  // From the end, so that the others stay in place.
    out.insert(std::min(out.find_first_not_of(" \t", begins[std::min(*line, begins.size() - 1)]), out.size()), "# ");
  }
  if (const auto read = read_yaml(out, file); read && pairs_of(*read) == left) return out;
  return Error{Code::kConflict,
               fmt::format("{} is written in a way that only a person should touch", sys::printable(file)),
               "Change it by hand."};
}

}  // namespace docmind::config
