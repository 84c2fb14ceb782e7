#include "context/window.h"

#include <algorithm>
#include <array>
#include <string>

namespace docmind::context {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"refuse", "newest", "sliding_window"};

// `value` of a window of `of` tokens, for one of `limit`.
std::uint32_t scaled(std::uint32_t value, std::uint32_t limit, std::uint32_t of) {
  return static_cast<std::uint32_t>(std::uint64_t{value} * limit / of);
}

Result<std::uint32_t> trim_from(const WindowOptions& options) {
  const double share = options.trim_from <= 1 ? options.trim_from : options.trim_from / options.limit;
  if (!(share > 0 && share <= 1)) {
    return Error{Code::kInvalidArgument, "The number of tokens to trim from lies outside the window.",
                 "Give a share of the window (0.9) or tokens up to its limit."};
  }
  return options.trim_from <= 1 ? static_cast<std::uint32_t>(share * options.limit)
                                : static_cast<std::uint32_t>(options.trim_from);
}

}  // namespace

std::string_view name(Policy policy) { return kNames.at(static_cast<std::size_t>(policy)); }

Result<Policy> policy_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames.at(i) == name) return static_cast<Policy>(i);
  }
  return Error{Code::kInvalidArgument, "There is no context policy of that name.",
               "It is refuse, newest or sliding_window."};
}

Result<Window> window_for(const WindowOptions& options, Policy policy, std::uint32_t context,
                          std::uint32_t max_tokens) {
  if (options.limit == 0 || options.untold == 0 || options.buffer >= options.limit) {
    return Error{Code::kInvalidArgument, "The context window or its buffer makes no sense.",
                 "The buffer has to be smaller than the limit."};
  }
  const std::uint32_t whole = DM_TRY(trim_from(options));
  Window out;
  out.limit = std::min(options.limit, context == 0 ? options.untold : context);
  const std::uint32_t buffer = scaled(options.buffer, out.limit, options.limit);
  out.reserved = max_tokens > 0 ? max_tokens : policy == Policy::kRefuse ? 1 : std::max(buffer, 1U);
  if (out.reserved >= out.limit) {
    return Error{Code::kResourceExhausted,
                 "An answer of " + std::to_string(out.reserved) +
                     " tokens leaves no room for a prompt in a window of " + std::to_string(out.limit) + ".",
                 "Ask for a shorter answer (max_tokens), or use a model with a longer context."};
  }
  const bool trims = policy != Policy::kRefuse;
  out.most = out.limit - std::max(out.reserved, trims ? buffer : 0);
  out.trim_from = trims ? std::clamp(scaled(whole, out.limit, options.limit), 1U, out.most) : out.most;
  out.overlap = scaled(options.overlap, out.limit, options.limit);
  return out;
}

}  // namespace docmind::context
