# Third-party targets: fmt::fmt-header-only, nlohmann_json::nlohmann_json, taugrid_tomlplusplus, taugrid_netcdf
# (optional), CLI11::CLI11 (programs only),
# GTest::gtest_main and taugrid_mpfr (tests), benchmark::benchmark_main (bench). None reaches a user of the installed library.
#
# With TAUGRID_DEPS_DIR nothing is looked up on the system: include/ holds the header-only libraries and
# benchmark/, googletest/ its sources, lib/ libbenchmark.a or libbenchmark.so* and libbenchmark_main.a.
# scripts/make-deps fills such a folder.
find_package(Threads REQUIRED)

if(TAUGRID_DEPS_DIR)
  foreach(header fmt/format.h nlohmann/json.hpp CLI/CLI.hpp toml++/toml.h)
    if(NOT EXISTS ${TAUGRID_DEPS_DIR}/include/${header})
      message(FATAL_ERROR "taugrid: TAUGRID_DEPS_DIR=${TAUGRID_DEPS_DIR} has no include/${header}")
    endif()
  endforeach()
  foreach(target fmt::fmt-header-only nlohmann_json::nlohmann_json CLI11::CLI11 taugrid_tomlplusplus)
    add_library(${target} INTERFACE IMPORTED)
    target_include_directories(${target} SYSTEM INTERFACE ${TAUGRID_DEPS_DIR}/include)
  endforeach()
  target_compile_definitions(fmt::fmt-header-only INTERFACE FMT_HEADER_ONLY=1)
  if(TAUGRID_TESTS)
    if(NOT EXISTS ${TAUGRID_DEPS_DIR}/googletest/CMakeLists.txt)
      message(FATAL_ERROR "taugrid: TAUGRID_DEPS_DIR=${TAUGRID_DEPS_DIR} has no googletest/; "
        "give its sources or -DTAUGRID_TESTS=OFF")
    endif()
    set(INSTALL_GTEST OFF)
    set(BUILD_GMOCK OFF)
    add_subdirectory(${TAUGRID_DEPS_DIR}/googletest ${PROJECT_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
    if(NOT TARGET GTest::gtest_main)
      add_library(GTest::gtest_main ALIAS gtest_main)
    endif()
  endif()
  file(GLOB libbenchmark ${TAUGRID_DEPS_DIR}/lib/libbenchmark.a ${TAUGRID_DEPS_DIR}/lib/libbenchmark.so*)
  if(TAUGRID_BENCH AND libbenchmark AND EXISTS ${TAUGRID_DEPS_DIR}/lib/libbenchmark_main.a)
    list(GET libbenchmark 0 libbenchmark)
    add_library(benchmark::benchmark UNKNOWN IMPORTED)
    set_target_properties(benchmark::benchmark PROPERTIES
      IMPORTED_LOCATION ${libbenchmark}
      INTERFACE_INCLUDE_DIRECTORIES ${TAUGRID_DEPS_DIR}/include
      INTERFACE_LINK_LIBRARIES Threads::Threads)
    add_library(benchmark::benchmark_main STATIC IMPORTED)
    set_target_properties(benchmark::benchmark_main PROPERTIES
      IMPORTED_LOCATION ${TAUGRID_DEPS_DIR}/lib/libbenchmark_main.a
      INTERFACE_LINK_LIBRARIES benchmark::benchmark)
  endif()
else()
  find_package(fmt REQUIRED)
  find_package(nlohmann_json REQUIRED)
  find_package(CLI11 REQUIRED)
  # As headers alone: Debian's target would link its shared library.
  find_path(TAUGRID_TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
  mark_as_advanced(TAUGRID_TOMLPLUSPLUS_INCLUDE)
  add_library(taugrid_tomlplusplus INTERFACE IMPORTED)
  target_include_directories(taugrid_tomlplusplus SYSTEM INTERFACE ${TAUGRID_TOMLPLUSPLUS_INCLUDE})
  if(TAUGRID_TESTS)
    find_package(GTest REQUIRED)
  endif()
  if(TAUGRID_BENCH)
    find_package(benchmark QUIET)
  endif()
endif()

# netCDF-C (optional): draws as .nc files.
option(TAUGRID_NETCDF "Write draws as netCDF, where netCDF-C is found" ON)
if(TAUGRID_NETCDF AND NOT TAUGRID_DEPS_DIR)
  find_path(TAUGRID_NETCDF_INCLUDE netcdf.h)
  find_library(TAUGRID_NETCDF_LIBRARY netcdf)
  mark_as_advanced(TAUGRID_NETCDF_INCLUDE TAUGRID_NETCDF_LIBRARY)
  if(TAUGRID_NETCDF_INCLUDE AND TAUGRID_NETCDF_LIBRARY)
    add_library(taugrid_netcdf INTERFACE)
    target_include_directories(taugrid_netcdf SYSTEM INTERFACE ${TAUGRID_NETCDF_INCLUDE})
    target_link_libraries(taugrid_netcdf INTERFACE ${TAUGRID_NETCDF_LIBRARY})
  endif()
endif()
if(NOT TARGET taugrid_netcdf)
  message(STATUS "netCDF: left out (not found, or TAUGRID_NETCDF=OFF)")
endif()

# MPFR (with its C++ wrapper mpreal) is the oracle of the elementary functions' tests; without it they are left out, with a message.
if(TAUGRID_TESTS)
  if(TAUGRID_DEPS_DIR)
    set(only_there PATHS ${TAUGRID_DEPS_DIR}/include ${TAUGRID_DEPS_DIR}/lib NO_DEFAULT_PATH)
  endif()
  find_path(TAUGRID_MPFR_INCLUDE mpreal.h ${only_there})
  find_library(TAUGRID_MPFR_LIBRARY mpfr ${only_there})
  find_library(TAUGRID_GMP_LIBRARY gmp ${only_there})
  mark_as_advanced(TAUGRID_MPFR_INCLUDE TAUGRID_MPFR_LIBRARY TAUGRID_GMP_LIBRARY)
  if(TAUGRID_MPFR_INCLUDE AND TAUGRID_MPFR_LIBRARY AND TAUGRID_GMP_LIBRARY)
    add_library(taugrid_mpfr INTERFACE)
    target_include_directories(taugrid_mpfr SYSTEM INTERFACE ${TAUGRID_MPFR_INCLUDE})
    target_link_libraries(taugrid_mpfr INTERFACE ${TAUGRID_MPFR_LIBRARY} ${TAUGRID_GMP_LIBRARY})
  endif()
endif()
