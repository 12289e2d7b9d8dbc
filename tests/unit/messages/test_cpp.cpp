/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The field tables as C++ sees them: compiled as C++17 and C++20, linked with the same tables in C, which must be equal
 * in every field. A plain program, for the macros need no test framework.
 */
#include "shared_types.h"

#include <cstdio>
#include <cstring>

enum class strong : uint16_t { one = 1 };
enum plain { plain_a, plain_b };

struct cpp_defaults {
    int64_t cents = 5; /* a default is fine: the struct is still copied by its bytes */
    strong s = strong::one;
    plain p = plain_a;
    strong both[2] = {};
};
GR_MESSAGE(cpp_defaults, GR_FIELD(cpp_defaults, cents), GR_FIELD(cpp_defaults, s), GR_FIELD(cpp_defaults, p),
           GR_ARRAY(cpp_defaults, both));

static int passed;
static int failed;

static void check(bool good, const char *what, const char *name)
{
    if (good) {
        passed++;
        return;
    }
    failed++;
    std::printf("failed: %s: %s\n", name, what);
}

static void check_same_field(const gr_field &a, const gr_field &b)
{
    check(!std::strcmp(a.name, b.name), "the same name", a.name);
    check(a.kind == b.kind, "the same kind", a.name);
    check(a.offset == b.offset && a.size == b.size && a.count == b.count, "the same place", a.name);
    check((a.nested != nullptr) == (b.nested != nullptr), "nested in both", a.name);
}

static void check_same(const gr_type &a, const gr_type &b)
{
    check(!std::strcmp(a.name, b.name), "the same order of tables", a.name);
    check(a.id != 0 && a.id == b.id, "one id", a.name);
    check(a.layout_hash == b.layout_hash, "one hash", a.name);
    check(a.flags == b.flags, "the same flags", a.name);
    check(a.field_count == b.field_count, "as many fields", a.name);
    for (uint32_t i = 0; i < a.field_count && i < b.field_count; i++)
        check_same_field(a.fields[i], b.fields[i]);
}

static void check_own_kinds()
{
    const gr_field *f = cpp_defaults_gr_type.fields;
    check(f[0].kind == GR_KIND_I64, "an i64", "cents");
    check(f[1].kind == GR_KIND_U16, "a u16", "s");
    check(f[2].kind == GR_KIND_U32, "a u32, as in C", "p");
    check(f[3].kind == GR_KIND_U16 && f[3].count == 2, "an array of u16", "both");
    cpp_defaults m;
    char text[100];
    gr_message_print(&cpp_defaults_gr_type, &m, text, sizeof text);
    check(!std::strcmp(text, "cpp_defaults{cents=5, s=1, p=0, both=[0,0]}"), text, "print");
}

int main()
{
    static const gr_type *const types[] = {
        &shared_point_gr_type,   &shared_all_gr_type,  &shared_arrays_gr_type,
        &shared_nothing_gr_type, &shared_deep_gr_type, &shared_qualified_gr_type,
    };
    const int count = sizeof types / sizeof *types;
    check(count == shared_second_count(), "as many tables", "types");
    for (int i = 0; i < count && i < shared_second_count(); i++)
        check_same(*types[i], *shared_second_type(i));
    check_own_kinds();
    check(shared_finish() == 0, "no conflict between C and C++", "gri_types_finish");
    std::printf("messages_cpp: %d passed, %d failed\n", passed, failed);
    return failed != 0;
}
