// What tests of tools begin from: a table, a list, and a toolbox over them.
#pragma once
#include <gtest/gtest.h>

#include <memory>

#include "agents/toolbox.h"
#include "library/lexical_index.h"
#include "llm/testing/fake_embedder.h"
#include "retrieval/testing/set_library.h"

namespace docmind::agents {

class FleetLibrary : public ::testing::Test {
 protected:
  void SetUp() override {
    library_.put("/d/fleet.md", {"# Fleet", "## Ships", "= Ship | Port | Length (m)", "Aurora | Bergen | 31.5",
                                 "Bris | Bergen | 44", "Corvina | New Haven | 12", "Total | | 87.5"});
    library_.put("/d/rules.md", {"# Rules", "The crew keeps these rules:", "1. Coil the ropes.", "2. Write the log."});
    index_ =
        library::testing::must(retrieval::Index::open({}, library_.library(), *lexical_, embedder_, library_.clock()));
    box_ = library::testing::must(Toolbox::create(library_.library(), *index_));
  }

  retrieval::SetLibrary library_;
  std::unique_ptr<library::LexicalIndex> lexical_ = library::fts5_index();
  llm::FakeEmbedder embedder_;
  std::unique_ptr<retrieval::Index> index_;
  std::unique_ptr<Toolbox> box_;
};

}  // namespace docmind::agents
