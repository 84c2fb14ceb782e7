#include "cache/scope.h"

namespace docmind::cache {

ContentHash hash_of(const Scope& scope) {
  Hasher hasher;
  hasher.field("scope 1").field(scope.tenant).field(scope.user).field(scope.corpus).field(scope.filter);
  hasher.field(scope.model).field(scope.prompts).field(scope.parameters).field(scope.language);
  hasher.field(scope.embedder).field(scope.schema).field(scope.query_type);
  return hasher.finish();
}

std::string key_of(const ContentHash& scope, std::string_view normalised_question) {
  return Hasher().field(scope.view()).field(normalised_question).finish().hex();
}

}  // namespace docmind::cache
