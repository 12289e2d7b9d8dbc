/* SPDX-License-Identifier: Apache-2.0 */
/* pkgstat: statistics of Debian package indices, by a pipeline of actors. Here: what is done before and after it runs. */
#include "pipeline.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Columns of the text: of the terminal, within these bounds, or the second where there is none. */
enum { COLUMNS_MIN = 60, COLUMNS_PLAIN = 100, COLUMNS_MAX = 120 };

static bool wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return (no_color == NULL || *no_color == 0) && term != NULL && strcmp(term, "dumb") != 0;
}

static uint32_t columns_of_terminal(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return COLUMNS_PLAIN;
    if (size.ws_col < COLUMNS_MIN) return COLUMNS_MIN;
    return size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

int main(int argc, char **argv)
{
    struct program program = {0};
    uint64_t total;
    (void)setlocale(LC_CTYPE, "");
    options_parse(&program.options, argc, argv);
    program.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    program.colour = wants_colour() && isatty(STDOUT_FILENO);
    program.columns = columns_of_terminal();
    if (input_init(&program.input, program.options.paths, program.options.path_count, &total) != 0) {
        fprintf(stderr, "pkgstat: %s\n", program.input.error);
        return 1;
    }
    progress_init(&program.input.progress, total, wants_colour(), program.unicode);
    int code = gr_run_with(source_run, &program, (.loops = program.options.loops));
    progress_erase(&program.input.progress);
    /* After a signal, errors are only what stopping looks like from inside. */
    if (code == 0 && program.error[0] != 0) fprintf(stderr, "pkgstat: %s\n", program.error);
    gr_buffer_release(program.reports);
    input_fini(&program.input);
    output_fini(&program.output);
    return code != 0 ? code : program.failed;
}
