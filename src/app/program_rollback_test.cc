#include "app/program_rollback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "sys/testing/temp_folder.h"

namespace docmind::app {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

sys::Finished says(std::string out, int code = 0, std::string err = "") {
  return {.exit = {.code = code}, .out = std::move(out), .err = std::move(err)};
}

std::string line_of(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

// dpkg, systemctl and the two programs, as far as they are asked: docmind 2 is installed and serves.
class Machine {
 public:
  // What `part` of a command line gets as its answer, instead of the usual one.
  void answer(std::string part, sys::Finished answer) { answers_.emplace_back(std::move(part), std::move(answer)); }
  std::vector<std::string> changes() const { return changes_; }

  Result<sys::Finished> run(const std::vector<std::string>& words) {
    const std::string line = line_of(words);
    for (const char* one : {"systemctl stop", "systemctl start", "--install", "rollback data", "rollback settings"}) {
      if (line.find(one) != std::string::npos) changes_.emplace_back(one);
    }
    for (const auto& [part, answer] : answers_) {
      if (line.find(part) != std::string::npos) return answer;
    }
    if (line.find("--search") != std::string::npos) return says("docmind: /usr/bin/docmind\n");
    if (line.find("dpkg-query --show") != std::string::npos) return says("2-1 installed ok\n");
    if (line.find("--print-architecture") != std::string::npos) return says("amd64\n");
    if (line.find("--compare-versions") != std::string::npos) return says("", words[2] < words[4] ? 0 : 1);
    if (line.find("--field") != std::string::npos) return fields(words[2]);
    if (line.find("config get data") != std::string::npos) return says("/data\n");
    if (line.find("rollback data") != std::string::npos) return says("{\"before\":\"/d.before-restore-1\"}\n");
    if (line.find("is-active --quiet docmind.socket") != std::string::npos) return says("", 3);
    if (line.find("systemctl show") != std::string::npos) return says("ActiveState=active\nStatusText=ready\n");
    return says("");
  }

 private:
  // The version is what the file holds.
  static sys::Finished fields(const std::string& file) {
    std::ifstream in(file);
    std::string version;
    std::getline(in, version);
    if (version.empty()) return says("", 2, "no package");
    return says("Package: docmind\nVersion: " + version +
                "\nArchitecture: amd64\nProvides: docmind-library-format (= 2)\n");
  }

  std::vector<std::pair<std::string, sys::Finished>> answers_;
  std::vector<std::string> changes_;
};

class ProgramRollbackTest : public ::testing::Test {
 protected:
  ProgramRollbackTest() { package("docmind_1.deb", "1-1"); }

  void package(const std::string& name, const std::string& version) const {
    std::ofstream(packages_.path() / name) << version << "\n";
  }

  Result<RolledBackProgram> roll_back(std::vector<std::string> what = {"program"}, std::string file = "") {
    std::filesystem::remove_all(scratch_.path() / "docmind.deb");  // A new folder each time.
    cli::RollbackOptions options{.what = std::move(what)};
    options.package = file.empty() ? packages_.path().string() : (packages_.path() / file).string();
    const RunProgram run = [this](std::vector<std::string> words) { return machine_.run(words); };
    const ProgramRollbackDeps deps{.run = run,
                                   .finish = run,
                                   .files = files_,
                                   .binary = "/usr/bin/docmind",
                                   .config = "/etc/docmind/docmind.yaml",
                                   .scratch = scratch_.path(),
                                   .folder = "/",
                                   .root = root_,
                                   .systemd = true,
                                   .flags = flags_,
                                   .needs = [this](const std::filesystem::path&) { return Result<Formats>(needs_); },
                                   .backup_for = [this](const auto&, const auto&, const auto&) { return backup_; },
                                   .rest = [this] { return --looks_ > 0; }};
    return roll_back_program(options, deps);
  }

  sys::TempFolder packages_;
  sys::TempFolder scratch_;
  sys::RealFiles files_;
  Machine machine_;
  Formats needs_{{"library.db", 1}, {"sessions.db", 1}};
  Result<std::string> backup_ = std::string("monday");
  bool root_ = true;
  bool flags_ = false;
  int looks_ = 3;
};

TEST_F(ProgramRollbackTest, TakesTheNewestOlderPackageOfAFolder) {
  package("docmind_0.9.deb", "0.9-1");
  package("docmind_3.deb", "3-1");
  package("docmind_broken.deb", "");
  const auto done = roll_back();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->from, "2-1");
  EXPECT_EQ(done->to, "1-1");
  EXPECT_EQ(done->service, "ready");
  EXPECT_THAT(machine_.changes(), ElementsAre("systemctl stop", "--install", "systemctl start"));
}

TEST_F(ProgramRollbackTest, TheDataGoesBackBetweenTheTwoPrograms) {
  needs_["library.db"] = 9;  // Which is why.
  const auto done = roll_back({"all"});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->data, "monday");
  EXPECT_EQ(done->undo, "d.before-restore-1");
  EXPECT_TRUE(done->settings);
  EXPECT_THAT(machine_.changes(),
              ElementsAre("rollback settings", "systemctl stop", "rollback data", "--install", "systemctl start"));
}

