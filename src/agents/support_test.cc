#include "agents/support.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "base/json.h"

namespace docmind::agents {
namespace {

struct Case {
  std::string fault{};
  std::vector<CitedPassage> evidence{};
  std::string sentence{};
};

// tests/data/cited_sentences.json
class Cases {
 public:
  explicit Cases(std::string_view set) {
    std::ifstream file(std::string(DOCMIND_SOURCE_DIR) + "/tests/data/cited_sentences.json");
    std::ostringstream text;
    text << file.rdbuf();
    json_ = *parse_json(text.str());
    const auto& passages = json_.at("passages").as_object();
    for (const auto& row : json_.at("cases").as_array()) {
      if (row.at("set").as_string() != set) continue;
      Case one{.fault = row.at("fault").as_string().c_str(), .sentence = row.at("sentence").as_string().c_str()};
      for (const auto& id : row.at("passages").as_array())
        one.evidence.push_back(evidence(passages.at(id.as_string())));
      list_.push_back(std::move(one));
    }
  }
  const std::vector<Case>& list() const { return list_; }

 private:
  static CitedPassage evidence(const boost::json::value& passage) {
    CitedPassage out{.text = passage.at("text").as_string(), .document = passage.at("document").as_string()};
    if (passage.at("page").is_int64()) out.page = static_cast<std::uint32_t>(passage.at("page").as_int64());
    return out;
  }

