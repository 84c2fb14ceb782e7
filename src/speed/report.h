// What is told of a run of `docmind bench`.
//
// Pure.
#pragma once
#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "speed/run.h"

namespace docmind::speed {

struct Report {
  Run run;
  std::vector<Compared> compared;
  struct Missing {
    const Figure* figure = nullptr;
    std::string why;
    bool failed = false;  // Else: this machine or these settings cannot show it.
  };
  std::vector<Missing> missing;  // Of the parts that were asked for.

  bool worse() const;
  bool failed() const;
};

// `asked`: parts; `earlier`: the oldest first.
Report report(const Samples& samples, Run run, std::span<const std::string> asked, std::span<const Run> earlier,
              double tolerance);

// {"at","version","machine","models","figures":[{"id","name","unit","median","low","high","before","runs","change",
// "status"}],"worse"}; status: "first", "same", "worse", "failed" or "not_on_this_machine". docs/cli.md.
boost::json::object json_of(const Report& report);
// A line for each figure.
std::string text_of(const Report& report);

}  // namespace docmind::speed
