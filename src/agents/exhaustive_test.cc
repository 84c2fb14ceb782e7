#include "agents/exhaustive.h"

#include <gtest/gtest.h>

#include "agents/exact_find.h"
#include "agents/response_validator.h"
#include "agents/result_synthesizer.h"
#include "retrieval/testing/set_library.h"

namespace docmind::agents {
namespace {

Draft draft_of(const Exhaustive& found) { return synthesize({Evidence{{"?", "?"}, {}, found}}, {}); }

class ExhaustiveTest : public testing::Test {
 protected:
  void SetUp() override {
    library_.put("/d/fleet.md",
                 {"# Fleet", "## Ships", "= Ship | Port | Length (m) | Sauna", "Aurora | Bergen | 31.5 | yes",
                  "Bris | Bergen | 44 | no", "Corvina | New Haven | 12 m | no", "Dag | Oslo | 8 | yes",
                  "Total | | 83.5 |", "## Orders", "The crew keeps these rules:", "1. Coil the ropes.",
                  "2. Close the hatches.", "3. Write the log."});
  }

  std::optional<Exhaustive> ask(const std::string& question, const ExhaustiveOptions& options = {},
                                Deadline deadline = Deadline::never()) {
    auto at = library_.read();
    return library::testing::must(read_exhaustively(question, {}, at, options, deadline, {}));
  }

  std::string said(const std::string& question) {
    const auto found = ask(question);
    if (!found) return "none";
    std::string out;
    for (const SetClaim& claim : found->claims) out += (out.empty() ? "" : "\n") + claim.said;
    return out;
  }

