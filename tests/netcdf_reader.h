// A netCDF file as netCDF-C reads it.
#pragma once

#include <netcdf.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace taugrid {

class NetcdfReader {
 public:
  explicit NetcdfReader(const std::string& path) {
    check(nc_open(path.c_str(), NC_NOWRITE, &root_));
  }
  ~NetcdfReader() { nc_close(root_); }

  std::vector<std::string> groups() const {
    int n, ids[16];
    check(nc_inq_grps(root_, &n, ids));
    std::vector<std::string> names;
    for (int k = 0; k < n; ++k) {
      char name[NC_MAX_NAME + 1];
      check(nc_inq_grpname(ids[k], name));
      names.push_back(name);
    }
    return names;
  }
  // The root where there is no name.
  int group(const std::string& name) const {
    if (name.empty()) return root_;
    int id;
    check(nc_inq_ncid(root_, name.c_str(), &id));
    return id;
  }
  // The names of a variable's dimensions with their sizes.
  std::vector<std::pair<std::string, size_t>> dimensions(const std::string& g,
                                                         const std::string& name) const {
    int id, n, ids[NC_MAX_VAR_DIMS];
    check(nc_inq_varid(group(g), name.c_str(), &id));
    check(nc_inq_var(group(g), id, nullptr, nullptr, &n, ids, nullptr));
    std::vector<std::pair<std::string, size_t>> found;
    for (int k = 0; k < n; ++k) {
      char text[NC_MAX_NAME + 1];
      size_t size;
      check(nc_inq_dim(group(g), ids[k], text, &size));
      found.emplace_back(text, size);
    }
    return found;
  }
  int variable(const std::string& g, const std::string& name) const {
    int id;
    check(nc_inq_varid(group(g), name.c_str(), &id));
    return id;
  }
  nc_type type(const std::string& g, const std::string& name) const {
    nc_type type;
    check(nc_inq_vartype(group(g), variable(g, name), &type));
    return type;
  }
  template <class T>
  std::vector<T> values(const std::string& g, const std::string& name) const {
    size_t size = 1;
    for (const auto& dimension : dimensions(g, name)) size *= dimension.second;
    std::vector<T> values(size);
    check(nc_get_var(group(g), variable(g, name), values.data()));  // as they are stored
    return values;
  }
  std::vector<std::string> texts(const std::string& g, const std::string& name) const {
    std::vector<char*> values = this->values<char*>(g, name);
    const std::vector<std::string> texts(values.begin(), values.end());
    nc_free_string(values.size(), values.data());
    return texts;
  }
  // Of the root's variables, in their order.
  std::vector<std::string> variables() const {
    int n;
    check(nc_inq_nvars(root_, &n));
    std::vector<std::string> names;
    for (int id = 0; id < n; ++id) {
      char name[NC_MAX_NAME + 1];
      check(nc_inq_varname(root_, id, name));
      names.push_back(name);
    }
    return names;
  }
  std::string text(int id, const std::string& attribute) const {
    size_t size;
    check(nc_inq_attlen(id, NC_GLOBAL, attribute.c_str(), &size));
    std::string value(size, ' ');
    check(nc_get_att_text(id, NC_GLOBAL, attribute.c_str(), value.data()));
    return value;
  }
  int root() const { return root_; }

 private:
  static void check(int status) {
    if (status != NC_NOERR) throw std::runtime_error(nc_strerror(status));
  }
  int root_;
};

}  // namespace taugrid
