# The results are the same bits on every backend only under IEEE 754 arithmetic: refuse flags that give it up.
get_cmake_property(taugrid_variables VARIABLES)
foreach(variable IN LISTS taugrid_variables)
  if(NOT variable MATCHES "^CMAKE_(CXX|CUDA)_FLAGS(_[A-Z]+)?$")
    continue()
  endif()
  foreach(flag -ffast-math -Ofast -funsafe-math-optimizations -fassociative-math -freciprocal-math
               -ffinite-math-only -ffp-contract=fast -ffp-model=fast -use_fast_math -ftz=true
               -prec-div=false -prec-sqrt=false -fmad=true)
    if(" ${${variable}} " MATCHES "[ ,=]-?${flag}[ ,]")
      message(FATAL_ERROR
        "taugrid: ${variable} contains ${flag}. taugrid gives the same bits on every device because its "
        "arithmetic is IEEE 754's; with this flag it is not. Remove the flag (it may come from the "
        "environment: CXXFLAGS, CUDAFLAGS).")
    endif()
  endforeach()
endforeach()
