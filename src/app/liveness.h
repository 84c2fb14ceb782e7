// Tells the service manager how things stand, and that they move, for as long as it is true.
#pragma once
#include <functional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "obs/log.h"
#include "sys/service_manager.h"

namespace docmind::app {

// In one line, from the parts that must work: asked anew each time.
using Look = std::function<Result<std::string>(const Deadline&)>;

// Until a stop, several times within the watchdog's patience: looks, and tells what was seen. A look that fails or is
// late is told to the log alone; when none succeeds any more, the manager's patience ends. Without a manager: waits.
void tell_liveness(const sys::ServiceManager& manager, const Look& look, const Clock& clock, const obs::Log& log,
                   const std::stop_token& stop);

}  // namespace docmind::app
