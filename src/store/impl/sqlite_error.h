// SQLite's result codes as Errors of ours (https://sqlite.org/rescode.html).
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"

namespace docmind::store {

// What a failed call on the database file `path` means. `message` is what SQLite says; it is made printable.
Error sqlite_error(int code, std::string_view message, const std::string& path);

// The file or its disk can no longer be trusted: a failed read, write or sync, or a page that makes no sense.
bool is_disk_failure(int code);

}  // namespace docmind::store
