/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the tracer: what each kind of span becomes, when it is written, and files that can't be. */
#include "base/error.h"
#include "base/memory.h"
#include "observe/tracer.h"
#include "tests/unit/base/child.h"

#include <stdlib.h>
#include <unistd.h>

static gr_time now;

static gr_time read_now(struct gri_clock *clock)
{
    return now;
}

static struct gri_clock stopped = {.now = read_now};
static struct gri_trace_file file;
static struct gri_tracer tracer;
static char path[] = "/tmp/greenroom-tracer-XXXXXX";

static void open_file(const char *name)
{
    now = 5000;
    cr_assert_eq(gri_trace_file_open(&file, name, 1000), 0, "%s", gri_thread_error());
    gri_tracer_init(&tracer, &file, &stopped, 2);
}

static void open_temporary(void)
{
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    open_file(path);
}

static char *written(const char *name)
{
    static char text[4 << 20];
    FILE *in = fopen(name, "r");
    cr_assert_not_null(in, "%s", name);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    return text;
}

static void add(enum gri_span_kind kind, gr_time took, uint64_t number)
{
    struct gri_span span = {
        .at = 3500, .took = took, .name = "na\"me", .who = "who", .number = number, .slot = 7, .kind = kind};
    gri_tracer_add(&tracer, &span);
}

static void has(const char *name, const char *line)
{
    const char *text = written(name);
    char expected[512];
    int pid = (int)getpid();
    snprintf(expected, sizeof expected, line, pid, pid);
    cr_assert(strstr(text, expected) != NULL, "%s is not in %s", expected, text);
}

Test(tracer, each_kind_of_span_has_its_form)
{
    open_temporary();
    add(GRI_SPAN_HANDLE, 1234, 0xab);
    add(GRI_SPAN_SEND, 0, 0xcd);
    add(GRI_SPAN_SPAWN, 0, 3);
    add(GRI_SPAN_END, 10, (uint64_t)-12);
    add(GRI_SPAN_DEAD, 0, 0xef);
    add(GRI_SPAN_TURN, 10, 0);
    add(GRI_SPAN_WAIT, 1500, 0);
    gri_tracer_drain(&tracer);
    gri_trace_file_close(&file, 9000, "\"sent\":1");
    cr_assert(strncmp(written(path), "[\n{\"name\":\"process_name\"", 24) == 0);
    has(path, ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"ts\":0,\"pid\":%d,\"tid\":3,\"args\":{\"name\":"
              "\"loop 2\"}}");
    has(path, ",\n{\"name\":\"na\\\"me\",\"cat\":\"handle\",\"ph\":\"X\",\"ts\":2.500,\"dur\":1.234,\"pid\":%"
              "d,\"tid\":3,"
              "\"args\":{\"actor\":\"who\",\"slot\":7}}");
    has(path,
        ",\n{\"name\":\"message\",\"cat\":\"flow\",\"ph\":\"f\",\"bp\":\"e\",\"id\":\"0xab\",\"ts\":2.500,"
        "\"pid\":%d,\"tid\":3}");
    has(path, ",\n{\"name\":\"na\\\"me\",\"cat\":\"send\",\"ph\":\"i\",\"s\":\"t\",\"ts\":2.500,\"pid\":%d,"
              "\"tid\":3,"
              "\"args\":{\"slot\":7}}");
    has(path, ",\n{\"name\":\"message\",\"cat\":\"flow\",\"ph\":\"s\",\"id\":\"0xcd\",\"ts\":2.500,\"pid\":%"
              "d,\"tid\":3}");
    has(path, "\"cat\":\"spawn\",\"ph\":\"i\",\"s\":\"t\",\"ts\":2.500,\"pid\":%d,\"tid\":3,\"args\":{"
              "\"loop\":3,\"slot\":7}}");
    has(path,
        ",\n{\"name\":\"end\",\"cat\":\"end\",\"ph\":\"X\",\"ts\":2.500,\"dur\":0.010,\"pid\":%d,\"tid\":3,"
        "\"args\":{\"actor\":\"who\",\"reason\":-12,\"slot\":7}}");
    has(path, "\"cat\":\"dead letter\",\"ph\":\"X\",\"ts\":2.500,\"dur\":0.000,\"pid\":%d,\"tid\":3,"
              "\"args\":{\"cause\":\"who\",\"slot\":7}}");
    has(path,
        ",\n{\"name\":\"message\",\"cat\":\"flow\",\"ph\":\"f\",\"bp\":\"e\",\"id\":\"0xef\",\"ts\":2.500,"
        "\"pid\":%d,\"tid\":3}");
    has(path, ",\n{\"name\":\"who\",\"cat\":\"turn\",\"ph\":\"X\",");
    has(path,
        "\"cat\":\"wait\",\"ph\":\"b\",\"id\":\"0x7\",\"ts\":2.500,\"pid\":%d,\"tid\":3,\"args\":{\"actor\":"
        "\"who\"}}"
        ",\n{\"name\":\"na\\\"me\",\"cat\":\"wait\",\"ph\":\"e\",\"id\":\"0x7\",\"ts\":4.000,\"pid\":%d,");
    has(path, ",\n{\"name\":\"counts\",\"cat\":\"counts\",\"ph\":\"i\",\"s\":\"g\",\"ts\":8.000,\"pid\":%d,"
              "\"tid\":1,"
              "\"args\":{\"sent\":1}}\n]\n");
    unlink(path);
}

