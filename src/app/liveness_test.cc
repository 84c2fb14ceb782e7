#include "app/liveness.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <vector>

#include "sys/clock.h"
#include "sys/testing/temp_folder.h"

namespace docmind::app {
namespace {

class LivenessTest : public ::testing::Test {
 protected:
  LivenessTest() {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    name_.copy(at.sun_path, sizeof(at.sun_path) - 1);
    EXPECT_EQ(::bind(ear_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  }
  sys::ServiceManager manager() const {
    const sys::Environment environment({{"NOTIFY_SOCKET", name_}, {"WATCHDOG_USEC", "2000"}});
    return *sys::ServiceManager::of(environment, 1);
  }
  std::vector<std::string> heard() const {
    std::vector<std::string> out;
    std::array<char, 256> text{};
    for (ssize_t got = 0; (got = ::recv(ear_.get(), text.data(), text.size(), MSG_DONTWAIT)) > 0;)
      out.emplace_back(text.data(), static_cast<std::size_t>(got));
    return out;
  }

  sys::TempFolder folder_;
  std::string name_ = (folder_.path() / "notify").string();
  sys::Fd ear_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sys::RealClock clock_;
  obs::Log log_;
  std::stop_source stop_;
};

TEST_F(LivenessTest, TellsWhatItSees) {
  int looks = 0;
  tell_liveness(
      manager(),
      [&](const Deadline&) -> Result<std::string> {
        if (++looks == 3) stop_.request_stop();
        return "look " + std::to_string(looks);
      },
      clock_, log_, stop_.get_token());
  EXPECT_EQ(heard(), (std::vector<std::string>{"WATCHDOG=1\nSTATUS=look 1", "WATCHDOG=1\nSTATUS=look 2",
                                               "WATCHDOG=1\nSTATUS=look 3"}));
}

TEST_F(LivenessTest, SaysNothingOfAServerThatDoesNotAnswer) {
  int looks = 0;
  tell_liveness(
      manager(),
      [&](const Deadline& deadline) -> Result<std::string> {
        EXPECT_FALSE(deadline.is_never());
        if (++looks == 4) stop_.request_stop();
        return Error{Code::kDeadlineExceeded, "no answer", ""};
      },
      clock_, log_, stop_.get_token());
  EXPECT_EQ(looks, 4);
  EXPECT_TRUE(heard().empty());
}

TEST_F(LivenessTest, WithoutAManagerItOnlyWaits) {
  stop_.request_stop();
  const auto nobody = *sys::ServiceManager::of(sys::Environment(), 1);
  tell_liveness(
      nobody,
      [](const Deadline&) -> Result<std::string> {
        ADD_FAILURE() << "looked for nobody";
        return std::string();
      },
      clock_, log_, stop_.get_token());
}

}  // namespace
}  // namespace docmind::app
