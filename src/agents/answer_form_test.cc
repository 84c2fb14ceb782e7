#include "agents/answer_form.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace docmind::agents {
namespace {

bool asks_for(std::string_view question, Form form) {
  const auto forms = asked_forms(question).forms;
  return std::find(forms.begin(), forms.end(), form) != forms.end();
}

double cue_of(std::string_view question, std::string_view sentence) { return cue(asked_forms(question), sentence); }

TEST(AskedForms, OnePerKind) {
  EXPECT_TRUE(asks_for("Who founded the Debian project?", Form::kPerson));
  EXPECT_TRUE(asks_for("When was Alioth switched off?", Form::kTime));
  EXPECT_TRUE(asks_for("In which year was it founded?", Form::kTime));
  EXPECT_TRUE(asks_for("How many architectures are there?", Form::kNumber));
  EXPECT_TRUE(asks_for("What is the maximum length?", Form::kNumber));
  EXPECT_TRUE(asks_for("What command builds a package?", Form::kLiteral));
  EXPECT_TRUE(asks_for("How do I unpack it?", Form::kProcedure));
  EXPECT_TRUE(asks_for("Which files hold the settings?", Form::kPlace));
  EXPECT_TRUE(asks_for("On which list are they announced?", Form::kPlace));
  EXPECT_TRUE(asks_for("What is an NMU?", Form::kDefinition));
  EXPECT_TRUE(asks_for("Why is the file split?", Form::kReason));
  EXPECT_TRUE(asks_for("Can I still take it out?", Form::kVerdict));
  EXPECT_TRUE(asks_for("How does a native package differ?", Form::kDifference));
}

TEST(AskedForms, TheSecondClauseAsksToo) {
  EXPECT_TRUE(asks_for("When I answer on a list, should I send a copy?", Form::kVerdict));
  EXPECT_FALSE(asks_for("When I answer on a list, should I send a copy?", Form::kTime));
  EXPECT_TRUE(asks_for("I run stable. How do I move to testing?", Form::kProcedure));
}

TEST(AskedForms, NoFormGivesTheNeutralCue) {
  EXPECT_TRUE(asked_forms("").forms.empty());
  EXPECT_TRUE(asked_forms("debian policy manual").forms.empty());
  EXPECT_DOUBLE_EQ(cue_of("debian policy manual", "Anything at all."), kNoForm);
}

TEST(Cue, ValuesOfTheTable) {
  EXPECT_DOUBLE_EQ(cue_of("Who founded it?", "It was begun by Ian Murdock."), 1);
  EXPECT_DOUBLE_EQ(cue_of("Who decides?", "That is up to the maintainer."), 0.5);
  EXPECT_DOUBLE_EQ(cue_of("Who decides?", "write to team@security.debian.org now"), 1);
  EXPECT_DOUBLE_EQ(cue_of("When did it end?", "It ended in June 2018."), 1);
  EXPECT_DOUBLE_EQ(cue_of("When did it end?", "It took a few weeks."), 0.7);
  EXPECT_DOUBLE_EQ(cue_of("When did it end?", "Nobody knows."), 0);
  EXPECT_DOUBLE_EQ(cue_of("How often is it run?", "It is launched twice each day."), 1);
  EXPECT_DOUBLE_EQ(cue_of("How many are there?", "There are some."), 0);
  EXPECT_DOUBLE_EQ(cue_of("Which command shows it?", "Type lsb_release to see."), 1);
  EXPECT_DOUBLE_EQ(cue_of("How do I delete it?", "Run dpkg --purge on it."), 1);
  EXPECT_DOUBLE_EQ(cue_of("How do I delete it?", "You remove it."), 0.6);
  EXPECT_DOUBLE_EQ(cue_of("How do I delete it?", "See dpkg --purge there."), 0.5);
  EXPECT_DOUBLE_EQ(cue_of("Where is it kept?", "It is kept in /etc/modules."), 1);
  EXPECT_DOUBLE_EQ(cue_of("Where is it kept?", "It is kept in the archive."), 0.6);
  EXPECT_DOUBLE_EQ(cue_of("Why split it?", "It is split because of size."), 1);
  EXPECT_DOUBLE_EQ(cue_of("May I sell it?", "No, never."), 1);
  EXPECT_DOUBLE_EQ(cue_of("May I sell it?", "You do not need permission."), 0.8);
  EXPECT_DOUBLE_EQ(cue_of("What is the difference?", "The first, unlike the second, is signed."), 1);
}

TEST(Cue, Definitions) {
  const std::string_view question = "What is a native package?";
  EXPECT_DOUBLE_EQ(cue_of(question, "A native package is one without an upstream."), 1);
  EXPECT_DOUBLE_EQ(cue_of(question, "Such a thing is called native package in Debian."), 0.8);
  EXPECT_DOUBLE_EQ(cue_of(question, "It is a tarball."), 0.4);
  EXPECT_DOUBLE_EQ(cue_of(question, "Native packages are those without an upstream."), 1);
  EXPECT_DOUBLE_EQ(cue_of(question, "Nothing of the kind."), 0);
  EXPECT_DOUBLE_EQ(cue_of("What is unstable called?", "Unstable is always called Sid."), 1);
}

TEST(CodeLiteral, WhatIsTypedAsItStands) {
  for (const char* text : {"-x", "--purge", "open()", "/etc/passwd", "make_it", "apt-get", "rules.txt", "PAPERSIZE",
                           "$HOME", "\"word\"", "std::vector", "(dpkg-source)", "https://debian.org"}) {
    EXPECT_TRUE(has_code_literal(text)) << text;
  }
  for (const char* text : {"", "word", "Debian", "e.g.", "3.0", "a", "-", "and/or", "CD", "\xff\xfe"}) {
    EXPECT_FALSE(has_code_literal(text)) << text;
  }
}

TEST(Cue, AnyBytesAreFine) {
  using namespace std::string_literals;
  const std::string hostile = "who \xff\xc3(\0)\xe2\x80 @. ://"s;
  const double value = cue(asked_forms(hostile), hostile);
  EXPECT_GE(value, 0);
  EXPECT_LE(value, 1);
}

}  // namespace
}  // namespace docmind::agents