  retrieval::SetLibrary library_;
};

TEST_F(ExhaustiveTest, CountsRowsAndStatesWhatItRead) {
  EXPECT_EQ(said("How many ships are there?"),
            "4 rows of the table \u201cShips\u201d: Aurora; Bris; Corvina; Dag. Read 4 of 4 rows in fleet.md. "
            "Not counted: 1 row that sums up others.");
  const auto found = ask("How many ships lie in Bergen?");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->read, 4U);
  EXPECT_EQ(found->total, 4U);
  EXPECT_EQ(found->unit, "row");
  EXPECT_EQ(found->operation, "count");
  ASSERT_EQ(found->claims.size(), 1U);
  EXPECT_EQ(found->claims[0].passages.size(), 2U);
  ASSERT_EQ(found->sets.size(), 1U);
  EXPECT_EQ(found->sets[0].used, 2U);
  EXPECT_TRUE(found->partial_reason.empty());
}

TEST_F(ExhaustiveTest, ConditionsNameRows) {
  EXPECT_TRUE(said("How many ships have a sauna?").starts_with("2 rows"));
  EXPECT_TRUE(said("How many ships have no sauna?").starts_with("2 rows"));
  EXPECT_TRUE(said("List all ships in New Haven.").starts_with("1 row of"));
  EXPECT_TRUE(said("How many ships are longer than 20?").starts_with("2 rows"));
  EXPECT_TRUE(said("Which ports are there?").starts_with("3 different values of \u201cPort\u201d"));
}

TEST_F(ExhaustiveTest, NumbersOfDifferentUnitsAreNotAddedUp) {
  const std::string sum = said("What is the total length of the ships?");
  EXPECT_TRUE(sum.starts_with("95.5 m: ")) << "a column that writes its unit once has one: " << sum;
  library_.put("/d/loads.md", {"# Loads", "= Load | Weight", "Salt | 5 kg", "Tea | 300 g", "Oil | 7 kg"});
  const std::string loads = said("What is the total weight of all loads?");
  EXPECT_TRUE(loads.starts_with("12 kg: the sum")) << loads;
  EXPECT_NE(loads.find("\n300 g: the sum"), std::string::npos) << loads;
  EXPECT_EQ(said("Which load has the highest weight?"), "none");
}

TEST_F(ExhaustiveTest, CountsItemsOfTheListThatIsNamed) {
  EXPECT_TRUE(said("How many rules does the crew keep?").starts_with("3 items of the list"));
  EXPECT_EQ(said("How many ropes does the crew coil?"), "none");
}

TEST_F(ExhaustiveTest, OneWordUnexplainedAndItIsNotThatSet) {
  for (const char* question :
       {"How many ships sank?", "How many stowaways are in Bergen?", "How many days may a ship stay in Bergen?",
        "What is the average age of the ships?", "How many red ships are there?", "Who built the Aurora?", ""}) {
    EXPECT_EQ(said(question), "none") << question;
  }
}

TEST_F(ExhaustiveTest, TablesOfOneShapeAreOneSet) {
  library_.put("/d/may.md", {"# Takings in May", "= Day | Amount", "1 | 10.50", "2 | 4.50"});
  library_.put("/d/june.md", {"# Takings in June", "= Day | Amount", "1 | 100"});
  EXPECT_EQ(said("What is the total amount of the takings?"),
            "115: the sum of \u201cAmount\u201d over 3 rows of 2 tables (\u201ctakings in\u201d). "
            "Read 3 of 3 rows in 2 documents.");
  EXPECT_TRUE(said("What is the total amount of the takings in May?").starts_with("15: "));
}

TEST_F(ExhaustiveTest, TwoRowsMayNameTheColumns) {
  library_.put("/d/ferries.md",
               {"# Ferries", "= Ferry | Fare", "= Ferry | adult | child", "Norrland | 12.50 | 6", "Islay | 9.75 | 4"});
  EXPECT_TRUE(said("What is the sum of all adult fares?").starts_with("22.25: the sum of \u201cFare adult\u201d"));
  EXPECT_TRUE(said("Which ferry has the lowest child fare?").starts_with("Islay: 4, "));
}

TEST_F(ExhaustiveTest, ACountedColumnIsNamedInThePlural) {
  library_.put("/d/log.md", {"# Log", "= Day | Guests", "1 | 12", "2 | 30", "3 | 8"});
  EXPECT_TRUE(said("How many guests are in the log?").starts_with("50: the sum of"));
  EXPECT_TRUE(said("How many days are in the log?").starts_with("3 rows of the table"));
}

TEST_F(ExhaustiveTest, AColumnMaySayHowManyThereAre) {
  library_.put("/d/stock.md",
               {"# Stock", "= Part | Pieces | Shelf", "Bolt | 1,400 | 12", "Nut | 50 | 12", "Bolt | 10 | 3"});
  EXPECT_TRUE(said("How many bolts are in stock?").starts_with("1410: the sum of \u201cPieces\u201d over 2 rows"));
  EXPECT_EQ(said("How many screws are in stock?"), "none");
}

TEST_F(ExhaustiveTest, TheOldestHasTheSmallestYearOrTheLargestAge) {
  library_.put("/d/crew.md", {"# Sailors", "= Sailor | Age", "Ada | 31", "Bo | 54"});
  library_.put("/d/mills.md", {"# Mills", "= Mill | Built", "Post mill | 1750", "Smock mill | 1810"});
  EXPECT_TRUE(said("Which sailor is the oldest?").starts_with("Bo: 54"));
  EXPECT_TRUE(said("Which sailor is the youngest?").starts_with("Ada: 31"));
  EXPECT_TRUE(said("Which mill is the oldest?").starts_with("Post mill: 1750"));
  EXPECT_TRUE(said("How many sailors are older than 40?").starts_with("1 row"));
}

TEST_F(ExhaustiveTest, BoundsAreSaidNotHidden) {
  std::vector<std::string> lines{"# Buoys", "= Buoy | Colour"};
  for (int i = 0; i < 120; ++i) lines.push_back("B" + std::to_string(i) + " | red");
  library_.put("/d/buoys.md", lines);
  const auto found = ask("How many buoys are there?");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->read, 120U);
  EXPECT_EQ(found->claims[0].passages.size(), 50U);
  EXPECT_NE(found->claims[0].said.find("and 70 more"), std::string::npos);
  EXPECT_NE(found->claims[0].said.find("Cited: 50 of 120."), std::string::npos);
}

