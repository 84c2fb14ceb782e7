#include "engine/vocabulary.h"

namespace docmind::engine {

std::vector<std::string> written_pieces(const Vocabulary& vocabulary) {
  const VocabularyFacts& facts = vocabulary.vocabulary();
  std::vector<std::string> pieces(facts.size);
  for (std::uint32_t id = 0; id < facts.size; ++id) pieces[id] = vocabulary.piece(static_cast<std::int32_t>(id));
  for (const SpecialToken& token : facts.special) {
    if (token.kind == SpecialKind::kControl) pieces.at(static_cast<std::size_t>(token.id)).clear();
  }
  return pieces;
}

}  // namespace docmind::engine
