/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages: plain structs with a table of their fields beside them.
 *
 *     struct deposit { int64_t cents; };
 *     GR_MESSAGE(deposit, GR_FIELD(deposit, cents));
 *
 * From the table come the type's name, how it is printed and compared between programs, which fields own memory, and
 * the compile-time checks of sends, replies and handlers. Tables may stand in a header that many files include: types
 * are known by name, and two of one name must have the same fields (else starting a system is GR_ELAYOUT).
 *
 * Messages are copied by their bytes. Objects loaded while the program runs may bring types; they must not be unloaded.
 */
#ifndef GREENROOM_MESSAGE_H
#define GREENROOM_MESSAGE_H

#include <greenroom/base.h>
#include <greenroom/buffer.h>
#include <greenroom/ref.h>

/* What a field holds. The values are part of the layout hash: append only. */
enum gr_kind {
    GR_KIND_BOOL = 1,
    GR_KIND_CHAR,
    GR_KIND_I8,
    GR_KIND_I16,
    GR_KIND_I32,
    GR_KIND_I64,
    GR_KIND_U8,
    GR_KIND_U16,
    GR_KIND_U32,
    GR_KIND_U64,
    GR_KIND_F32,
    GR_KIND_F64,
    GR_KIND_REF,
    GR_KIND_STRING,
    GR_KIND_BUFFER,
    GR_KIND_NESTED /* a message inside a message */
};

struct gr_type;

/* One field of a message. Written by the macros below, not by hand. */
struct gr_field {
    const char *name;             /* as in the struct */
    uint32_t offset;              /* bytes from the start of the struct */
    uint32_t size;                /* bytes of one element */
    uint32_t count;               /* elements: 1, or the length of a fixed array */
    enum gr_kind kind;            /* of one element */
    const struct gr_type *nested; /* the element's type for GR_KIND_NESTED, else NULL */
};

/*
 * A message type. The first part is constant; the library fills the second before main() starts. One name may have
 * several of these (one for each file that includes its table); they share one id.
 */
struct gr_type {
    const char *name;              /* as in the source */
    uint32_t size;                 /* bytes of the struct; 0 for an empty message */
    uint32_t align;                /* bytes */
    uint32_t field_count;          /* elements of `fields` */
    const struct gr_field *fields; /* in the order of the table */
    uint32_t id;          /* from 1 in order of registration; the same for all equal tables of one name */
    uint32_t flags;       /* GRI_TYPE_ */
    uint64_t layout_hash; /* equal hashes: the same name, fields, kinds and offsets */
    uint64_t envelope; /* what the envelope of a message of this type starts with; all ones: not to be sent */
    struct gr_type *next; /* chain of the registry */
};

/* The largest message, in bytes: bigger data goes into a gr_buffer. */
#define GR_MESSAGE_SIZE_MAX 65536

/* The strictest alignment of a message, in bytes. */
#define GR_MESSAGE_ALIGN_MAX 16

GRI_BEGIN_C

/* Finds a registered type by name, or NULL. Any thread. */
GR_API const struct gr_type *gr_type_find(const char *name);

/*
 * Prints `message` of `type` into `out` of `size` bytes, cut and terminated if it doesn't fit. Returns the length of the
 * whole text, as snprintf does; `out` may be NULL when `size` is 0. Any thread that may read the message.
 *
 *     deposit{cents=5, rate=0.5, done=true, name="x", to=<1:5:7>, data=<16 bytes>, inner={x=1}, v=[1,2]}
 *
 * Fields come in table order; a type without fields prints as its name. Integers and enums are decimal, floats as short
 * as they can be read back ("nan", "inf", "-inf"), in every locale alike. Strings, a char and arrays of char (up to
 * their first NUL) are quoted and escaped as in JSON, with U+FFFD for what is no UTF-8; buffers show their size,
 * references <seat:slot:generation>. An array is [a,b], one of a single element just that element.
 */
GR_API size_t gr_message_print(const struct gr_type *type, const void *message, char *out, size_t size);

