#include "context/impl/turns.h"

#include <gtest/gtest.h>

namespace docmind::context {
namespace {

using llm::ChatMessage;
using llm::Role;

// One letter per message: s system, u user, a assistant, an upper-case letter calls with that id, the lower-case
// digit's tool results: "A" calls "A", "(A" answers it, "(" alone answers without an id.
std::vector<ChatMessage> conversation(std::string_view shape) {
  std::vector<ChatMessage> out;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const char c = shape[i];
    ChatMessage message;
    if (c == 's') message.role = Role::kSystem;
    if (c == 'a') message.role = Role::kAssistant;
    if (c >= 'A' && c <= 'Z') {
      message.role = Role::kAssistant;
      message.tool_calls.push_back({.id = std::string(1, c)});
    }
    if (c == '(') {
      message.role = Role::kTool;
      if (i + 1 < shape.size() && shape[i + 1] >= 'A' && shape[i + 1] <= 'Z') message.tool_call_id = shape[++i];
    }
    out.push_back(message);
  }
  return out;
}

std::vector<Atom> atoms_of(std::string_view shape) { return atoms(conversation(shape)); }
std::vector<Atom> steps_of(std::string_view shape) { return steps(conversation(shape)); }

using Atoms = std::vector<Atom>;

TEST(Atoms, AMessageIsOneAndSystemMessagesAreNone) {
  EXPECT_EQ(atoms_of(""), Atoms());
  EXPECT_EQ(atoms_of("sua"), (Atoms{{1, 2}, {2, 3}}));
  EXPECT_EQ(atoms_of("sss"), Atoms());
}

TEST(Atoms, CallsGoWithTheirResults) {
  EXPECT_EQ(atoms_of("uA(Aa"), (Atoms{{0, 1}, {1, 3}, {3, 4}}));
  EXPECT_EQ(atoms_of("uA(A(Aa"), (Atoms{{0, 1}, {1, 4}, {4, 5}}));
  EXPECT_EQ(atoms_of("uA((a"), (Atoms{{0, 1}, {1, 4}, {4, 5}}));  // Without ids.
}

TEST(Atoms, AResultFarFromItsCallTakesAllBetween) {
  EXPECT_EQ(atoms_of("uAuas(Au"), (Atoms{{0, 1}, {1, 6}, {6, 7}}));
  EXPECT_EQ(atoms_of("ABu(A(Bu"), (Atoms{{0, 5}, {5, 6}}));
}

TEST(Atoms, AnIdUsedAgainBelongsToTheNearestCall) {
  EXPECT_EQ(atoms_of("A(AuA(Au"), (Atoms{{0, 2}, {2, 3}, {3, 5}, {5, 6}}));
}

TEST(Atoms, AResultThatNobodyAskedForStandsAlone) {
  EXPECT_EQ(atoms_of("(Au(Bu"), (Atoms{{0, 1}, {1, 2}, {2, 3}, {3, 4}}));
  EXPECT_EQ(atoms_of("("), (Atoms{{0, 1}}));
}

TEST(Steps, OldTurnsGoWhole) {
  EXPECT_EQ(steps_of("suauauu"), (Atoms{{1, 3}, {3, 5}, {5, 6}}));
  EXPECT_EQ(steps_of("auA(Aau"), (Atoms{{0, 1}, {1, 5}}));
}

TEST(Steps, OfTheNewestTurnTheQuestionAndTheLastStay) {
  EXPECT_EQ(steps_of("u"), Atoms());
  EXPECT_EQ(steps_of("uA(A"), Atoms());
  EXPECT_EQ(steps_of("uauA(AB(BC(C"), (Atoms{{0, 2}, {3, 5}, {5, 7}}));
}

TEST(Steps, WithoutAUserTheLastStays) {
  EXPECT_EQ(steps_of("s"), Atoms());
  EXPECT_EQ(steps_of("aaA(A"), (Atoms{{0, 1}, {1, 2}}));
}

TEST(Steps, ACallAcrossTurnsKeepsThemTogether) {
  EXPECT_EQ(steps_of("uAu(Aau"), (Atoms{{0, 5}}));
  EXPECT_EQ(steps_of("uau(Aau"), (Atoms{{0, 2}, {2, 5}}));
}

}  // namespace
}  // namespace docmind::context
