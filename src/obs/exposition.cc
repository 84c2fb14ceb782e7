#include "obs/exposition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

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

// As Go's ParseFloat reads it, which Prometheus does.
bool is_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// A time in milliseconds.
bool is_time(std::string_view text) {
  std::int64_t time = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time);
  return error == std::errc() && end == text.data() + text.size();
}

enum class Exemplars : std::uint8_t { kNone, kMay };  // The text form has none: ours are for open_metrics() alone.

bool is_sample(std::string_view line, Exemplars exemplars) {
  const auto series = series_of(line);
  if (!series) return false;
  std::string_view rest = line.substr(series->size() + 1);
  const std::string_view value = rest.substr(0, rest.find(' '));
  rest.remove_prefix(value.size());
  if (exemplars == Exemplars::kMay && rest.starts_with(" # {")) rest = {};
  return is_number(value) && (rest.empty() || is_time(rest.substr(1)));
}

// What follows the name in a line of HELP,
bool is_help(std::string_view text) { return text.empty() || text.starts_with(' '); }

// and in one of TYPE.
bool is_type(std::string_view text) {
  constexpr std::array<std::string_view, 5> kTypes = {" counter", " gauge", " histogram", " summary", " untyped"};
  return std::ranges::find(kTypes, text) != kTypes.end();
}

// A page as families in its order; nothing when it is not of the form.
std::optional<std::vector<Family>> read_page(std::string_view page, Exemplars exemplars) {
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
      if (name.empty() || !(line[2] == 'H' ? is_help : is_type)(line.substr(7 + name.size()))) return {};
      (line[2] == 'H' ? at(name).help : at(name).type) = line;
    } else if (line[0] != '#') {
      if (!is_sample(line, exemplars)) return {};
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

constexpr std::string_view kTotal = "_total";
constexpr std::string_view kCreated = "_created";

std::string_view without(std::string_view name, std::string_view ending) {
  return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : name;
}

// "le" of a bucket as OpenMetrics has it: 1 is 1.0.
std::string with_point(std::string_view series) {
  constexpr std::string_view kLabel = "le=\"";
  for (std::size_t at = series.find(kLabel); at != std::string_view::npos; at = series.find(kLabel, at + 1)) {
    if (at == 0 || (series[at - 1] != '{' && series[at - 1] != ',')) continue;
    const std::size_t begin = at + kLabel.size();
    const std::size_t end = std::min(series.find('"', begin), series.size());
    const std::string_view bound = series.substr(begin, end - begin);
    const bool whole = !bound.empty() && bound.find_first_not_of("0123456789") == std::string_view::npos;
    if (!whole) break;
    return std::string(series.substr(0, end)) + ".0" + std::string(series.substr(end));
  }
  return std::string(series);
}

// Without the time it was taken at, which OpenMetrics writes otherwise; with its exemplar.
std::string open_sample(std::string_view line, bool histogram) {
  const std::string_view series = series_of(line).value_or("");
  const std::string_view rest = line.substr(series.size() + 1);
  const std::size_t exemplar = rest.find(" # {");
  std::string out = histogram ? with_point(series) : std::string(series);
  out += ' ';
  out += rest.substr(0, rest.find(' '));
  if (exemplar != std::string_view::npos) out += rest.substr(exemplar);
  return out + '\n';
}

// What is said of a family, quotes escaped as well.
std::string open_help(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') out += '\\';
    out += text[at];
    if (text[at] == '\\' && at + 1 < text.size()) out += text[++at];
  }
  return out;
}

std::string_view last_word(std::string_view line) { return line.substr(line.rfind(' ') + 1); }

class OpenFamilies {
 public:
  explicit OpenFamilies(const std::vector<Family>& families) {
    for (const Family& family : families) names_.insert(family.name);
  }

  std::string text(const Family& family) const {
    const std::string_view base = without(family.name, kCreated);
    if (base != family.name && (names_.contains(base) || names_.contains(std::string(base) + std::string(kTotal)))) {
      return {};
    }
    std::string_view name = family.name;
    std::string_view type = family.type.empty() ? "unknown" : last_word(family.type);
    if (type == "counter") {
      name = without(family.name, kTotal);
      if (name == family.name || names_.contains(name)) type = "unknown";
    }
    if (type == "untyped") type = "unknown";
    if (type == "unknown") name = family.name;
    std::string out = "# TYPE " + std::string(name) + " " + std::string(type) + "\n";
    const std::size_t help = 8 + family.name.size();  // Behind "# HELP name ".
    if (family.help.size() > help) {
      out += "# HELP " + std::string(name) + " " + open_help(std::string_view(family.help).substr(help)) + "\n";
    }
    for (const std::string& sample : family.samples) out += open_sample(sample, type == "histogram");
    return out;
  }

 private:
  std::set<std::string, std::less<>> names_;
};

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

std::string_view take_until(std::string_view& rest, char end) {
  const std::string_view out = rest.substr(0, rest.find(end));
  rest.remove_prefix(std::min(out.size() + 1, rest.size()));
  return trimmed(out);
}

// A part of an Accept header.
struct Accepted {
  std::string_view type{};
  std::string_view version{};  // Empty: any.
  double weight = 1;
};

Accepted read_accepted(std::string_view part) {
  Accepted out{.type = take_until(part, ';')};
  while (!part.empty()) {
    std::string_view value = take_until(part, ';');
    const std::string_view key = take_until(value, '=');
    if (key == "version") out.version = value;
    if (key != "q") continue;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), out.weight);
    if (read.ec != std::errc()) out.weight = 0;
  }
  return out;
}

}  // namespace

bool wants_open_metrics(std::string_view accept) {
  double open = 0;
  double plain = 0;
  while (!accept.empty()) {
    const Accepted one = read_accepted(take_until(accept, ','));
    const bool first = one.version.empty() || one.version == "1.0.0";
    if (one.type == "application/openmetrics-text" && first) open = std::max(open, one.weight);
    if (one.type == "text/plain") plain = std::max(plain, one.weight);
  }
  return open > 0 && open >= plain;
}

std::string open_metrics(std::string_view page) {
  std::string out;
  if (const auto families = read_page(page, Exemplars::kMay)) {
    const OpenFamilies all(*families);
    for (const Family& family : *families) out += all.text(family);
  }
  return out + "# EOF\n";
}

std::string fold_pages(std::string ours, const std::vector<std::string>& others) {
  auto own = read_page(ours, Exemplars::kMay);
  if (!own) return ours;
  Page page;
  for (Family& family : *own) page.add(std::move(family));
  for (const std::string& other : others) {
    auto read = read_page(other, Exemplars::kNone);
    if (!read) continue;
    for (Family& family : *read) {
      if (!family.name.starts_with("process_") && !family.name.starts_with("python_")) page.add(std::move(family));
    }
  }
  return page.text();
}

}  // namespace docmind::obs
