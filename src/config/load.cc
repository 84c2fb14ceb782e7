#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/source.h"
#include "config/specification_names.h"
#include "config/value.h"
#include "sys/paths.h"

namespace docmind::config {
namespace {

namespace fs = std::filesystem;

// Insertions, deletions, replacements and swaps of neighbours that make one word of the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      const std::size_t change = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

// The YAML files that are there, in the order they are read; the folder need not be.
Result<std::set<fs::path>> yaml_in(const fs::path& folder, sys::Files& files) {
  std::set<fs::path> out;
  if (folder.empty()) return out;
  auto entries = files.list(folder);
  if (!entries && entries.error().code != Code::kNotFound) return std::move(entries).error();
  if (!entries) return out;
  for (const sys::FolderEntry& entry : *entries) {
    if (!entry.name.starts_with('.') && entry.name.ends_with(".yaml")) out.insert(folder / entry.name);
  }
  return out;
}

// With the one that is read in place of what is there.
Result<std::set<fs::path>> yaml_of(const Sources& sources, sys::Files& files) {
  std::set<fs::path> out = DM_TRY(yaml_in(sources.folder, files));
  const auto& edited = sources.edited;
  if (edited && !sources.folder.empty() && edited->file.parent_path() == sources.folder) out.insert(edited->file);
  return out;
}

fs::path dot_env_beside(const fs::path& file) { return file.parent_path() / ".env"; }

class Loader {
 public:
  Loader(const Sources& sources, sys::Files& files) : sources_(sources), files_(files) {}

  Result<Loaded> run() {
    out_.writes = DM_TRY(written_file(sources_, files_));
    DM_TRY(read_folder());
    if (sources_.file) DM_TRY(read_config_file(*sources_.file));
    DM_TRY(read_credentials());
    for (const Assignment& assignment : read_variables(sources_.environment)) assign(assignment, Locks::kYes);
    for (const Flag& flag : sources_.flags) {
      assign({.key = flag.key, .value = flag.value, .origin = "flag " + flag.flag, .spelt = flag.key}, Locks::kYes);
    }
    if (!mistakes_.empty()) return first_mistake();
    if (out_.settings.data.empty()) {
      const fs::path folder = DM_TRY(sys::data_folder(sources_.environment));
      out_.settings.data = folder.native();
    }
    DM_TRY(validate(out_.settings));
    return std::move(out_);
  }

 private:
  enum class Locks : std::uint8_t { kNo, kYes };

  Result<> read_folder() {
    for (const fs::path& file : DM_TRY(yaml_of(sources_, files_))) DM_TRY(read_yaml_file(file));
    return {};
  }

  Result<> read_config_file(const fs::path& file) {
    DM_TRY(read_yaml_file(file));
    const fs::path beside = dot_env_beside(file);
    auto text = files_.read(beside, kMaxFileBytes);
    if (!text && text.error().code == Code::kNotFound) return {};
    if (!text) return std::move(text).error();
    return assign_all(read_dot_env(*text, beside), beside, Locks::kYes);
  }

  // Those of systemd.exec(5): a file each, named as the setting. Others there are not ours.
  Result<> read_credentials() {
    const auto folder = sources_.environment.get_filled("CREDENTIALS_DIRECTORY");
    if (!folder) return {};
    for (const Declaration& declaration : declarations_) {
      if (declaration.shown != Shown::kSecret) continue;
      const fs::path file = fs::path(*folder) / declaration.key;
      auto text = files_.read(file, kMaxFileBytes);
      if (!text && text.error().code == Code::kNotFound) continue;
      if (!text) return std::move(text).error();
      text->erase(text->find_last_not_of("\r\n") + 1);
      const std::string key(declaration.key);
      assign({.key = key, .value = *text, .origin = file.native(), .spelt = key}, Locks::kYes);
    }
    return {};
  }

  Result<> read_yaml_file(const fs::path& file) {
    if (sources_.edited && sources_.edited->file == file) {
      return assign_all(read_yaml(sources_.edited->text, file), file, Locks::kNo);
    }
    const std::string text = DM_TRY(files_.read(file, kMaxFileBytes).with("read the settings"));
    return assign_all(read_yaml(text, file), file, Locks::kNo);
  }

  Result<> assign_all(Result<std::vector<Assignment>> assignments, const fs::path& file, Locks locks) {
    if (!assignments) return std::move(assignments).error();
    out_.files.push_back(file);
    for (const Assignment& assignment : *assignments) assign(assignment, locks);
    return {};
  }

  void assign(const Assignment& assignment, Locks locks) {
    const auto meant = [&assignment](const Declaration& d) {
      return d.key == assignment.key || std::ranges::find(d.aliases, assignment.key) != d.aliases.end();
    };
    const auto known = std::ranges::find_if(declarations_, meant);
    if (known == declarations_.end()) {
      without_effect(assignment);
      return;
    }
    const std::string value = known->is_path ? full_path(assignment) : assignment.value;
    if (Result<> result = known->set(out_.settings, value); !result) {
      const bool secret = known->shown == Shown::kSecret;
      mistake(assignment, fmt::format("{} {}", assignment.spelt, secret ? "is not valid" : result.error().message),
              std::string(known->help));
      return;
    }
    out_.origins.insert_or_assign(std::string(known->key), assignment.origin);
    if (locks == Locks::kYes) out_.locked.insert(std::string(known->key));
  }

