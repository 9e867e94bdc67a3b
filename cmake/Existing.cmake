# INTERIM: drops sources that are not written yet from a list.
macro(taugrid_existing list)
  foreach(taugrid_file IN LISTS ${list})
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${taugrid_file})
      list(REMOVE_ITEM ${list} ${taugrid_file})
      message(STATUS "not there yet: ${taugrid_file}")
    endif()
  endforeach()
endmacro()
