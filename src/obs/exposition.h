// Our page of metrics with those of other processes in it (Prometheus text form 0.0.4), and the same as OpenMetrics.
//
// Pure. Each family stands in one place and is described once, as the first page that has it says; a series that is
// there already, or a family under another type, is left out. A page of another process that is too large (4 MiB) or
// not of this form is left out whole, and so is what it says of its process (process_, python_), which would be read as
// ours.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace docmind::obs {

std::string fold_pages(std::string ours, const std::vector<std::string>& others);

inline constexpr std::string_view kTextType = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::string_view kOpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

// Whether who sends this Accept header reads OpenMetrics 1.0, and would rather not have the plain text form.
bool wants_open_metrics(std::string_view accept);

// A page in the text form, exemplars behind its buckets, as OpenMetrics 1.0: counters go by their names without _total,
// bounds of buckets are written as numbers with a point, times of samples and _created gauges are left out, "# EOF"
// ends it. A counter whose name does not end so, or is another family's without it, is of the type unknown.
// Source: https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
std::string open_metrics(std::string_view page);

}  // namespace docmind::obs
