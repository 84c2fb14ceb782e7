#include "server/impl/metric_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace docmind::server {

std::optional<double> metric_number(std::string_view text) {
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<Sample> sample_of(std::string_view line) {
  if (line.empty() || line[0] == '#') return std::nullopt;
  const std::size_t blank = line.rfind(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto value = metric_number(line.substr(blank + 1));
  if (!value) return std::nullopt;
  const std::string_view series = line.substr(0, blank);
  const std::size_t brace = std::min(series.find('{'), series.size());
  std::string_view labels = series.substr(std::min(brace + 1, series.size()));
  if (labels.ends_with('}')) labels.remove_suffix(1);
  return Sample{series.substr(0, brace), labels, *value};
}

std::string_view label_of(std::string_view labels, std::string_view name) {
  for (std::size_t at = labels.find(name); at != std::string_view::npos; at = labels.find(name, at + 1)) {
    const bool begins = at == 0 || labels[at - 1] == ',';
    const std::string_view rest = labels.substr(at + name.size());
    if (begins && rest.starts_with("=\"")) return rest.substr(2, rest.find('"', 2) - 2);
  }
  return {};
}

}  // namespace docmind::server
