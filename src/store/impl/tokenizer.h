// Makes a Tokenizer known to FTS5 on one connection (https://sqlite.org/fts5.html#custom_tokenizers).
#pragma once
#include <string>

#include "base/result.h"
#include "store/database.h"

struct sqlite3;

namespace docmind::store {

// `tokenizer` must outlive the connection.
Result<> register_tokenizer(sqlite3* connection, const std::string& name, const Tokenizer& tokenizer);

}  // namespace docmind::store
