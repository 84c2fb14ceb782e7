#include "agents/impl/cited.h"

#include <algorithm>

#include "agents/impl/german.h"
#include "agents/impl/mentions.h"
#include "base/utf8.h"

namespace docmind::agents {

std::string well_formed(std::string_view text) {
  std::uint64_t replaced = 0;
  return to_utf8(text, replaced);
}

Cited read_cited(std::span<const std::uint32_t> marks, std::span<const CitedPassage> evidence) {
  Cited out;
  for (const std::uint32_t mark : marks) {
    const CitedPassage& one = evidence[mark - 1];
    out.evidence.push_back(&one);
    const std::string text = well_formed(one.text);
    out.english = out.english && !is_german(text);
    for (Statement& statement : statements_of(text)) {
      out.all.insert(out.all.end(), statement.lexemes.begin(), statement.lexemes.end());
      out.statements.push_back(std::move(statement));
      out.passage.push_back(out.evidence.size() - 1);
    }
    const std::string name = well_formed(one.document.substr(one.document.find_last_of('/') + 1));
    std::string words = name;
    std::ranges::replace_if(words, [](char c) { return c == '-' || c == '.' || c == '_'; }, ' ');
    for (Lexeme& lexeme : lexemes(name + " " + words)) out.documents.push_back(std::move(lexeme));
    out.plain_text += plain(text) + "\n" + plain(name) + "\n";
  }
  return out;
}

}  // namespace docmind::agents
