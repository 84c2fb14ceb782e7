// Brings a file to a schema version. What was applied stands in the table schema_migrations and in user_version.
#pragma once
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "store/database.h"
#include "store/impl/connection.h"

namespace docmind::store {

// The file's version. kConflict when it is not ours, or too new for this program. Reads only.
Result<std::uint32_t> identify(Connection& connection, const DatabaseOptions& options);

// Checks, without writing, that the file is ours and that this program may use it; then makes it writable and, when
// `target` differs from its version, runs the steps between. Without a target: up to the newest, never down.
// Answers the version it has then.
Result<std::uint32_t> migrate(Connection& connection, const DatabaseOptions& options,
                              std::optional<std::uint32_t> target);

}  // namespace docmind::store