TEST_F(ExhaustiveTest, WhatIsCutIsPartial) {
  library_.put("/d/other.md", {"# More ships", "= Ship | Port", "Eider | Bodo", "Falk | Bodo"});
  const auto found = ask("How many ships are there?", {.reading = {.documents = 1}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->unit, "document");
  EXPECT_EQ(found->read, 1U);
  EXPECT_EQ(found->total, 2U);
  EXPECT_FALSE(found->partial_reason.empty());
}

TEST_F(ExhaustiveTest, StopsAndGivesUpInTime) {
  std::stop_source stop;
  stop.request_stop();
  auto at = library_.read();
  const auto stopped = read_exhaustively("How many ships are there?", {}, at, {}, Deadline::never(), stop.get_token());
  EXPECT_EQ(stopped.error().code, Code::kCancelled);
}

TEST_F(ExhaustiveTest, EveryClaimPassesTheValidator) {
  for (const char* question : {"How many ships are there?", "What is the total length of the ships?",
                               "How often is the log mentioned?", "How many rules does the crew keep?"}) {
    const auto found = ask(question);
    ASSERT_TRUE(found) << question;
    auto at = library_.read();
    const Validated validated = library::testing::must(validate(draft_of(*found), at, {}));
    EXPECT_TRUE(validated.dropped.empty());
    ASSERT_FALSE(validated.claims.empty());
    EXPECT_EQ(validated.claims[0].text, found->claims[0].said);
  }
}

TEST_F(ExhaustiveTest, ACountFallsWithOneOfItsRows) {
  auto found = ask("How many ships are there?");
  ASSERT_TRUE(found);
  found->claims[0].passages[2].pieces = {"Corvina | Paris | 12 m | no"};
  auto at = library_.read();
  const Validated validated = library::testing::must(validate(draft_of(*found), at, {}));
  EXPECT_TRUE(validated.claims.empty());
  EXPECT_EQ(validated.dropped.size(), 1U);
}

TEST_F(ExhaustiveTest, HostileTablesCostLittle) {
  library_.put("/d/hostile.md", {"# Ships \u8239 \U0001F6A2", "= Ship | ", " | | | | | | | ", "a | b | c | d",
                                 "99999999999999999999999999999999999999999999 | 1", "\u8239 | 2"});
  EXPECT_NE(said("How many ships are there?"), "none");
  EXPECT_NE(said("What is the total length of the ships?"), "");
}

TEST(ExactFind, WordsHaveBordersAndCaseDoesNotCount) {
  EXPECT_EQ(occurrences("The log, the LOG\nbook and the catalogue.", "log").size(), 2U);
  EXPECT_EQ(occurrences("the log\n  book", "Log Book").size(), 1U);
  EXPECT_EQ(occurrences("\u706f\u5854\u7684\u706f", "\u706f").size(), 2U);
  EXPECT_EQ(occurrences("STRASSE stra\u00dfe", "stra\u00dfe").size(), 1U);
  EXPECT_TRUE(occurrences("", "x").empty());
  EXPECT_TRUE(occurrences("x", "").empty());
  EXPECT_TRUE(occurrences("\xff x", "x").empty());
}

TEST_F(ExhaustiveTest, FindsEveryPlace) {
  library_.put("/d/log.md", {"# Log", "The log of the Aurora. A LOG is kept."});
  auto at = library_.read();
  const FoundPhrase found = library::testing::must(exact_find("the log", {}, at, {}, Deadline::never(), {}));
  EXPECT_EQ(found.total, 2U);
  EXPECT_EQ(found.documents_read, 2U);
  EXPECT_EQ(found.holding.size(), 2U);
  for (const Occurrence& one : found.places) {
    EXPECT_EQ(occurrences(*at.text(one.document, one.span), "THE LOG").size(), 1U);
  }
  EXPECT_EQ(exact_find("...", {}, at, {}, Deadline::never(), {}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(library::testing::must(exact_find("zebra", {}, at, {}, Deadline::never(), {})).total, 0U);
}

}  // namespace
}  // namespace docmind::agents
