// The message with which something was refused as bad input, for tests that compare it whole.
#pragma once

#include <stdexcept>
#include <string>

namespace taugrid {

template <class Function>
std::string refusal(Function&& function) {
  try {
    function();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "(nothing was refused)";
}

}  // namespace taugrid