/* Called by gr_message_visit for each field; non-zero ends the visit. `value` points at the first of field->count. */
typedef int (*gr_field_visitor)(void *context, const struct gr_field *field, const void *value);

/*
 * Calls `visitor` for each field in table order; nested messages are one field, to be visited in turn by the visitor
 * if it wants. Returns the visitor's first non-zero result, or 0. Any thread that may read the message.
 */
GR_API int gr_message_visit(const struct gr_type *type, const void *message, gr_field_visitor visitor,
                            void *context);

/* Releases every string and buffer of `message`, nested ones included; for a message that was built but not sent. Takes
 * the counts. Any thread. */
GR_API void gr_message_release(const struct gr_type *type, const void *message);

/* Called by the constructors that the macros write. */
GR_API void gri_type_register(struct gr_type *type);

GRI_END_C

#ifdef __cplusplus
extern "C++" {
#include <type_traits>
template <class F, bool is_enum = std::is_enum<F>::value> struct gri_kind {
    static_assert(!std::is_pointer<F>::value,
                  "a message field cannot be a pointer: use gr_string, gr_buffer, gr_ref or a fixed array");
    static_assert(std::is_pointer<F>::value, "a message field cannot be of this type: see enum gr_kind");
};
template <class F> struct gri_kind<F, true> : gri_kind<typename std::underlying_type<F>::type> {
};
#define GRI_KIND_OF(T, k)                                                                                    \
    template <> struct gri_kind<T, false> {                                                                  \
        static constexpr gr_kind value = k;                                                                  \
    };
GRI_KIND_OF(bool, GR_KIND_BOOL)
GRI_KIND_OF(char, GR_KIND_CHAR)
GRI_KIND_OF(signed char, GR_KIND_I8)
GRI_KIND_OF(short, GR_KIND_I16)
GRI_KIND_OF(int, GR_KIND_I32)
GRI_KIND_OF(long, sizeof(long) == 8 ? GR_KIND_I64 : GR_KIND_I32)
GRI_KIND_OF(long long, GR_KIND_I64)
GRI_KIND_OF(unsigned char, GR_KIND_U8)
GRI_KIND_OF(unsigned short, GR_KIND_U16)
GRI_KIND_OF(unsigned int, GR_KIND_U32)
GRI_KIND_OF(unsigned long, sizeof(long) == 8 ? GR_KIND_U64 : GR_KIND_U32)
GRI_KIND_OF(unsigned long long, GR_KIND_U64)
GRI_KIND_OF(float, GR_KIND_F32)
GRI_KIND_OF(double, GR_KIND_F64)
GRI_KIND_OF(gr_ref, GR_KIND_REF)
GRI_KIND_OF(gr_string, GR_KIND_STRING)
GRI_KIND_OF(gr_buffer, GR_KIND_BUFFER)
#undef GRI_KIND_OF
template <class A, class B> constexpr uint32_t gri_same_type()
{
    static_assert(std::is_same<A, B>::value, "GR_NESTED names another type than the field has");
    return 0;
}
template <class M> inline const M *gri_address(const M &message)
{
    return &message;
}
}
#define GRI_KIND(T, f) gri_kind<std::remove_cv<decltype(T::f)>::type>::value
/* One dimension only: what remains of a second one is no kind. */
#define GRI_ELEMENT(T, f)         std::remove_cv<std::remove_extent<decltype(T::f)>::type>::type
#define GRI_ELEMENT_KIND(T, f)    gri_kind<GRI_ELEMENT(T, f)>::value
#define GRI_NESTED_CHECK(T, f, N) gri_same_type<GRI_ELEMENT(T, f), struct N>()
#define GRI_STRUCT_CHECK(T)                                                                                  \
    static_assert(std::is_trivially_copyable<struct T>::value && std::is_standard_layout<struct T>::value,   \
                  "a message is copied by its bytes: it cannot have constructors or bases");                 \
    static_assert(sizeof(struct T) <= GR_MESSAGE_SIZE_MAX,                                                   \
                  "this message is too large: put the data into a gr_buffer");                               \
    static_assert(alignof(struct T) <= GR_MESSAGE_ALIGN_MAX, "this message is aligned too strictly")
