// Which machines may be sent anything: this one, and those that a person has named in backends.allow_remote.
//
// Pure.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/settings.h"

namespace docmind::app {

// kInvalidArgument, with the name of the setting that wants it and what it would send there, for any other.
Result<> check_host(std::string_view setting, const std::string& host, const config::Settings& settings,
                    std::string_view what = "text");

}  // namespace docmind::app
