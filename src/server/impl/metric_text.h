// A page of metrics in the Prometheus text form (0.0.4), line by line. Pure; views into the page.
#pragma once
#include <map>
#include <optional>
#include <string_view>

namespace docmind::server {

struct Sample {
  std::string_view name;
  std::string_view labels;  // What stands between the braces.
  double value = 0;
};

// Nothing for a comment, or what is no sample.
std::optional<Sample> sample_of(std::string_view line);

// Of our own labels, whose values have no quotes in them; empty when it is not there.
std::string_view label_of(std::string_view labels, std::string_view name);

// A finite number, all of the text.
std::optional<double> metric_number(std::string_view text);

template <typename Each>
void each_sample(std::string_view page, Each&& each) {
  while (!page.empty()) {
    const std::size_t end = page.find('\n');
    if (const auto sample = sample_of(page.substr(0, end))) each(*sample);
    if (end == std::string_view::npos) return;
    page.remove_prefix(end + 1);
  }
}

// What a page has under a name, over all labels: the sum, and the mean of its series. Nothing where it has none.
class MetricSums {
 public:
  explicit MetricSums(std::string_view page) {
    each_sample(page, [this](const Sample& sample) {
      Sum& sum = sums_[sample.name];
      sum.value += sample.value;
      ++sum.series;
    });
  }
  std::optional<double> of(std::string_view name) const {
    const auto found = sums_.find(name);
    return found == sums_.end() ? std::nullopt : std::optional(found->second.value);
  }
  std::optional<double> mean_of(std::string_view name) const {
    const auto found = sums_.find(name);
    return found == sums_.end() ? std::nullopt : std::optional(found->second.value / found->second.series);
  }

 private:
  struct Sum {
    double value = 0;
    double series = 0;
  };
  std::map<std::string_view, Sum> sums_{};
};

}  // namespace docmind::server
