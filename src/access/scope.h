// What somebody may do: each route needs one scope (or none), each key has one or several. Values.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace docmind::access {

// kAdmin covers the others: who may make keys may make any.
enum class Scope : std::uint8_t { kAsk, kIngest, kAdmin };

std::string_view name(Scope scope);                  // "ask", "ingest", "admin"
std::optional<Scope> scope_named(std::string_view);  // The other way.

}  // namespace docmind::access
