#include "store/impl/tokenizer.h"

#include <sqlite3.h>

namespace docmind::store {
namespace {

using EmitToFts5 = int (*)(void*, int, const char*, int, int, int);

// An FTS5 tokenizer object is nothing but a pointer to ours: it has no state of its own.
int create(void* context, const char** /*arguments*/, int /*count*/, Fts5Tokenizer** out) {
  *out = static_cast<Fts5Tokenizer*>(context);
  return SQLITE_OK;
}

void destroy(Fts5Tokenizer* /*tokenizer*/) {}

int tokenize(Fts5Tokenizer* self, void* sink, int flags, const char* text, int bytes, EmitToFts5 emit) {
  const auto& tokenizer = *reinterpret_cast<const Tokenizer*>(self);
  if (text == nullptr || bytes <= 0) return SQLITE_OK;
  int result = SQLITE_OK;
  tokenizer({text, static_cast<std::size_t>(bytes)}, (flags & FTS5_TOKENIZE_QUERY) != 0,
            [&](std::string_view term, std::uint32_t start, std::uint32_t end, bool colocated) {
              if (result != SQLITE_OK || term.empty()) return;
              result = emit(sink, colocated ? FTS5_TOKEN_COLOCATED : 0, term.data(), static_cast<int>(term.size()),
                            static_cast<int>(start), static_cast<int>(end));
            });
  return result;
}

}  // namespace

fts5_api* find_fts5(sqlite3* connection) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection, "SELECT fts5(?1)", -1, &statement, nullptr) == SQLITE_OK) {
    sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  return api;
}

Result<> register_tokenizer(sqlite3* connection, const std::string& name, const Tokenizer& tokenizer) {
  fts5_api* api = find_fts5(connection);
  fts5_tokenizer calls{create, destroy, tokenize};
  if (api == nullptr ||
      api->xCreateTokenizer(api, name.c_str(), const_cast<void*>(static_cast<const void*>(&tokenizer)), &calls,
                            nullptr) != SQLITE_OK) {
    return Error{Code::kInternal, "The full-text index cannot be set up.", ""};
  }
  return {};
}

}  // namespace docmind::store
