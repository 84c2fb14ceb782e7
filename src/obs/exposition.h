// Our page of metrics with those of other processes in it (Prometheus text form 0.0.4).
//
// Pure. Each family stands in one place and is described once, as the first page that has it says; a series that is
// there already, or a family under another type, is left out. A page of another process that is too large (4 MiB) or
// not of this form is left out whole, and so is what it says of its process (process_, python_), which would be read as
// ours.
#pragma once
#include <string>
#include <vector>

namespace docmind::obs {

std::string fold_pages(std::string ours, const std::vector<std::string>& others);

}  // namespace docmind::obs