TEST_F(ProgramRollbackTest, WhatCannotBeIsRefusedBeforeAnythingStops) {
  package("docmind_3.deb", "3-1");
  package("note.deb", "");
  const auto refused = [&](const Result<RolledBackProgram>& done) { return done ? "" : done.error().message; };
  EXPECT_THAT(refused(roll_back({"program"}, "docmind_3.deb")), HasSubstr("is docmind 3-1, not older than 2-1"));
  EXPECT_THAT(refused(roll_back({"program"}, "note.deb")), HasSubstr("is no Debian package"));
  EXPECT_THAT(refused(roll_back({"program"}, "none.deb")), HasSubstr("none.deb"));
  ASSERT_EQ(::mkfifo((packages_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(refused(roll_back({"program"}, "pipe")), HasSubstr("is neither a package's file nor a folder"));
  needs_["library.db"] = 3;
  EXPECT_THAT(refused(roll_back()), HasSubstr("cannot read library.db as it is now: it needs schema 3, and knows 2"));
  backup_ = Error{Code::kNotFound, "there is no backup that it can read"};
  EXPECT_THAT(refused(roll_back({"program", "data"})), HasSubstr("there is no backup"));
  root_ = false;
  EXPECT_THAT(refused(roll_back()), HasSubstr("by root alone"));
  root_ = true;
  flags_ = true;
  EXPECT_THAT(refused(roll_back({"all"})), HasSubstr("--data and --set are not for it"));
  flags_ = false;
  EXPECT_THAT(machine_.changes(), ElementsAre());
  std::filesystem::remove(packages_.path() / "docmind_1.deb");
  EXPECT_THAT(refused(roll_back()), HasSubstr("has no package of a docmind older than 2-1"));
}

TEST_F(ProgramRollbackTest, OtherwiseInstalledItSaysWhatToDo) {
  machine_.answer("--search", says("", 1, "no path found"));
  const auto done = roll_back();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "/usr/bin/docmind was not installed by a Debian package");
  EXPECT_THAT(done.error().hint, HasSubstr("a container takes the older image's tag"));
}

TEST_F(ProgramRollbackTest, SettingsThatTheOlderOneDoesNotTakeAreNamed) {
  machine_.answer("config get data", says("", 78, "there is no setting \"search.new\""));
  const auto done = roll_back();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, AllOf(HasSubstr("does not take the settings"), HasSubstr("search.new")));
  EXPECT_THAT(done.error().hint, HasSubstr("docmind 2-1 goes on as it was"));
  EXPECT_THAT(machine_.changes(), ElementsAre());
}

TEST_F(ProgramRollbackTest, WhenTheDataDoesNotGoBackTheServiceGoesOn) {
  machine_.answer("rollback data", says("", 1, "the backup is damaged"));
  const auto done = roll_back({"program", "data"});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("the backup is damaged"));
  EXPECT_EQ(done.error().hint, "Program and data are as they were.");
  EXPECT_THAT(machine_.changes(), ElementsAre("systemctl stop", "rollback data", "systemctl start"));
}

