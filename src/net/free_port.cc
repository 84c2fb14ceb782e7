#include "net/free_port.h"

#include <fmt/format.h>

#include <boost/asio.hpp>

namespace docmind::net {

Result<std::uint16_t> free_port(std::uint16_t wanted) {
  using boost::asio::ip::tcp;
  boost::asio::io_context context;
  tcp::acceptor acceptor(context);
  boost::system::error_code failed;
  const auto then = [&failed](auto&& step) {
    if (!failed) step();
  };
  then([&] { acceptor.open(tcp::v4(), failed); });
  then([&] { acceptor.set_option(tcp::acceptor::reuse_address(true), failed); });
  then([&] { acceptor.bind({boost::asio::ip::address_v4::loopback(), wanted}, failed); });
  then([&] { acceptor.listen(1, failed); });
  if (!failed) return acceptor.local_endpoint().port();
  if (failed == boost::asio::error::address_in_use) {
    return Error{Code::kConflict, fmt::format("Port {} of this machine is taken by another program.", wanted),
                 "End that program, or choose another port."};
  }
  return Error{Code::kUnavailable, fmt::format("Port {} of this machine cannot be used: {}.", wanted, failed.message()),
               "Choose another port."};
}

}  // namespace docmind::net
