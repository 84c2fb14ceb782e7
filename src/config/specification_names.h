// Names of settings from the specifications this product answers to, that are not settings here: named, so that an
// `.env` written for them loads, with a word on each.
//
// Pure functions. Those that are settings here are aliases in declarations().
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace docmind::config {

enum class Fate : std::uint8_t {
  kObsolete,  // Never a setting here.
};

struct SpecificationName {
  std::string_view name;  // Lower case.
  Fate fate = Fate::kObsolete;
  std::string_view reason;  // "has no effect" and then this, without a full stop.
};

std::vector<SpecificationName> specification_names();

}  // namespace docmind::config