#define GRI_CALL_BEFORE_MAIN(T, call)                                                                        \
    __attribute__((constructor)) static void T##_gr_register(void)                                           \
    {                                                                                                        \
        call;                                                                                                \
    }
/* g++ warns about fields that an initialiser leaves out, inside templates and all; they are zero, as meant. */
#if !defined __clang__
#define GRI_LITERAL(T, ...)                                                                                  \
    gri_address<T>([&]() -> T {                                                                              \
        _Pragma("GCC diagnostic push")                                                                       \
            _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"") return T{__VA_ARGS__};        \
        _Pragma("GCC diagnostic pop")                                                                        \
    }())
#else
#define GRI_LITERAL(T, ...)                                                                                  \
    gri_address<T>([&]() -> T {                                                                              \
        _Pragma("clang diagnostic push")                                                                     \
            _Pragma("clang diagnostic ignored \"-Wmissing-field-initializers\"") return T{__VA_ARGS__};      \
        _Pragma("clang diagnostic pop")                                                                      \
    }())
#endif
#else
#define GRI_KIND_OF_VALUE(v)                                                                                 \
    _Generic((v), bool                                                                                       \
             : GR_KIND_BOOL, char                                                                            \
             : GR_KIND_CHAR, signed char                                                                     \
             : GR_KIND_I8, short                                                                             \
             : GR_KIND_I16, int                                                                              \
             : GR_KIND_I32, long                                                                             \
             : sizeof(long) == 8 ? GR_KIND_I64 : GR_KIND_I32, long long                                      \
             : GR_KIND_I64, unsigned char                                                                    \
             : GR_KIND_U8, unsigned short                                                                    \
             : GR_KIND_U16, unsigned                                                                         \
             : GR_KIND_U32, unsigned long                                                                    \
             : sizeof(long) == 8 ? GR_KIND_U64 : GR_KIND_U32, unsigned long long                             \
             : GR_KIND_U64, float                                                                            \
             : GR_KIND_F32, double                                                                           \
             : GR_KIND_F64, gr_ref                                                                           \
             : GR_KIND_REF, gr_string                                                                        \
             : GR_KIND_STRING, gr_buffer                                                                     \
             : GR_KIND_BUFFER, default : 0)
/* `value`, if it isn't 0; else the compiler says `sentence`. A constant expression. */
#define GRI_NOT_ZERO(value, sentence)                                                                        \
    ((value) + 0 * sizeof(struct {                                                                           \
                   _Static_assert((value) != 0, sentence);                                                   \
                   char gri_unused;                                                                          \
               }))
#define GRI_KIND(T, f)                                                                                       \
    (enum gr_kind) GRI_NOT_ZERO(                                                                             \
        GRI_KIND_OF_VALUE(((struct T *)0)->f),                                                               \
        "a message field cannot be of this type: see enum gr_kind (no pointers; GR_ARRAY, GR_NESTED)")
/* The kind of an array's elements, if `f` is an array and no pointer. */
#define GRI_ELEMENT_KIND(T, f)                                                                               \
    (enum gr_kind) GRI_NOT_ZERO(                                                                             \
        _Generic(&((struct T *)0)->f, __typeof__(((struct T *)0)->f[0])(*)[GRI_COUNT(T, f)]                  \
                 : GRI_KIND_OF_VALUE(((struct T *)0)->f[0]), default : 0),                                   \
        "a message field cannot be an array of this type: see enum gr_kind (no pointers, one dimension)")
/* 0 if `f` is a struct N or an array of them. */
#define GRI_NESTED_CHECK(T, f, N)                                                                            \
    (0 * GRI_NOT_ZERO(_Generic((const __typeof__(((struct T *)0)->f) *)0, const struct N * : 1,              \
                               const struct N(*)[sizeof(((struct T *)0)->f) / sizeof(struct N)] : 1,         \
                               default : 0),                                                                 \
                      "GR_NESTED names another type than the field has"))
