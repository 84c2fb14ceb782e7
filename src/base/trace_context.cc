#include "base/trace_context.h"

#include <array>
#include <atomic>
#include <utility>

namespace docmind {
namespace {

constexpr std::size_t kVersion00 = 55;  // Characters of "00-<32>-<16>-<2>".

TraceContext& of_this_thread() {
  thread_local TraceContext context;
  return context;
}

std::string hex(std::uint64_t value) {
  std::string out(16, '0');
  for (std::size_t at = out.size(); at-- > 0; value >>= 4U) out[at] = "0123456789abcdef"[value & 0xFU];
  return out;
}

// Lower-case digits alone, as the standard has it.
std::optional<std::uint64_t> from_hex(std::string_view text) {
  std::uint64_t out = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return std::nullopt;
    out = (out << 4U) | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return out;
}

// SplitMix64's last step (Steele, Lea, Flood 2014): each input has another output.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

}  // namespace

std::string trace_id(const TraceContext& context) { return hex(context.high) + hex(context.low); }
std::string span_id(std::uint64_t span) { return hex(span); }

std::optional<TraceContext> read_traceparent(std::string_view header) {
  if (header.size() < kVersion00) return std::nullopt;
  const auto version = from_hex(header.substr(0, 2));
  if (!version || *version == 0xFF || (*version == 0 && header.size() != kVersion00)) return std::nullopt;
  if (header.size() > kVersion00 && header[kVersion00] != '-') return std::nullopt;
  for (const std::size_t dash : {2, 35, 52}) {
    if (header[dash] != '-') return std::nullopt;
  }
  const auto high = from_hex(header.substr(3, 16));
  const auto low = from_hex(header.substr(19, 16));
  const auto parent = from_hex(header.substr(36, 16));
  const auto flags = from_hex(header.substr(53, 2));
  if (!high || !low || !parent || !flags || (*high | *low) == 0 || *parent == 0) return std::nullopt;
  return TraceContext{.high = *high, .low = *low, .span = *parent, .sampled = (*flags & 1U) != 0};
}

std::string traceparent(const TraceContext& context) {
  return "00-" + trace_id(context) + "-" + span_id(context.span) + (context.sampled ? "-01" : "-00");
}

// Chance comes from the trace's id; the count keeps this process's spans apart, and the span those of two processes.
TraceContext child_of(const TraceContext& context) {
  static std::atomic<std::uint64_t> made = 0;
  TraceContext out = context;
  out.parent = context.span;
  do {
    out.span = mixed(mixed(context.low ^ context.span) + 0x9E3779B97F4A7C15ULL * ++made);
  } while (out.span == 0);
  return out;
}

const TraceContext& trace_context() { return of_this_thread(); }

TraceScope::TraceScope(const TraceContext& context) : before_(std::exchange(of_this_thread(), context)) {}
TraceScope::~TraceScope() { of_this_thread() = before_; }

}  // namespace docmind
