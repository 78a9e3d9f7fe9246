# SPDX-License-Identifier: MPL-2.0
# For docs/Doxyfile: plain comments of the public headers to doxygen's. What stands before a declaration
# describes it, what stands behind a member describes that member; rulers between sections are left alone.
1s|^/\* SPDX-License-Identifier: MPL-2.0$|/** @file|
s|^( *)/\* ([^-])|\1/** \2|
s|([;,{(]) +/\* |\1 /**< |
s|^( +[A-Z][A-Z0-9_]+( = [^,/]*)?) +/\* |\1 /**< |
s|^(#define .*[^ ]) +/\* |\1 /**< |
/^ ?\/?\*/{
  s|\\|\\\\|g
  s|@file|\x01|g
  s|@|\\@|g
  s|\x01|@file|g
  s|<([a-z])|\&lt;\1|g
}