TEST_F(ProgramRollbackTest, WhenThePackageDoesNotInstallItSaysWhatIsInPlace) {
  machine_.answer("--install", says("", 1, "dpkg: error: the disk is full"));
  const auto done = roll_back({"program", "data"});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("the disk is full"));
  EXPECT_THAT(done.error().hint,
              AllOf(HasSubstr("docmind is: 2-1"), HasSubstr("The service is stopped"), HasSubstr("dpkg --configure -a"),
                    HasSubstr("rollback data --to d.before-restore-1")));
}

// unattended-upgrades, for instance.
TEST_F(ProgramRollbackTest, WhenAnotherProgramHoldsDpkgTheServiceGoesOn) {
  machine_.answer("--install", says("", 2, "dpkg: error: dpkg frontend lock was locked by another process"));
  const auto done = roll_back();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("locked by another process"));
  EXPECT_EQ(done.error().hint, "Program and data are as they were.");
  EXPECT_THAT(machine_.changes(), ElementsAre("systemctl stop", "--install", "systemctl start"));
}

// Somebody killed it, or the power went, in the middle of dpkg's work.
TEST_F(ProgramRollbackTest, AfterDpkgWasInterruptedItSaysWhatPutsThatInOrder) {
  for (const char* state : {"1-1 half-configured ok\n", "1-1 unpacked ok\n", "2-1 half-installed reinstreq\n"}) {
    Machine machine;
    std::swap(machine, machine_);
    machine_.answer("dpkg-query --show", says(state));
    const auto done = roll_back();
    ASSERT_FALSE(done) << state;
    EXPECT_EQ(done.error().code, Code::kConflict);
    EXPECT_THAT(done.error().message, HasSubstr("dpkg was interrupted: it says docmind"));
    const bool again = std::string_view(state).find("reinstreq") != std::string_view::npos;
    EXPECT_THAT(done.error().hint, AllOf(HasSubstr(again ? "dpkg --install" : "dpkg --configure -a"),
                                         HasSubstr("systemctl start docmind")));
    EXPECT_THAT(machine_.changes(), ElementsAre());
  }
}

TEST_F(ProgramRollbackTest, SettingsThatWentBackDoNotGoBackAgainByARetry) {
  backup_ = Error{Code::kNotFound, "there is no backup that it can read"};
  const auto done = roll_back({"all"});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().hint,
              HasSubstr("The settings went back already: go on with docmind rollback program data."));
}

TEST_F(ProgramRollbackTest, OneThatDoesNotGetReadyIsNotCalledDone) {
  machine_.answer("systemctl show", says("ActiveState=activating\nStatusText=\n"));
  const auto slow = roll_back();
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().message,
            "docmind 1-1 is installed, but the service is not ready: ActiveState=activating StatusText=");
  EXPECT_EQ(looks_, 0);
}

TEST(PackageFormats, AreReadFromProvides) {
  EXPECT_EQ(formats_in(""), (Formats{{"library.db", 1}, {"sessions.db", 1}}));
  EXPECT_EQ(formats_in("docmind-library-format (= 12), docmind-sessions-format (= 3)"),
            (Formats{{"library.db", 12}, {"sessions.db", 3}}));
  EXPECT_EQ(formats_in("docmind-library-format (= x)"), (Formats{{"library.db", 1}, {"sessions.db", 1}}));
}

}  // namespace
}  // namespace docmind::app