#define GRI_STRUCT_CHECK(T)                                                                                  \
    _Static_assert(sizeof(struct T) <= GR_MESSAGE_SIZE_MAX,                                                  \
                   "this message is too large: put the data into a gr_buffer");                              \
    _Static_assert(__alignof__(struct T) <= GR_MESSAGE_ALIGN_MAX, "this message is aligned too strictly")
#define GRI_CALL_BEFORE_MAIN(T, call)                                                                        \
    __attribute__((constructor)) static void T##_gr_register(void)                                           \
    {                                                                                                        \
        call;                                                                                                \
    }
#define GRI_LITERAL(T, ...) (&(const T){__VA_ARGS__})
#endif

/* Elements of a fixed array. */
#define GRI_COUNT(T, f) (sizeof(((struct T *)0)->f) / sizeof(((struct T *)0)->f[0]))

/* A field of message type `T`: an integer, float, bool, enum, gr_ref, gr_string or gr_buffer. Pointers don't compile. */
#define GR_FIELD(T, f)                                                                                       \
    {                                                                                                        \
#f, offsetof(struct T, f), sizeof(((struct T *)0)->f), 1, GRI_KIND(T, f), NULL                       \
    }

/* A field that is a fixed array (of one dimension) of any of those. An array of char prints as text. */
#define GR_ARRAY(T, f)                                                                                       \
    {                                                                                                        \
#f, offsetof(struct T, f), sizeof(((struct T *)0)->f[0]), GRI_COUNT(T, f), GRI_ELEMENT_KIND(T, f),   \
            NULL                                                                                             \
    }

/* A field that is itself a message, of type `struct N`, or a fixed array of them. */
#define GR_NESTED(T, f, N)                                                                                   \
    {                                                                                                        \
#f, offsetof(struct T, f) + GRI_NESTED_CHECK(T, f, N), sizeof(struct N),                             \
            sizeof(((struct T *)0)->f) / sizeof(struct N), GR_KIND_NESTED, &N##_gr_type                      \
    }

/* Makes `struct T` a message type with the given fields, each a GR_FIELD, GR_ARRAY or GR_NESTED. At file scope. */
#define GR_MESSAGE(T, ...)                                                                                   \
    GRI_STRUCT_CHECK(T);                                                                                     \
    static const struct gr_field T##_gr_fields[] = {__VA_ARGS__};                                            \
    static struct gr_type T##_gr_type GRI_UNUSED = {#T,                                                      \
                                                    sizeof(struct T),                                        \
                                                    __alignof__(struct T),                                   \
                                                    sizeof T##_gr_fields / sizeof *T##_gr_fields,            \
                                                    T##_gr_fields,                                           \
                                                    0,                                                       \
                                                    0,                                                       \
                                                    0,                                                       \
                                                    UINT64_MAX,                                              \
                                                    NULL};                                                   \
    GRI_CALL_BEFORE_MAIN(T, gri_type_register(&T##_gr_type))                                                 \
    typedef struct T T##_gr_struct GRI_UNUSED

/* Declares `struct T` and makes it a message type without fields. At file scope. */
#define GR_MESSAGE_EMPTY(T)                                                                                  \
    struct T {                                                                                               \
        char gr_empty; /* never read: C has no empty struct */                                               \
    };                                                                                                       \
    typedef struct T T##_gr_struct GRI_UNUSED;                                                               \
    static struct gr_type T##_gr_type GRI_UNUSED = {#T, 0, 1, 0, NULL, 0, 0, 0, UINT64_MAX, NULL};           \
    GRI_CALL_BEFORE_MAIN(T, gri_type_register(&T##_gr_type))                                                 \
    typedef struct T T##_gr_struct GRI_UNUSED

/* Says that a message of type `Q` is a request, answered by a message of type `R`. At file scope, after both. */
#define GR_REQUEST(Q, R)                                                                                     \
    typedef R##_gr_struct Q##_gr_reply GRI_UNUSED;                                                           \
    static const struct gr_type *const Q##_gr_reply_type GRI_UNUSED = &R##_gr_type

#endif
