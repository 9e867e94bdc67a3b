// Where text goes as it is made, part by part. Internal.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace taugrid {

using TextSink = std::function<void(std::string_view)>;

// How much a writer gathers before it hands it on.
inline constexpr size_t kTextPart = size_t{1} << 16;

}  // namespace taugrid