Test(tracer, a_message_without_a_flow_has_no_arrow)
{
    open_temporary();
    add(GRI_SPAN_HANDLE, 1, 0);
    add(GRI_SPAN_SEND, 1, 0);
    gri_tracer_drain(&tracer);
    gri_trace_file_close(&file, 9000, "");
    cr_assert(strstr(written(path), "\"flow\"") == NULL);
    unlink(path);
}

static unsigned lines(const char *text)
{
    unsigned count = 0;
    for (; *text; text++) count += *text == '\n';
    return count;
}

Test(tracer, nothing_is_lost_however_much_there_is_at_once)
{
    open_temporary();
    for (unsigned i = 0; i < 2 * GRI_TRACER_SPANS + 5; i++) add(GRI_SPAN_SIGNAL, 1, 0);
    cr_assert_eq(lines(written(path)), 2 * GRI_TRACER_SPANS + 2); /* two times full; two lines before */
    gri_tracer_drain(&tracer);
    cr_assert_eq(lines(written(path)), 2 * GRI_TRACER_SPANS + 5 + 2);
    gri_tracer_drain(&tracer);
    cr_assert_eq(lines(written(path)), 2 * GRI_TRACER_SPANS + 5 + 2); /* once */
    gri_trace_file_close(&file, 9000, "");
    unlink(path);
}

static gr_time go_on(struct gri_clock *clock)
{
    return now += 1000;
}

Test(tracer, the_time_that_writing_took_is_told_once)
{
    open_temporary();
    stopped.now = go_on;
    add(GRI_SPAN_SIGNAL, 1, 0);
    gri_tracer_drain(&tracer);
    cr_assert_eq(tracer.count, 1);
    for (int i = 0; i < 3; i++) gri_tracer_drain(&tracer); /* by itself it is not worth writing */
    cr_assert_eq(tracer.count, 1);
    cr_assert_eq(lines(written(path)), 3);
    add(GRI_SPAN_SIGNAL, 1, 0);
    gri_tracer_drain(&tracer);
    has(path, "\"name\":\"writing the trace\",\"cat\":\"trace\",\"ph\":\"X\",\"ts\":5.000,\"dur\":1.000,");
    gri_trace_file_close(&file, 9000, "");
    unlink(path);
}

Test(tracer, between_steps_it_writes_when_half_full_or_old)
{
    open_temporary();
    add(GRI_SPAN_SIGNAL, 1, 0);
    gri_tracer_rest(&tracer, 3500 + GRI_TRACER_REST_NS);
    cr_assert_eq(tracer.count, 1);
    gri_tracer_rest(&tracer, 3501 + GRI_TRACER_REST_NS);
    cr_assert_eq(tracer.count, 0);
    for (unsigned i = 0; i < GRI_TRACER_SPANS / 2; i++) {
        cr_assert_eq(tracer.count, i);
        add(GRI_SPAN_SIGNAL, 1, 0);
        gri_tracer_rest(&tracer, 3501);
    }
    cr_assert_eq(tracer.count, 0);
    gri_trace_file_close(&file, 9000, "");
    unlink(path);
}

static void fill_disk(void *argument)
{
    open_file("/dev/full");
    for (unsigned i = 0; i < 3 * GRI_TRACER_SPANS; i++) add(GRI_SPAN_SIGNAL, 1, 0);
    gri_tracer_drain(&tracer);
    gri_trace_file_close(&file, 9000, "");
}

Test(tracer, a_file_that_can_not_be_written_is_one_line_in_the_log)
{
    struct child child;
    child_run(&child, fill_disk, NULL);
    cr_assert_eq(child.status, 0);
    cr_assert_eq(child.writes, 1, "%s", child.output);
    cr_assert(strstr(child.output,
                     "error: the trace /dev/full can't be written: No space left on device; tracing ends"));
}

Test(tracer, a_name_may_hold_the_process_and_later_files_are_numbered)
{
    char name[64], first[64], second[80];
    snprintf(name, sizeof name, "/tmp/greenroom-tracer-%%p-x");
    snprintf(first, sizeof first, "/tmp/greenroom-tracer-%d-x", (int)getpid());
    snprintf(second, sizeof second, "%s.2", first);
    for (int i = 0; i < 2; i++) {
        open_file(name);
        gri_trace_file_close(&file, 9000, "");
    }
    cr_assert(strstr(written(first), "]\n") != NULL);
    cr_assert(strstr(written(second), "]\n") != NULL);
    unlink(first);
    unlink(second);
}

Test(tracer, names_that_are_no_file_are_refused)
{
    char longer[600];
    memset(longer, 'x', sizeof longer - 1);
    longer[599] = '\0';
    cr_assert_eq(gri_trace_file_open(&file, longer, 0), GR_EINVALID);
    cr_assert(strstr(gri_thread_error(), "longer than") != NULL);
    cr_assert_eq(gri_trace_file_open(&file, "/nowhere/at/all", 0), GR_ESYS);
    cr_assert(strstr(gri_thread_error(), "No such file or directory") != NULL);
}
