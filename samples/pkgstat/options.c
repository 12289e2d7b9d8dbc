/* SPDX-License-Identifier: Apache-2.0 */
/* The command line, by argp. */
#include "options.h"

#include <greenroom/system.h>

#include <argp.h>
#include <stdlib.h>

static char standard_input[] = "-";
static char *no_paths[] = {standard_input, NULL};

static const char documentation[] =
    "Statistics of Debian package indices, such as `apt-cache dumpavail` prints them: packages, installed "
    "size, "
    "maintainers, sections and dependencies.\v"
    "Without a FILE, or where it is -, standard input is read. Malformed paragraphs are counted and the "
    "first twenty "
    "reported; they are no error.\n\n"
    "Exit status: 0 success; 1 an input can't be read or the report not written; 2 a GR_ variable of the "
    "environment "
    "is wrong; 64 the command line is wrong; 130 ended by SIGINT, 143 by SIGTERM.";

static const struct argp_option option_table[] = {
    {.name = "json", .key = 'j', .doc = "Print one line of JSON", .group = 0},
    {.name = "loops",
     .key = 'l',
     .arg = "N",
     .doc = "Run on N loops (default: the processors that may be used)"},
    {.name = "parsers", .key = 'p', .arg = "N", .doc = "Parse with N actors (default: as many as loops)"},
    {0},
};

static int parse_count(const char *text, int most, const char *option, struct argp_state *state)
{
    char *end;
    long count = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != 0 || count < 1 || count > most) {
        argp_error(state, "--%s takes a number from 1 to %d, not '%s'", option, most, text);
    }
    return (int)count;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'j':
        options->json = true;
        return 0;
    case 'l':
        options->loops = parse_count(argument, GR_LOOPS_MAX, "loops", state);
        return 0;
    case 'p':
        options->parsers = parse_count(argument, PARSERS_MAX, "parsers", state);
        return 0;
    case ARGP_KEY_ARGS:
        options->paths = state->argv + state->next;
        options->path_count = (uint32_t)(state->argc - state->next);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_version(FILE *out, struct argp_state *state)
{
    fprintf(out, "pkgstat (Greenroom) %s\n", gr_version());
}

void options_parse(struct options *options, int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_table, .parser = parse_option, .args_doc = "[FILE...]", .doc = documentation};
    *options = (struct options){.paths = no_paths, .path_count = 1};
    argp_program_version_hook = print_version;
    error_t error = argp_parse(&argp, argc, argv, 0, NULL, options);
    if (error != 0) {
        fprintf(stderr, "pkgstat: the command line could not be read: %s\n", gr_error_text(GR_ENOMEM));
        exit(1);
    }
}
