// Measurements held against the requirements, and what is told of them.
//
// Pure. A requirement passes by its own measurement alone: one that nothing was measured for fails, and one that this
// machine cannot show is neither passed nor counted.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "validate/requirement.h"

namespace docmind::validate {

struct Measurement {
  std::string_view id;
  std::optional<double> figure{};  // In the requirement's unit; of one that holds or not, 1 or 0.
  std::string said{};              // What was found or from how much, or why there is no figure.
  bool possible = true;            // false: this machine cannot show it.
};

// What happened on the way; each id once.
class Measurements {
 public:
  void figure(std::string_view id, double figure, std::string said = {});
  void holds(std::string_view id, bool does, std::string said);
  void failed(std::string_view id, const Error& error);
  void not_here(std::string_view id, std::string why);
  const Measurement* find(std::string_view id) const;  // Null: nothing was measured.

 private:
  std::vector<Measurement> all_;
};

enum class Status : std::uint8_t { kPass, kFail, kNotOnThisMachine };
std::string_view name(Status status);  // "pass", "fail", "not_on_this_machine"

struct Check {
  const Requirement* requirement = nullptr;
  Status status = Status::kFail;
  std::string measured;  // For people.
};

struct Report {
  std::vector<Check> checks;  // One for each requirement.
  std::size_t total = 0;      // Of those that this machine can show.
  std::size_t passed = 0;
  std::size_t not_here = 0;

  double rate() const;  // passed / total; 0 for none.
  // Nothing that this machine can show stands against it; what it cannot show stays open.
  bool ready() const { return total > 0 && passed == total; }
};

Report judge(const Measurements& measured);

// {"checks":[{"id","name","target","measured","status"}],"total_validations",...}: docs/cli.md.
boost::json::object json_of(const Report& report);
// A line for each check, with what to do for a failed one, and the sum.
std::string text_of(const Report& report);

}  // namespace docmind::validate
