// Which machines may be sent text: this one, and those that a person has named in backends.allow_remote.
//
// Pure.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/settings.h"

namespace docmind::app {

// kInvalidArgument, with the name of the setting that wants it, for any other.
Result<> check_host(std::string_view setting, const std::string& host, const config::Settings& settings);

}  // namespace docmind::app
