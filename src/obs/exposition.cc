#include "obs/exposition.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "base/utf8.h"

namespace docmind::obs {
namespace {

constexpr std::size_t kMaxPage = 4U << 20U;

struct Family {
  std::string name{};
  std::string help{};  // The whole line; empty: none.
  std::string type{};
  std::vector<std::string> samples{};
};

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

std::string_view name_at(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, is_name_char);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

// "name{labels}" of a sample, without its value; nothing when it is none.
std::optional<std::string_view> series_of(std::string_view line) {
  const std::string_view name = name_at(line);
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return {};
  std::size_t end = name.size();
  if (end < line.size() && line[end] == '{') {
    bool quoted = false;
    for (++end; end < line.size() && (quoted || line[end] != '}'); ++end) {
      if (line[end] == '"') quoted = !quoted;
      if (line[end] == '\\' && quoted) ++end;
    }
    ++end;
  }
  if (end + 1 >= line.size() || line[end] != ' ') return {};
  return line.substr(0, end);
}

// A page as families in its order; nothing when it is not of the form.
std::optional<std::vector<Family>> read_page(std::string_view page) {
  if (page.size() > kMaxPage || !is_utf8(page) || (!page.empty() && page.back() != '\n')) return {};
  std::vector<Family> out;
  const auto at = [&out](std::string_view name) -> Family& {
    if (out.empty() || out.back().name != name) out.push_back({.name = std::string(name)});
    return out.back();
  };
  while (!page.empty()) {
    const std::size_t end = page.find('\n');
    const std::string_view line = page.substr(0, end);
    page.remove_prefix(end + 1);
    if (line.empty()) continue;
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) {
      const std::string_view name = name_at(line.substr(7));
      if (name.empty()) return {};
      (line[2] == 'H' ? at(name).help : at(name).type) = line;
    } else if (line[0] != '#') {
      if (!series_of(line)) return {};
      const std::string_view name = name_at(line);
      // Buckets, sums and counts belong to the family that was described last.
      Family& family = !out.empty() && name.starts_with(out.back().name) ? out.back() : at(name);
      family.samples.emplace_back(line);
    }
  }
  return out;
}

class Page {
 public:
  void add(Family family) {
    const auto [known, is_new] = places_.try_emplace(family.name, families_.size());
    if (is_new) {
      families_.push_back({.name = family.name, .help = std::move(family.help), .type = std::move(family.type)});
    }
    Family& into = families_[known->second];
    if (into.type != family.type && !is_new) return;
    for (std::string& sample : family.samples) {
      if (seen_.emplace(series_of(sample).value_or(sample)).second) into.samples.push_back(std::move(sample));
    }
  }

  std::string text() const {
    std::string out;
    for (const Family& family : families_) {
      if (family.samples.empty()) continue;
      if (!family.help.empty()) out += family.help + "\n";
      if (!family.type.empty()) out += family.type + "\n";
      for (const std::string& sample : family.samples) out += sample + "\n";
    }
    return out;
  }

 private:
  std::vector<Family> families_;
  std::map<std::string, std::size_t, std::less<>> places_;
  std::set<std::string, std::less<>> seen_;
};

}  // namespace

std::string fold_pages(std::string ours, const std::vector<std::string>& others) {
  auto own = read_page(ours);
  if (!own) return ours;
  Page page;
  for (Family& family : *own) page.add(std::move(family));
  for (const std::string& other : others) {
    auto read = read_page(other);
    if (!read) continue;
    for (Family& family : *read) {
      if (!family.name.starts_with("process_") && !family.name.starts_with("python_")) page.add(std::move(family));
    }
  }
  return page.text();
}

}  // namespace docmind::obs