  boost::json::value json_;
  std::vector<Case> list_;
};

Verdict judge(const std::string& sentence, std::span<const CitedPassage> evidence) {
  const auto sentences = cited_sentences(sentence);
  EXPECT_EQ(sentences.size(), 1U) << sentence;
  return sentences.empty() ? Verdict{} : check_sentence(sentences[0], evidence);
}

struct Score {
  int faults = 0;
  int marked = 0;
  int by_name = 0;  // Marked with the reason that was planted.
  int true_ones = 0;
  int wronged = 0;
};

Score score(std::string_view set) {
  Score out;
  std::map<std::string, std::pair<int, int>> kinds;
  const Cases cases(set);
  for (const Case& one : cases.list()) {
    const Verdict verdict = judge(one.sentence, one.evidence);
    if (one.fault.empty()) {
      ++out.true_ones;
      if (verdict.supported()) continue;
      ++out.wronged;
    } else {
      ++out.faults;
      ++kinds[one.fault].first;
      if (!verdict.supported()) {
        ++out.marked;
        ++kinds[one.fault].second;
        out.by_name += name(verdict.fault) == one.fault ? 1 : 0;
        continue;
      }
    }

    std::cout << (one.fault.empty() ? "true one marked" : one.fault + " passed") << " (" << name(verdict.fault) << " "
              << verdict.detail << "): " << one.sentence << "\n";
  }
  std::cout << set << ": faults marked " << out.marked << " of " << out.faults << " (" << out.by_name
            << " with the planted reason), true ones marked " << out.wronged << " of " << out.true_ones;
  for (const auto& [kind, count] : kinds) std::cout << ", " << kind << " " << count.second << "/" << count.first;
  std::cout << "\n";
  return out;
}

// The rules were chosen on these two, on the second after it had been scored once, and again after `fresh` had been.
TEST(Support, PlantedFaultsAreMarkedAndTrueSentencesAreNot) {
  const Score dev = score("dev");
  const Score second = score("second");
  EXPECT_GE(dev.faults + second.faults, 200);
  EXPECT_GE(dev.marked + second.marked, 0.98 * (dev.faults + second.faults));
  EXPECT_LE(dev.wronged + second.wronged, 0.02 * (dev.true_ones + second.true_ones));
}

// What later changes may not make worse.
TEST(Support, SentencesWrittenAfterwards) {
  const Score fresh = score("fresh");
  EXPECT_GE(fresh.marked, 0.96 * fresh.faults);
  EXPECT_LE(fresh.wronged, 0.02 * fresh.true_ones);
  const Score third = score("third");
  EXPECT_GE(third.marked, 0.94 * third.faults);
  EXPECT_LE(third.wronged, 0.09 * third.true_ones);
  const Score fourth = score("fourth");
  EXPECT_GE(fourth.marked, 0.9 * fourth.faults);
  EXPECT_LE(fourth.wronged, 0.16 * fourth.true_ones);
}

// A true sentence that cites the passage of another one.
TEST(Support, TheWrongPassage) {
  const Cases cases("dev");
  int marked = 0;
  int all = 0;
  for (std::size_t i = 0; i < cases.list().size(); ++i) {
    const Case& one = cases.list()[i];
    const Case& other = cases.list()[(i + cases.list().size() / 2) % cases.list().size()];
    if (!one.fault.empty() || one.evidence.size() != 1 || one.evidence[0].text == other.evidence[0].text) continue;
    const Verdict verdict = judge(one.sentence, other.evidence);
    ++all;
    marked += verdict.supported() ? 0 : 1;
    if (verdict.supported())
      std::cout << "passed beside \"" << other.evidence[0].text.substr(0, 60) << "\": " << one.sentence << "\n";
  }
  EXPECT_GT(all, 80);
  EXPECT_GE(marked, 0.98 * all) << marked << " of " << all;
}

Verdict beside(const std::string& sentence, std::string_view text) {
  const std::vector<CitedPassage> evidence = {
      {.text = text, .document = "/home/a/lamps.pdf", .page = 4, .page_end = 5, .page_label = "iv"}};
  return judge(sentence, evidence);
}

TEST(Support, Marks) {
  const std::string_view text = "The lamp of Hask burns oil.";
  EXPECT_EQ(beside("The lamp of Hask burns oil.", text).fault, Fault::kNoCitation);
  EXPECT_EQ(beside("The lamp of Hask burns oil [2].", text).fault, Fault::kOutOfRange);
  EXPECT_EQ(beside("The lamp of Hask burns oil [0].", text).fault, Fault::kOutOfRange);
  EXPECT_EQ(beside("The lamp of Hask burns oil [1].", text).fault, Fault::kNone);
  EXPECT_EQ(beside("Whales sing at night [1].", text).fault, Fault::kUnrelated);
}

TEST(Support, Numbers) {
  const std::string_view text =
      "The tank holds 59,100 litres and is 12.50 metres high, 40 % of it under ground, since 2021-03-09.";
  for (const char* good :
       {"The tank holds 59100 litres [1].", "The tank is 12.5 metres high [1].",
        "40 percent of the tank is under ground [1].",
        "Since 9 March 2021 the tank holds 59,100 l of it under ground [1].", "The tank is 12.5 m high [1]."}) {
    EXPECT_TRUE(beside(good, text).supported()) << good << " " << beside(good, text).detail;
  }
  for (const char* bad : {"The tank holds 59,200 litres [1].", "The tank is 125 metres high [1].",
                          "40 litres of the tank are under ground [1].",
                          "Since 9 April 2021 the tank is under ground [1].", "The tank is -12.5 metres high [1]."}) {
    EXPECT_FALSE(beside(bad, text).supported()) << bad;
  }
  EXPECT_EQ(beside("The tank holds 59,200 litres [1].", text).fault, Fault::kNumber);
  EXPECT_EQ(beside("The tank holds 59,200 litres [1].", text).detail, "59,200");
}

TEST(Support, Pages) {
  const std::string_view text = "The lamp of Hask burns oil.";
  EXPECT_TRUE(beside("Page 4 says that the lamp of Hask burns oil [1].", text).supported());
  EXPECT_TRUE(beside("Pages 4 and 5 say that the lamp of Hask burns oil [1].", text).supported());
  EXPECT_EQ(beside("Page 6 says that the lamp of Hask burns oil [1].", text).fault, Fault::kPage);
  EXPECT_EQ(beside("Pages 4 to 6 say that the lamp of Hask burns oil [1].", text).fault, Fault::kPage);
  EXPECT_EQ(beside("第 9 页说 Hask burns oil[1]。", text).fault, Fault::kPage);
}

TEST(Support, Quotes) {
  const std::string_view text = "The lamp of Hask “burns oil,\nand nothing else”, said the keeper.";
  EXPECT_TRUE(beside("The keeper said that the lamp of Hask \"burns oil, and nothing else\" [1].", text).supported());
  EXPECT_TRUE(beside("The keeper said that the lamp of Hask „burns … else“ [1].", text).supported());
  EXPECT_EQ(beside("The keeper said that the lamp of Hask \"burns gas\" [1].", text).fault, Fault::kQuote);
  EXPECT_EQ(beside("The keeper said that the lamp of Hask »else … burns« [1].", text).fault, Fault::kQuote);
}

TEST(Support, Polarity) {
  const std::string_view text =
      "Boats must not land without the keeper's permission. The lamp never fails. Oil is not always at hand.";
  for (const char* good : {"Boats need the keeper's permission to land [1].",
                           "Boats may land only with the keeper's permission [1].", "The lamp does not fail [1]."}) {
    EXPECT_TRUE(beside(good, text).supported()) << good << " " << name(beside(good, text).fault);
  }
  for (const char* bad : {"Boats may land without the keeper's permission [1].", "The lamp always fails [1]."}) {
    EXPECT_EQ(beside(bad, text).fault, Fault::kNegation) << bad;
  }
}

TEST(Support, AnyBytes) {
  std::string nul = "The lamp \xff burns";
  nul += '\0';
  nul += " oil [1].";
  for (const CitedSentence& one : cited_sentences(nul)) {
    const std::vector<CitedPassage> evidence = {{.text = "\xfe\xff lamp", .document = "\xff/\xff"}};
    check_sentence(one, evidence);
  }
  const std::string long_text(300'000, 'x');
  const std::vector<CitedPassage> evidence = {{.text = long_text}};
  EXPECT_FALSE(check_sentence({.text = std::string(20'000, 'y') + " [", .marks = {1}}, evidence).supported());
  EXPECT_FALSE(check_sentence({.text = "", .marks = {}}, {}).supported());
  EXPECT_TRUE(check_sentence({.text = "", .marks = {1}}, evidence).supported());  // Nothing is said.
}

}  // namespace
}  // namespace docmind::agents
