// One run of `docmind bench`: its samples by figure, and what is said of them beside earlier runs.
//
// Pure. Several rounds are taken of each figure; its value is their median. Machines are shared and noisy: a figure is
// worse than before only when its median is by more than the tolerance, and its best round is by half of it, too.
#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "speed/figure.h"

namespace docmind::speed {

struct Sampled {
  double median = 0;
  double low = 0;  // The least and the greatest round.
  double high = 0;
};

// What happened in the rounds so far; ids are those of figures().
class Samples {
 public:
  void add(std::string_view id, double value);          // What is no finite number fails the figure.
  void fail(std::string_view id, const Error& error);   // The first one of a figure stays.
  void not_here(std::string_view id, std::string why);  // This machine or these settings cannot show it.

  std::optional<Sampled> sampled(std::string_view id) const;  // Nothing when there is no round, or it failed.
  const std::string* failure(std::string_view id) const;      // Null: it did not fail.
  const std::string* absence(std::string_view id) const;
  std::size_t rounds(std::string_view id) const;
  bool failed() const { return !failures_.empty(); }

 private:
  std::map<std::string_view, std::vector<double>> values_{};
  std::map<std::string_view, std::string> failures_{};
  std::map<std::string_view, std::string> absences_{};
};

// A run as it is kept: one line of the history.
struct Run {
  std::string at;       // UTC, "2026-01-31T12:00:00Z"
  std::string version;  // Of the program.
  std::string machine;  // Processor, threads that may be used, cards: figures of another machine say nothing.
  std::string models;   // Those that were measured, by name.
  std::map<std::string, Sampled, std::less<>> figures{};
};

Run run_of(const Samples& samples, std::string at, std::string version, std::string machine, std::string models);

struct Compared {
  const Figure* figure = nullptr;
  Sampled now{};
  std::optional<double> before{};  // The median of the earlier runs' medians.
  std::size_t runs = 0;            // How many those are.
  bool worse = false;

  double change() const;  // now / before - 1; 0 without a before.
};

// Each figure of the run beside the newest kRunsBefore runs that have it, of the same machine and models.
// `tolerance`: a share, .2 for a fifth.
inline constexpr std::size_t kRunsBefore = 5;
std::vector<Compared> compare(const Run& run, std::span<const Run> earlier, double tolerance);

}  // namespace docmind::speed