  void without_effect(const Assignment& assignment) {
    const auto named =
        std::ranges::find(specification_names_, std::string_view(assignment.key), &SpecificationName::name);
    if (named != specification_names_.end()) {
      warn(assignment, fmt::format("{} has no effect: {}", assignment.spelt, named->reason));
    } else if (assignment.may_be_foreign) {
      warn(assignment, fmt::format("{} is no setting of DocMind and has no effect", assignment.spelt));
    } else {
      mistake(assignment, fmt::format("there is no setting {}", in_quotes(assignment.spelt)), nearest(assignment.key));
    }
  }

  std::string nearest(std::string_view key) const {
    constexpr std::size_t kLongestKey = 80;  // The comparison is quadratic.
    const auto of_this_group = std::ranges::find_if(declarations_, [&](const Declaration& declaration) {
      return declaration.shown != Shown::kHidden && declaration.key.starts_with(std::string(key) + ".");
    });
    if (of_this_group != declarations_.end()) {
      return fmt::format("It is a group of settings: write {}, for instance.", of_this_group->key);
    }
    std::string_view best;
    std::size_t least = key.size() > kLongestKey ? 0 : std::max<std::size_t>(2, key.size() / 3) + 1;
    for (const Declaration& declaration : declarations_) {
      if (declaration.shown == Shown::kHidden) continue;
      const std::size_t here = least == 0 ? 1 : distance(key, declaration.key);
      if (here < least) {
        least = here;
        best = declaration.key;
      }
    }
    if (best.empty()) return "All settings are listed by: docmind config show";
    return fmt::format("Did you mean {}?", best);
  }

  // "~/x" is below HOME; a relative path is below the folder of the file that says it, or the current one.
  std::string full_path(const Assignment& assignment) const {
    if (assignment.value.empty()) return {};
    const auto home = sources_.environment.get_filled("HOME");
    fs::path path = assignment.value;
    if (home && assignment.value.starts_with("~/")) path = fs::path(*home) / assignment.value.substr(2);
    std::error_code ignored;
    if (path.is_relative() && !assignment.base.empty()) path = assignment.base / path;
    const fs::path absolute = fs::absolute(path, ignored);
    return (ignored ? path : absolute).lexically_normal().native();
  }

  void warn(const Assignment& assignment, std::string_view what) {
    out_.warnings.push_back(fmt::format("{}: {}", assignment.origin, what));
  }

  void mistake(const Assignment& assignment, std::string_view what, std::string hint) {
    mistakes_.push_back({Code::kInvalidArgument, fmt::format("{}: {}", assignment.origin, what), std::move(hint)});
  }

  Error first_mistake() const {
    Error error = mistakes_.front();
    if (mistakes_.size() > 1) error.message += fmt::format(" (and {} more mistakes)", mistakes_.size() - 1);
    return error;
  }

  const Sources& sources_;
  sys::Files& files_;
  const std::vector<Declaration> declarations_ = declarations();
  const std::vector<SpecificationName> specification_names_ = specification_names();
  Loaded out_;
  std::vector<Error> mistakes_;
};

}  // namespace

std::string stamp_of(const Sources& sources, sys::Files& files) {
  const auto of_folder = yaml_in(sources.folder, files);
  if (!of_folder) return of_folder.error().message;
  std::vector<fs::path> read(of_folder->begin(), of_folder->end());
  if (sources.file) read.insert(read.end(), {*sources.file, dot_env_beside(*sources.file)});
  std::string out;
  for (const fs::path& file : read) {
    const auto stat = files.stat(file);
    out += file.native() + '\0' + (stat ? sys::stamp_of(*stat) : std::string(name(stat.error().code))) + '\0';
  }
  return out;
}

Result<fs::path> written_file(const Sources& sources, sys::Files& files) {
  if (sources.file) return *sources.file;
  if (sources.folder.empty()) return fs::path();
  fs::path last = sources.folder / "docmind.yaml";
  for (const fs::path& file : DM_TRY(yaml_of(sources, files))) {
    if (file.filename() != kServiceFile) last = file;
  }
  return last;
}

Result<Loaded> load(const Sources& sources, sys::Files& files) { return Loader(sources, files).run(); }

std::vector<Declaration> listed(const Loaded& loaded) {
  std::vector<Declaration> out = declarations();
  std::erase_if(
      out, [&](const Declaration& one) { return one.shown == Shown::kHidden && !loaded.origins.contains(one.key); });
  return out;
}

std::string shown_value(const Declaration& declaration, const Settings& settings) {
  std::string value = declaration.get(settings);
  if (declaration.shown == Shown::kSecret) return value.empty() ? value : std::string(kMask);
  // scheme://user:password@host
  const std::size_t scheme = value.find("://");
  if (scheme == std::string::npos) return value;
  const std::size_t begin = scheme + 3;
  const std::size_t at = value.substr(0, value.find('/', begin)).rfind('@');
  const std::size_t colon = value.find(':', begin);
  if (at != std::string::npos && at > begin && colon < at) value.replace(colon + 1, at - colon - 1, kMask);
  return value;
}

std::vector<SettingLine> show(const Loaded& loaded) {
  std::vector<SettingLine> out;
  for (const Declaration& declaration : listed(loaded)) {
    const auto origin = loaded.origins.find(declaration.key);
    out.push_back({.key = std::string(declaration.key),
                   .value = shown_value(declaration, loaded.settings),
                   .origin = origin == loaded.origins.end() ? "default" : origin->second,
                   .help = std::string(declaration.help)});
  }
  return out;
}

}  // namespace docmind::config
