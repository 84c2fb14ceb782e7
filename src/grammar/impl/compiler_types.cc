#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "base/json.h"
#include "grammar/impl/compiler.h"
#include "grammar/impl/literals.h"
#include "grammar/impl/numbers.h"
#include "grammar/impl/pattern_states.h"

namespace docmind::grammar {
namespace {

namespace json = boost::json;

constexpr std::size_t kNoMost = Prelude::kNoMost;

std::string_view view(const json::value& text) { return {text.get_string().data(), text.get_string().size()}; }

std::size_t count_of(const json::value& value) {
  const double count = value.to_number<double>();
  return count < 1e15 ? static_cast<std::size_t>(count) : kNoMost - 1;
}

struct Bounds {
  std::size_t least = 0;
  std::size_t most = kNoMost;
};

// The bounds of all schemas together; what is beyond `counted` is left to validate().
Bounds bounds_of(const std::vector<const json::value*>& schemas, std::string_view least_name,
                 std::string_view most_name, std::size_t counted) {
  Bounds bounds;
  for (const json::value* schema : schemas) {
    if (const json::value* least = keyword(*schema, least_name))
      bounds.least = std::max(bounds.least, count_of(*least));
    if (const json::value* most = keyword(*schema, most_name)) bounds.most = std::min(bounds.most, count_of(*most));
  }
  if (bounds.most > counted && bounds.most >= bounds.least) bounds.most = kNoMost;
  bounds.least = std::min(bounds.least, counted + 1);
  return bounds;
}

// Both inclusive; empty when low > high. What is beyond the automaton's integers is cut off.
std::pair<std::int64_t, std::int64_t> integers_of(const std::vector<const json::value*>& schemas) {
  std::int64_t low = -kLargestInteger;
  std::int64_t high = kLargestInteger;
  const auto clamped = [](double x) { return static_cast<std::int64_t>(std::clamp(x, -2e18, 2e18)); };
  const auto whole = [&](const json::value& bound, bool up) {
    if (bound.is_int64()) return std::clamp(bound.get_int64(), -2 * kLargestInteger, 2 * kLargestInteger);
    if (bound.is_uint64())
      return static_cast<std::int64_t>(std::min<std::uint64_t>(bound.get_uint64(), 2 * kLargestInteger));
    return clamped(up ? std::ceil(bound.get_double()) : std::floor(bound.get_double()));
  };
  for (const json::value* schema : schemas) {
    if (const json::value* bound = keyword(*schema, "minimum")) low = std::max(low, whole(*bound, true));
    if (const json::value* bound = keyword(*schema, "maximum")) high = std::min(high, whole(*bound, false));
    if (const json::value* bound = keyword(*schema, "exclusiveMinimum")) low = std::max(low, whole(*bound, false) + 1);
    if (const json::value* bound = keyword(*schema, "exclusiveMaximum")) high = std::min(high, whole(*bound, true) - 1);
  }
  return {low, high};
}

}  // namespace

Result<> Compiler::build_string(const All& all, StateId from, StateId to) {
  const StateId inside = builder_.state();
  builder_.edge(from, '"', inside);
  for (const Value* schema : all.schemas) {
    const Value* pattern = keyword(*schema, "pattern");
    const Value* format = keyword(*schema, "format");
    std::string_view text = pattern != nullptr ? view(*pattern) : std::string_view();
    if (pattern == nullptr && format != nullptr) text = format_pattern(view(*format));
    if (pattern == nullptr && text.empty()) continue;
    return build_pattern(builder_, schema_.pattern(text), inside, to, steps_);
  }
  const Bounds bounds = bounds_of(all.schemas, "minLength", "maxLength", options_.limits.counted);
  if (bounds.least > bounds.most) return {};
  builder_.call(inside, prelude_.string(bounds.least, bounds.most), to);
  return {};
}

Result<> Compiler::build_integer(const All& all, StateId from, StateId to) {
  const auto [low, high] = integers_of(all.schemas);
  if (low == -kLargestInteger && high == kLargestInteger) {
    builder_.call(from, prelude_.integer(), to);
  } else if (low <= high) {
    build_integers(builder_, from, low, high, to);
  }
  return {};
}

// Of bounds only the sign is held here, and whole numbers where no fraction fits between them.
Result<> Compiler::build_number(const All& all, StateId from, StateId to) {
  const auto below_zero = [&](const Value* schema) {
    const Value* low = keyword(*schema, "minimum");
    const Value* above = keyword(*schema, "exclusiveMinimum");
    return (low != nullptr && low->to_number<double>() >= 0) || (above != nullptr && above->to_number<double>() >= 0);
  };
  const bool unsigned_only = std::any_of(all.schemas.begin(), all.schemas.end(), below_zero);
  builder_.call(from, unsigned_only ? prelude_.unsigned_number() : prelude_.number(), to);
  return {};
}

std::vector<const json::value*> Compiler::item_of(const All& all, std::size_t at) const {
  std::vector<const Value*> out;
  for (const Value* schema : all.schemas) {
    const Value* first = keyword(*schema, "prefixItems");
    const Value* rest = keyword(*schema, "items");
    if (first != nullptr && at < first->get_array().size()) {
      out.push_back(&first->get_array()[at]);
    } else if (rest != nullptr) {
      out.push_back(rest);
    }
  }
  return out;
}

Result<> Compiler::build_array(const All& all, StateId from, StateId to) {
  const Bounds bounds = bounds_of(all.schemas, "minItems", "maxItems", options_.limits.counted);
  if (bounds.least > bounds.most) return {};
  std::size_t different = 0;
  for (const Value* schema : all.schemas) {
    if (const Value* first = keyword(*schema, "prefixItems"))
      different = std::max(different, first->get_array().size());
  }
  const StateId opened = builder_.state();
  builder_.edge(from, '[', opened);
  if (bounds.least == 0) builder_.edge(opened, ']', to);
  if (bounds.most == 0) return {};
  const StateId close = builder_.state();
  builder_.edge(close, ']', to);

  // Items 0 to last; after the last one either no more, or more of its kind.
  const bool loops = bounds.most == kNoMost;
  const std::size_t last = loops ? std::max(different, bounds.least == 0 ? 0 : bounds.least - 1) : bounds.most - 1;
  std::optional<StateId> repeated;
  StateId item = builder_.state();
  prelude_.inside_bracket(opened, item);
  for (std::size_t i = 0; i <= last && !builder_.over(); ++i) {
    DM_TRY(spend(1 + all.schemas.size()));
    const StateId after = builder_.state();
    if (i < different || i == last) {
      DM_TRY(build_all(item_of(all, i), item, after));
    } else {
      if (!repeated) {
        All kind;
        for (const Value* schema : item_of(all, i)) DM_TRY(gather(*schema, kind));
        if (kind.impossible) return {};
        repeated = rule_of(std::move(kind));
      }
      builder_.call(item, *repeated, after);
    }
    if (i + 1 >= bounds.least) prelude_.inside_bracket(after, close);
    if (i == last && !loops) break;
    const StateId next = i == last ? item : builder_.state();
    prelude_.after_comma(after, next);
    item = next;
  }
  return {};
}

// Declared properties in their order, those not required may be left out; then free ones. K: where the name starts, F:
// nothing was written yet, N: something was, so a comma comes first.
Result<> Compiler::build_object(const All& all, StateId from, StateId to) {
  std::vector<std::string_view> names;
  std::unordered_set<std::string_view> known;
  std::unordered_set<std::string_view> required;
  bool declares = false;
  bool opens = false;
  bool closes = false;
  std::vector<const Value*> free;
  for (const Value* schema : all.schemas) {
    if (const Value* properties = keyword(*schema, "properties")) {
      declares = true;
      DM_TRY(spend(properties->get_object().size()));
      for (const auto& member : properties->get_object()) {
        const std::string_view name(member.key().data(), member.key().size());
        if (known.insert(name).second) names.push_back(name);
      }
    }
    if (const Value* additional = keyword(*schema, "additionalProperties")) {
      closes = closes || (additional->is_bool() && !additional->get_bool());
      opens = true;
      free.push_back(additional);
    }
  }
  for (const Value* schema : all.schemas) {
    const Value* must = keyword(*schema, "required");
    if (must == nullptr) continue;
    DM_TRY(spend(must->get_array().size()));
    for (const Value& name : must->get_array()) {
      required.insert(view(name));
      if (known.insert(view(name)).second) names.push_back(view(name));
    }
  }

  const StateId opened = builder_.state();
  builder_.edge(from, '{', opened);
  StateId nothing = builder_.state();
  StateId something = builder_.state();
  prelude_.inside_bracket(opened, nothing);
  for (const std::string_view name : names) {
    DM_TRY(spend(1 + all.schemas.size()));
    const StateId key = builder_.state();
    const StateId named = builder_.state();
    const StateId value = builder_.state();
    builder_.epsilon(nothing, key);
    prelude_.after_comma(something, key);
    builder_.literal(key, json_quoted(name), named);
    prelude_.after_colon(named, value);
    const bool may_lack = !required.contains(name);
    const StateId next_nothing = builder_.state();
    const StateId next_something = builder_.state();
    if (may_lack) {
      builder_.epsilon(nothing, next_nothing);
      builder_.epsilon(something, next_something);
    }
    nothing = next_nothing;
    something = next_something;
    std::vector<const Value*> schemas;
    for (const Value* schema : all.schemas) {
      const Value* properties = keyword(*schema, "properties");
      const Value* here = properties == nullptr ? nullptr : properties->get_object().if_contains(name);
      if (here == nullptr) here = keyword(*schema, "additionalProperties");
      if (here != nullptr) schemas.push_back(here);
    }
    DM_TRY(build_all(schemas, value, something));
    if (builder_.over()) return {};
  }
  if (!closes && (opens || !declares)) {
    const StateId key = builder_.state();
    const StateId inside = builder_.state();
    const StateId named = builder_.state();
    const StateId value = builder_.state();
    builder_.epsilon(nothing, key);
    prelude_.after_comma(something, key);
    builder_.edge(key, '"', inside);
    std::vector<std::string> quoted;
    for (const std::string_view name : names) quoted.push_back(json_quoted(name));
    build_other_names(builder_, prelude_, quoted, inside, named);
    prelude_.after_colon(named, value);
    DM_TRY(build_all(free, value, something));
  }
  const StateId close = builder_.state();
  builder_.epsilon(nothing, close);
  prelude_.inside_bracket(something, close);
  builder_.edge(close, '}', to);
  return {};
}

}  // namespace docmind::grammar
