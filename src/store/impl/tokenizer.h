// Makes a Tokenizer known to FTS5 on one connection (https://sqlite.org/fts5.html#custom_tokenizers).
#pragma once
#include <string>

#include "base/result.h"
#include "store/database.h"

struct sqlite3;
struct fts5_api;

namespace docmind::store {

// FTS5's C interface; null when SQLite was built without it.
fts5_api* find_fts5(sqlite3* connection);

// `tokenizer` must outlive the connection.
Result<> register_tokenizer(sqlite3* connection, const std::string& name, const Tokenizer& tokenizer);

}  // namespace docmind::store
